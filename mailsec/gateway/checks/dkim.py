"""Whose DKIM signatures hold (RFC 6376)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from mailsec.gateway.authentication import Dkim, Result
from mailsec.gateway.dkim import signature, tags
from mailsec.gateway.dkim.canonical import SignedForm
from mailsec.gateway.errors import BadSignature
from mailsec.gateway.ports import Records

MOST = 5  # signatures of one mail; who signs more often wants us to work
NAME = b"dkim-signature"


def check(
    form: SignedForm, records: Records, now: datetime, wanted: Callable[[str], bool]
) -> Mapping[int, Dkim]:
    """The results by the field's position, of those whose claimed domain is wanted. Never raises.

    What is beyond the first five is not looked at.
    """
    return {
        position: _result(form, field, records, now)
        for position, field in enumerate(form.fields(NAME)[:MOST])
        if wanted(_named(_tags_of(field), "d"))
    }


def _result(form: SignedForm, field: bytes, records: Records, now: datetime) -> Dkim:
    found = _tags_of(field)
    domain, selector = _named(found, "d"), _named(found, "s")
    try:
        found = tags.read(_value(field))
        signature.check_identity(found)
        signature.check(form, field, found, records, now)
    except BadSignature as error:
        return Dkim(Result(error.result), domain, selector, error.reason)
    return Dkim(Result.PASS, domain, selector)


def _value(field: bytes) -> bytes:
    return field.partition(b":")[2]


def _tags_of(field: bytes) -> Mapping[str, str]:
    try:
        return tags.read(_value(field))
    except BadSignature:
        return {}


def _named(found: Mapping[str, str], tag: str) -> str:
    try:
        return tags.host(found, tag)
    except BadSignature:
        return ""
