"""SPF and DKIM before a mail is taken, against a name server on loopback."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsec.gateway.clients.async_dns import AsyncDns
from mailsec.gateway.clients.dns import NameServers
from mailsec.gateway.clients.sender_proof import (
    MOST_SIGNATURES,
    Signature,
    dkim_passes,
    keys_for,
    signatures_of,
    spf_passes,
)
from tests.servers.dns import NameServer

NOW = datetime(2026, 4, 1, tzinfo=UTC)
MESSAGE = b"From: a@example.net\r\nTo: b@example.com\r\nSubject: hello\r\n\r\nbody\r\n"
ZONE = {
    "example.net": {"TXT": ['"v=spf1 ip4:192.0.2.0/24 -all"']},
    "mail.example.net": {"TXT": ['"v=spf1 a -all"'], "A": ["192.0.2.25"]},
    "example.org": {"TXT": ['"v=spf1 include:broken.example.org -all"']},
    "soft.example.net": {"TXT": ['"v=spf1 ~all"']},
}


@pytest.fixture
def server() -> Iterator[NameServer]:
    with NameServer(ZONE) as running:
        running.broken.add("broken.example.org")
        yield running


@pytest.fixture
def names(server: NameServer) -> AsyncDns:
    servers = NameServers(("127.0.0.1",), server.port, timeout=0.5, total=0.5)
    return AsyncDns(servers, time.monotonic)


def make_key() -> tuple[bytes, str]:
    """A private key in PEM and its record."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private, f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}"


PRIVATE, RECORD = make_key()


@pytest.mark.parametrize(
    ("ip", "sender", "helo", "passes"),
    [
        ("192.0.2.25", "a@example.net", "x", True),
        ("198.51.100.1", "a@example.net", "x", False),
        ("192.0.2.25", "", "mail.example.net", True),
        ("192.0.2.26", "", "mail.example.net", False),
        ("192.0.2.25", "", "??", False),
        ("192.0.2.25", "a@example.org", "mail.example.net", False),
        ("192.0.2.25", "a@soft.example.net", "x", False),
        ("192.0.2.25", "a@absent.example.net", "x", False),
        ("192.0.2.25", "ä@example.net", "x", True),
        ("192.0.2.25", "a@ä.example.net", "x", False),
        ("2001:db8::1", "a@example.net", "x", False),
    ],
)
async def test_only_a_pass_of_spf_is_proof(
    names: AsyncDns, ip: str, sender: str, helo: str, passes: bool
) -> None:
    """Bounces are checked by the greeting; no answer and no record prove nothing."""
    assert await spf_passes(names, ip, sender, helo, 2.0) is passes


async def test_a_signature_that_holds_is_proof(names: AsyncDns, server: NameServer) -> None:
    """Not one over other bytes, nor one whose key cannot be had."""
    private, record = make_key()
    signature = dkim.sign(MESSAGE, b"s1", b"example.net", private)
    server.zone = {**ZONE, "s1._domainkey.example.net": {"TXT": [_strings(record)]}}
    raw = signature + MESSAGE
    wanted = signatures_of(raw)
    assert wanted == (Signature("s1._domainkey.example.net"),)
    keys = await keys_for(names, wanted)
    assert dkim_passes(raw, wanted, keys, NOW)
    assert not dkim_passes(raw.replace(b"body", b"b0dy"), wanted, keys, NOW)
    assert not dkim_passes(raw, wanted, {}, NOW)
    server.broken.add("s2._domainkey.example.net")
    assert await keys_for(names, (Signature("s2._domainkey.example.net"), Signature(""))) == {}


@pytest.mark.parametrize("form", [b"simple", b"relaxed"])
@settings(deadline=None, max_examples=40)
@given(st.lists(st.sampled_from([b" ", b"\t", b"\r\n", b"x", b"  ", b"\r\n\r\n"]), max_size=30))
def test_blanks_do_not_break_a_signature(form: bytes, pieces: list[bytes]) -> None:
    """Reducing their runs is the relaxed form's own first step."""
    # The signer of this test reads blanks without a line end behind them otherwise than the RFC.
    raw = MESSAGE + b"".join(pieces) + b"x\r\n"
    signed = dkim.sign(raw, b"s1", b"example.net", PRIVATE, canonicalize=(form, form)) + raw
    found = signatures_of(signed)
    assert dkim_passes(signed, found, {found[0].key: RECORD.encode()}, NOW)


def test_long_runs_of_blanks_cost_no_more_than_others() -> None:
    """Bytes that a stranger chooses must not stop the listener; this ran for minutes before."""
    raw = MESSAGE + (b" " * 200_000 + b"x\r\n") * 5
    signed = b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.net; s=s1; "
    signed += b"h=from; bh=eA==; b=eA==\r\n" + raw
    found = signatures_of(signed)
    assert not dkim_passes(signed, found, {found[0].key: RECORD.encode()}, NOW)


async def test_many_signatures_cost_no_more_than_a_few(names: AsyncDns) -> None:
    """The rest is not looked at."""
    header = b"DKIM-Signature: v=1; d=example.net; s=x\r\n" * 100
    assert len(signatures_of(header + MESSAGE)) == MOST_SIGNATURES


@settings(deadline=None)
@given(st.binary(max_size=400), st.binary(max_size=100), st.binary(max_size=200))
def test_hostile_signatures_never_raise(value: bytes, key: bytes, head: bytes) -> None:
    """Nor do hostile keys; none of them holds."""
    line = b"DKIM-Signature: v=1; a=rsa-sha256; d=example.net; s=s1; h=from; bh=; b=" + value
    for raw in (head + MESSAGE, line.replace(b"\n", b"") + b"\r\n" + MESSAGE):
        wanted = signatures_of(raw)
        assert not dkim_passes(raw, wanted, {"s1._domainkey.example.net": key}, NOW)


def _strings(record: str) -> str:
    return " ".join(f'"{record[start : start + 200]}"' for start in range(0, len(record), 200))
