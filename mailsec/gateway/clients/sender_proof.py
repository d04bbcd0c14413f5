"""Whether a sender proves to be one by SPF or DKIM, for those who decide before a mail is taken.

The full judgement with alignment comes later, in the examination; here a pass of either is enough.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import dkim
from dkim.util import InvalidTagValueList, parse_tag_value
from spftrace import BaseResolver, DnsError, Evaluator, Limits

from mailsec.gateway.clients.async_dns import AsyncDns
from mailsec.gateway.errors import TemporaryResolverError

MOST_SIGNATURES = 5
_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,250}[A-Za-z0-9])?\Z")
_BLANKS = re.compile(rb"[\t ]+")
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
    if not sender and not _NAME.match(helo):
        return False
    if not sender.isascii():  # Only macros would ask for the local part (RFC 8616 section 4).
        sender = "postmaster@" + sender.rpartition("@")[2]
    result = await evaluator.evaluate(ip, sender, helo)
    return bool(result.result == "pass")


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature as claimed: the name of its key, empty where it names none, and whether its
    body is hashed in the relaxed form."""

    key: str
    relaxed: bool = False


def signatures_of(header: bytes) -> tuple[Signature, ...]:
    """The first signatures of a header block, in their order (RFC 6376 section 3.6.2.1)."""
    try:
        headers, _ = dkim.rfc822_parse(header)
    except _BROKEN:
        return ()
    values = [value for name, value in headers if name.lower() == b"dkim-signature"]
    return tuple(_signature(value) for value in values[:MOST_SIGNATURES])


def _signature(value: bytes) -> Signature:
    try:
        tags = parse_tag_value(value)
        key = f"{tags[b's'].decode()}._domainkey.{tags[b'd'].decode()}".lower()
    except _BROKEN:
        return Signature("")
    relaxed = tags.get(b"c", b"").split(b"/")[1:] == [b"relaxed"]
    return Signature(key if _NAME.match(key) else "", relaxed)


async def keys_for(names: AsyncDns, found: tuple[Signature, ...]) -> Mapping[str, bytes]:
    """The key records that these signatures name; what gives no answer is left out."""
    keys: dict[str, bytes] = {}
    for name in {signature.key for signature in found if signature.key}:
        try:
            answer = await names.ask(name, "TXT")
        except TemporaryResolverError:
            continue
        if answer.values:
            keys[name] = answer.values[0].encode()
    return keys


def dkim_passes(raw: bytes, found: tuple[Signature, ...], keys: Mapping[str, bytes]) -> bool:
    """Whether one of the signatures holds under these keys.

    Takes a moment for a large mail: not for an event loop.
    """

    def fetch(name: bytes, **options: Any) -> bytes | None:
        return keys.get(name.decode("ascii", "replace").lower().rstrip("."))

    for index, signature in enumerate(found):
        if signature.key not in keys:
            continue
        try:
            form = _without_runs(raw) if signature.relaxed else raw
            if dkim.DKIM(form, minkey=1024).verify(index, dnsfunc=fetch):
                return True
        except _BROKEN:
            continue
    return False


def _without_runs(raw: bytes) -> bytes:
    """The message with each run of blanks in its body as one: the same in the relaxed form.

    dkimpy's way to that form takes a time that grows with the square of such a run: 10 s for 1 MB.
    """
    header, blank_line, body = raw.partition(b"\r\n\r\n")
    return header + blank_line + _BLANKS.sub(b" ", body)
