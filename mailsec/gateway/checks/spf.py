"""Whether the client may send for the envelope's sender (RFC 7208)."""

from __future__ import annotations

import asyncio
import ipaddress

from spftrace import BaseResolver, DnsError, Evaluator, Limits

from mailsec.gateway.authentication import Result, Spf
from mailsec.gateway.checks import domains
from mailsec.gateway.checks.lookups import BoundedRecords
from mailsec.gateway.envelope import Envelope, domain_of
from mailsec.gateway.errors import TemporaryResolverError

_QUERIES = 75


def check(envelope: Envelope, records: BoundedRecords) -> Spf:
    """The result for MAIL FROM, or for HELO where the return path is null (section 2.4).

    The limits of section 4.6.4 on terms and void look-ups hold. Never raises.
    """
    sender = envelope.sender
    scope = "mailfrom" if sender else "helo"
    domain = domains.canonical(domain_of(sender) if sender else envelope.client.helo)
    ip = _address_of(envelope.client.ip)
    if not ip or not domain:
        return Spf(Result.NONE, domain, scope)
    local = sender.rpartition("@")[0] or "postmaster"
    limits = Limits(time_limit=max(records.seconds_left, 0.001), max_queries=_QUERIES)
    evaluator = Evaluator(_Lookups(records), limits, receiver="unknown")
    helo = domains.canonical(envelope.client.helo) or domain
    try:
        with asyncio.Runner() as runner:
            found = runner.run(evaluator.evaluate(ip, f"{local}@{domain}", helo))
    except ValueError:
        # Something in a record that the evaluator takes for an address or a name, and is none.
        return Spf(Result.PERMERROR, domain, scope)
    return Spf(Result(found.result), domain, scope)


def _address_of(client: str) -> str:
    """The address without the zone of a link-local one, empty where it is none."""
    try:
        return str(ipaddress.ip_address(ipaddress.ip_address(client).packed))
    except ValueError:
        return ""


class _Lookups(BaseResolver):
    """Our records as the evaluator asks for them. Its coroutines never wait for one another."""

    def __init__(self, records: BoundedRecords) -> None:
        self._records = records

    async def _lookup(self, name: str, rtype: str) -> tuple[str, list[str]]:
        try:
            return "NOERROR", self._answers(name, rtype)
        except TemporaryResolverError as error:
            raise DnsError(str(error)) from error

    def _answers(self, name: str, rtype: str) -> list[str]:
        if rtype == "TXT":
            return [text.decode("utf-8", "replace") for text in self._records.texts(name)]
        if rtype == "MX":
            return list(self._records.exchangers_of(name))
        if rtype == "PTR":
            return list(self._records.names_of(_address(name)))
        return list(self._records.addresses_of(name, 6 if rtype == "AAAA" else 4))


def _address(pointer: str) -> str:
    """The address that a reverse name stands for."""
    labels = pointer.lower().rstrip(".").split(".")[:-2][::-1]
    if pointer.lower().rstrip(".").endswith(".ip6.arpa"):
        digits = "".join(labels)
        return ":".join(digits[at : at + 4] for at in range(0, len(digits), 4))
    return ".".join(labels)
