"""Whether a domain publishes the public key that its mail is to be signed with."""

from __future__ import annotations

from enum import StrEnum

from mailsec.gateway.dkim import keys
from mailsec.gateway.errors import BadSignature, TemporaryResolverError
from mailsec.gateway.ports import TextRecords

_STRING_BYTES = 255


class Publication(StrEnum):
    """What stands at the name of a key in the domain name system."""

    FOUND = "found"
    NOT_FOUND = "not-found"
    OTHER_KEY = "other-key"
    SEVERAL = "several"
    UNUSABLE = "unusable"  # cut off, misspelt, revoked, or not for mail and SHA-256
    NO_ANSWER = "no-answer"


def name_of(selector: str, domain: str) -> str:
    """Where the key record stands (RFC 6376 section 3.6.2.1)."""
    return f"{selector}._domainkey.{domain}"


def strings_of(record: bytes) -> tuple[str, ...]:
    """The record in the strings of a TXT record, of 255 octets at most (RFC 1035 3.3.14)."""
    text = record.decode("ascii")
    return tuple(text[at : at + _STRING_BYTES] for at in range(0, len(text), _STRING_BYTES))


def check(
    records: TextRecords, selector: str, domain: str, expected: keys.PublicKey
) -> Publication:
    """What verifiers find at the name; they may use any record where there are several."""
    try:
        found = records.texts(name_of(selector, domain))
    except TemporaryResolverError:
        return Publication.NO_ANSWER
    if len(found) > 1:
        return Publication.SEVERAL
    return _judged(found[0], expected) if found else Publication.NOT_FOUND


def _judged(record: bytes, expected: keys.PublicKey) -> Publication:
    try:
        read = keys.read(record)
    except BadSignature:
        return Publication.UNUSABLE
    if read.key != expected:
        return Publication.OTHER_KEY
    return (
        Publication.UNUSABLE if read.hashes and "sha256" not in read.hashes else Publication.FOUND
    )
