"""One signature over header fields and body: DKIM-Signature and ARC-Message-Signature."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailsec.gateway.authentication import Result
from mailsec.gateway.dkim import keys, tags
from mailsec.gateway.dkim.canonical import SignedForm
from mailsec.gateway.errors import BadSignature
from mailsec.gateway.ports import TextRecords

ALGORITHMS = ("rsa-sha256", "ed25519-sha256")
_FORMS = ("simple", "relaxed")
_SLOP = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Claim:
    """Who says to have signed, by which selector and algorithm, with which octets."""

    domain: str
    selector: str
    algorithm: str
    signature: bytes


def claim_of(found: Mapping[str, str]) -> Claim:
    """What signatures and seals have in common; ``BadSignature`` where it is not all there."""
    domain, selector = tags.host(found, "d"), tags.host(found, "s")
    algorithm = tags.required(found, "a").lower()
    if algorithm == "rsa-sha1":
        raise BadSignature(Result.POLICY, "SHA-1")  # RFC 8301 section 3.1
    if algorithm not in ALGORITHMS:
        raise BadSignature(Result.PERMERROR, "unknown algorithm")
    return Claim(domain, selector, algorithm, tags.octets(found, "b"))


def check(
    form: SignedForm, field: bytes, found: Mapping[str, str], records: TextRecords, now: datetime
) -> None:
    """Returns where the signature ``field``, whose tags are ``found``, holds for the message.

    ``BadSignature`` says why it does not. The body is compared before the key is asked for, so
    that a message that was changed on its way costs no look-up.
    """
    claim = claim_of(found)
    if tags.unfolded(found.get("q", "dns/txt")).lower() not in ("dns/txt", "dns"):
        raise BadSignature(Result.PERMERROR, "unknown way to the key")
    names = [name.strip().lower() for name in tags.required(found, "h").split(":")]
    if "from" not in names:
        raise BadSignature(Result.PERMERROR, "From is not signed")
    header_form, body_form = _forms(found.get("c", ""))
    _check_dates(found, now)
    _check_body(form, found, body_form)
    record = keys.find(records, claim.selector, claim.domain)
    if record.strict and _identity(found) not in ("", claim.domain):
        raise BadSignature(Result.PERMERROR, "key is not for subdomains")
    own = tags.without_signature(field)
    picked = [name.encode("utf-8", "replace") for name in names]
    data = form.header(picked, header_form == "relaxed", own)
    if not keys.holds(record, claim.algorithm, claim.signature, hashlib.sha256(data).digest()):
        raise BadSignature(Result.FAIL, "signature did not verify")


def _forms(text: str) -> tuple[str, str]:
    header_form, _, body_form = text.lower().partition("/")
    forms = (header_form or "simple", body_form or "simple")
    if not set(forms) <= set(_FORMS):
        raise BadSignature(Result.PERMERROR, "unknown canonical form")
    return forms


def _check_dates(found: Mapping[str, str], now: datetime) -> None:
    made, end = tags.number(found, "t"), tags.number(found, "x")
    if end is None:
        return
    if made is not None and end < made:
        raise BadSignature(Result.PERMERROR, "expires before it was made")
    if now.timestamp() > end + _SLOP.total_seconds():
        raise BadSignature(Result.FAIL, "expired")


def _check_body(form: SignedForm, found: Mapping[str, str], body_form: str) -> None:
    digest, length = form.body(body_form == "relaxed")
    signed = tags.number(found, "l")
    expected = tags.octets(found, "bh")
    if signed is not None and signed > length:
        raise BadSignature(Result.PERMERROR, "body shorter than signed")
    if signed is not None and signed < length:
        # Whatever was appended would be shown as the signer's own (section 8.2).
        raise BadSignature(Result.POLICY, "body longer than signed")
    if digest != expected:
        raise BadSignature(Result.FAIL, "body hash did not verify")


def _identity(found: Mapping[str, str]) -> str:
    return found.get("i", "").rpartition("@")[2].lower()


def check_identity(found: Mapping[str, str]) -> None:
    """DKIM's own tags: its version, and that ``i=`` lies within ``d=`` (section 6.1.1)."""
    if found.get("v") != "1":
        raise BadSignature(Result.PERMERROR, "unknown version")
    domain, identity = tags.host(found, "d"), _identity(found)
    if "i" in found and identity != domain and not identity.endswith(f".{domain}"):
        raise BadSignature(Result.PERMERROR, "i= lies outside d=")
