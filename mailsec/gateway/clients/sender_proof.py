"""Whether a sender proves to be one by SPF or DKIM, for those who decide before a mail is taken.

The full judgement with alignment comes later, in the examination; here a pass of either is enough.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import dkim
from dkim.util import InvalidTagValueList, parse_tag_value
from spftrace import BaseResolver, DnsError, Evaluator, Limits

from mailsec.gateway.clients.async_dns import AsyncDns
from mailsec.gateway.errors import TemporaryResolverError

MOST_SIGNATURES = 5
_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,250}[A-Za-z0-9])?\Z")
# What dkimpy lets through of broken keys and signatures besides its own errors.
_BROKEN = (dkim.DKIMException, InvalidTagValueList, ValueError, TypeError, KeyError, IndexError)


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
    if not sender.isascii() or not (sender or _NAME.match(helo)):
        return False
    result = await evaluator.evaluate(ip, sender, helo)
    return bool(result.result == "pass")


def signatures_of(header: bytes) -> tuple[str, ...]:
    """The names of the keys that the first signatures of a header ask for (RFC 6376 3.6.2.1)."""
    try:
        headers, _ = dkim.rfc822_parse(header)
    except _BROKEN:
        return ()
    wanted: list[str] = []
    for name, value in headers:
        if name.lower() != b"dkim-signature" or len(wanted) >= MOST_SIGNATURES:
            continue
        try:
            tags = parse_tag_value(value)
            key = f"{tags[b's'].decode()}._domainkey.{tags[b'd'].decode()}"
        except _BROKEN:
            key = ""
        wanted.append(key if _NAME.match(key) else "")
    return tuple(wanted)


async def keys_for(names: AsyncDns, wanted: tuple[str, ...]) -> Mapping[str, bytes]:
    """The key records at these names; what gives no answer is left out."""
    found: dict[str, bytes] = {}
    for name in filter(None, wanted):
        try:
            answer = await names.ask(name, "TXT")
        except TemporaryResolverError:
            continue
        if answer.values:
            found[name.lower()] = answer.values[0].encode()
    return found


def dkim_passes(raw: bytes, wanted: tuple[str, ...], keys: Mapping[str, bytes]) -> bool:
    """Whether one of the signatures holds under these keys; takes a while for a large mail."""

    def fetch(name: bytes, **options: Any) -> bytes | None:
        return keys.get(name.decode("ascii", "replace").lower().rstrip("."))

    for index, name in enumerate(wanted):
        if name.lower() not in keys:
            continue
        try:
            if dkim.DKIM(raw, minkey=1024).verify(index, dnsfunc=fetch):
                return True
        except _BROKEN:
            continue
    return False
