"""Keys, signatures and a name server's zone for the tests of senders; signed by dkimpy."""

from __future__ import annotations

import base64
import functools
from datetime import UTC, datetime

import dkim as dkimpy
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from mailsec.gateway.authentication import Authentication
from mailsec.gateway.checks.lookups import NoRecords
from mailsec.gateway.dkim.signing import SigningKey
from mailsec.gateway.edits import arc_seal
from mailsec.gateway.edits.order import Order, Trace
from mailsec.gateway.envelope import Client, Direction, Envelope
from mailsec.gateway.message import Message
from mailsec.gateway.policy import Policy
from mailsec.gateway.verdict import Decision, Disposition

NOW = datetime(2026, 4, 1, tzinfo=UTC)
PLAIN = (
    b"From: Sender <sender@example.jp>\r\nTo: b@example.com\r\nSubject: Greetings\r\n"
    b"Date: Mon, 01 Apr 2024 10:00:00 +0900\r\nMessage-ID: <1@example.jp>\r\n\r\nHello.\r\n"
)


@functools.cache
def rsa_key() -> rsa.RSAPrivateKey:
    """One key for all tests; 1024 bits are quick and just enough."""
    return rsa.generate_private_key(65537, 1024)  # noqa: S505


@functools.cache
def pem() -> bytes:
    """The private key as dkimpy takes it."""
    return rsa_key().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )


def key_record(key: rsa.RSAPublicKey | None = None, tags: str = "v=DKIM1; k=rsa;") -> str:
    """What the domain publishes."""
    data = (key or rsa_key().public_key()).public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return f"{tags} p={base64.b64encode(data).decode()}"


def signed(
    raw: bytes,
    domain: str = "example.jp",
    forms: tuple[bytes, bytes] = (b"relaxed", b"relaxed"),
    **options: object,
) -> bytes:
    """The message with a DKIM signature of the domain's selector s1 on top."""
    field: bytes = dkimpy.sign(raw, b"s1", domain.encode(), pem(), canonicalize=forms, **options)
    return field + raw


def signed_ed25519(raw: bytes) -> tuple[bytes, str]:
    """The message with an Ed25519 signature of selector s2, and its key record."""
    key = ed25519.Ed25519PrivateKey.generate()
    secret = base64.b64encode(key.private_bytes_raw())
    field: bytes = dkimpy.DKIM(raw, signature_algorithm=b"ed25519-sha256").sign(
        b"s2", b"example.jp", secret
    )
    public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    return field + raw, f"v=DKIM1; k=ed25519; p={public}"


class Known(NoRecords):
    """Every selector has the key of the tests."""

    def texts(self, name: str) -> tuple[bytes, ...]:
        return (key_record().encode(),)


def trace(found: Authentication | None = None, key: SigningKey | None = None) -> Trace:
    """One reception by mx.example.org."""
    return Trace("mx.example.org", "0190-abc", NOW, envelope(), False, found, key)


def arc_key() -> SigningKey:
    """The key of the tests as example.org's."""
    return SigningKey("example.org", "s1", rsa_key())


def sealed(raw: bytes, found: Authentication) -> bytes:
    """The message with one more ARC set of ours, as if it had been changed."""
    decision = Decision(Disposition.DELIVER)
    order = Order(decision, Policy(), NOW, trace(found, arc_key()), b"something else")
    return arc_seal.edit(Message(raw), order).raw


def envelope(
    sender: str = "sender@example.jp", ip: str = "192.0.2.1", helo: str = "mail.example.jp"
) -> Envelope:
    """One inbound transaction."""
    return Envelope(Direction.INBOUND, Client(ip, helo), sender, ("b@example.com",))
