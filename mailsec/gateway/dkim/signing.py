"""Signatures in the making: the private key, what is signed, and the field (RFC 6376 section 5)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from mailsec.gateway import results_field
from mailsec.gateway.dkim import tags
from mailsec.gateway.dkim.canonical import SignedForm
from mailsec.gateway.dkim.keys import LEAST_BITS, PREHASHED
from mailsec.gateway.errors import BadSignature
from mailsec.gateway.message import Message
from mailsec.gateway.mime import Splice, splice

# Of fields that are there more often, only the last ones are signed.
MOST_ALIKE = 5
_BASE64_LINE = 64


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The private key of a domain's selector.

    RSA, because every verifier knows it (RFC 8301 section 3.1) and ARC knows nothing else.
    """

    domain: str
    selector: str
    key: rsa.RSAPrivateKey = field(repr=False)

    def signature(self, digest: bytes) -> bytes:
        """The signature of a SHA-256 digest."""
        return self.key.sign(digest, padding.PKCS1v15(), PREHASHED)


def load(domain: str, selector: str, pem: bytes) -> SigningKey:
    """ValueError where ``pem`` is no RSA key of at least 1024 bits without a password.

    The same for a domain or selector under which no key can be published.
    """
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (TypeError, UnsupportedAlgorithm) as error:
        raise ValueError(str(error)) from error
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < LEAST_BITS:
        raise ValueError("no RSA key of 1024 bits or more")
    where = {"domain": domain, "selector": selector}
    try:
        return SigningKey(tags.host(where, "domain"), tags.host(where, "selector"), key)
    except BadSignature as error:
        raise ValueError(error.reason) from error


def signed(message: Message, key: SigningKey, when: datetime, wanted: Sequence[str]) -> Message:
    """The message with a DKIM-Signature on top; itself where no signature of it would hold.

    That is mail without From or with more of them than are signed, and mail with a bare CR or LF,
    which every server on the way puts right as it likes. The wanted fields that are there are
    covered, and none can be added to them. ``when`` is aware.
    """
    if not _can_be_signed(message):
        return message
    form = SignedForm(message)
    covered = names(form, wanted, closed=wanted)
    field_ = signature_field("DKIM-Signature: v=1;", form, covered, key, when)
    at = message.headers[0].start
    return Message(splice(message.raw, [Splice(at, at, field_)]))


def _can_be_signed(message: Message) -> bool:
    raw = message.raw
    lines = raw.count(b"\r\n")
    if raw.count(b"\n") != lines or raw.count(b"\r") != lines:
        return False
    return 1 <= len(message.all("from")) <= MOST_ALIKE


def names(form: SignedForm, wanted: Iterable[str], closed: Iterable[str] = ()) -> list[str]:
    """The wanted fields as often as they are there, the last ones where there are too many.

    From, and of ``closed`` what is there at all, is named once more, so that nobody can add
    another one without breaking the signature (section 8.15).
    """
    found = [name for name in wanted for _ in form.fields(name.encode("ascii"))[:MOST_ALIKE]]
    return [*found, "from", *(name for name in closed if name in found and name != "from")]


def who(key: SigningKey, when: datetime) -> list[str]:
    """The clauses that say whose signature it is, and when it was made (aware)."""
    signer = f"a=rsa-sha256; d={key.domain}; s={key.selector};"
    return [signer, f"t={int(when.timestamp())};"]


def signature_field(
    head: str, form: SignedForm, signed: Sequence[str], key: SigningKey, when: datetime
) -> bytes:
    """A signature over these fields and the whole body, relaxed/relaxed, with its line end.

    ``head`` is the field's name and first tag: ``DKIM-Signature: v=1;``.
    """
    digest, _ = form.body(relaxed=True)
    body = base64.b64encode(digest).decode("ascii")
    name, _, first = head.partition(" ")
    clauses = [
        f"{first} c=relaxed/relaxed;",
        *who(key, when),
        f"h={' : '.join(signed)};",
        f"bh={body};",
    ]
    unsigned = results_field.folded(name, [*clauses, "b="])
    picked = [each.encode("ascii") for each in signed]
    data = form.header(picked, True, tags.without_signature(unsigned))
    return completed(unsigned, key, hashlib.sha256(data).digest())


def completed(unsigned: bytes, key: SigningKey, digest: bytes) -> bytes:
    """A field that ends with ``b=``, with the signature of the digest behind it."""
    text = base64.b64encode(key.signature(digest))
    lines = [text[at : at + _BASE64_LINE] for at in range(0, len(text), _BASE64_LINE)]
    return unsigned.removesuffix(b"\r\n") + b"\r\n\t".join(lines) + b"\r\n"
