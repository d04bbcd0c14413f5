"""Whether a sender proves to be one by SPF or DKIM, for those who decide before a mail is taken.

The full judgement with alignment comes later, in the examination; here a pass of either is enough.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from spftrace import BaseResolver, DnsError, Evaluator, Limits

from mailsec.gateway.clients.async_dns import AsyncDns
from mailsec.gateway.dkim import signature, tags
from mailsec.gateway.dkim.canonical import SignedForm
from mailsec.gateway.errors import BadSignature, TemporaryResolverError
from mailsec.gateway.message import Message

MOST_SIGNATURES = 5
_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,250}[A-Za-z0-9])?\Z")
_FIELD = b"dkim-signature"


class _SpfResolver(BaseResolver):  # type: ignore[misc, unused-ignore]
    """spftrace's questions, asked by ours."""

    def __init__(self, names: AsyncDns) -> None:
        self._names = names

    async def _lookup(self, name: str, rtype: str) -> tuple[str, list[str]]:
        try:
            answer = await self._names.ask(name, rtype)
        except TemporaryResolverError as error:
            raise DnsError(str(error)) from error
        return ("NOERROR" if answer.exists else "NXDOMAIN"), list(answer.values)


async def spf_passes(names: AsyncDns, ip: str, sender: str, helo: str, seconds: float) -> bool:
    """Whether the envelope's sender, or for bounces the greeting, passes SPF (RFC 7208)."""
    evaluator = Evaluator(_SpfResolver(names), Limits(time_limit=seconds), receiver="mx")
    if not sender and not _NAME.match(helo):
        return False
    if not sender.isascii():  # Only macros would ask for the local part (RFC 8616 section 4).
        sender = "postmaster@" + sender.rpartition("@")[2]
    result = await evaluator.evaluate(ip, sender, helo)
    return bool(result.result == "pass")


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature as claimed: the name of its key, empty where it names none."""

    key: str


def signatures_of(header: bytes) -> tuple[Signature, ...]:
    """The first signatures of a header block, in their order (RFC 6376 section 3.6.2.1)."""
    fields = SignedForm(Message(header)).fields(_FIELD)
    return tuple(_signature(field) for field in fields[:MOST_SIGNATURES])


def _signature(field: bytes) -> Signature:
    try:
        found = tags.read(_value(field))
        name = f"{tags.host(found, 's')}._domainkey.{tags.host(found, 'd')}".lower()
    except BadSignature:
        return Signature("")
    return Signature(name if _NAME.match(name) else "")


def _value(field: bytes) -> bytes:
    return field.partition(b":")[2]


async def keys_for(names: AsyncDns, found: tuple[Signature, ...]) -> Mapping[str, bytes]:
    """The key records that these signatures name; what gives no answer is left out."""
    keys: dict[str, bytes] = {}
    for name in {claimed.key for claimed in found if claimed.key}:
        try:
            answer = await names.ask(name, "TXT")
        except TemporaryResolverError:
            continue
        if answer.values:
            keys[name] = answer.values[0].encode()
    return keys


@dataclass(frozen=True, slots=True)
class _Keys:
    """The key records that were fetched before, as those who verify ask for them."""

    found: Mapping[str, bytes]

    def texts(self, name: str) -> tuple[bytes, ...]:
        record = self.found.get(name.lower().rstrip("."))
        return () if record is None else (record,)


def dkim_passes(
    raw: bytes, found: tuple[Signature, ...], keys: Mapping[str, bytes], now: datetime
) -> bool:
    """Whether one of the signatures holds under these keys.

    Takes a moment for a large mail: not for an event loop.
    """
    form = SignedForm(Message(raw))
    for field, claimed in zip(form.fields(_FIELD), found, strict=False):
        if claimed.key not in keys:
            continue
        try:
            read = tags.read(_value(field))
            signature.check_identity(read)
            signature.check(form, field, read, _Keys(keys), now)
        except BadSignature:
            continue
        return True
    return False
