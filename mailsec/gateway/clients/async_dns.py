"""The domain name system for those who ask while a client waits: many questions at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import dns.asyncresolver
import dns.exception
import dns.name
import dns.resolver
import dns.reversename
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.TXT import TXT

from mailsec.gateway.clients.breaker import PROBE, Breaker, Step
from mailsec.gateway.clients.dns import UNASKABLE, NameServers, configured
from mailsec.gateway.errors import TemporaryResolverError
from mailsec.gateway.reputation.sanity import ReverseNames

CACHED_NAMES = 50_000
MOST_AT_ONCE = 300
LEAST_SECONDS, MOST_SECONDS = 5.0, 3600.0
ABSENT_SECONDS = 120.0
MOST_VALUES = 50
_PTR_NAMES = 5


@dataclass(frozen=True, slots=True)
class Answer:
    """The records of one kind at one name as text; ``exists`` is false for NXDOMAIN."""

    values: tuple[str, ...] = ()
    exists: bool = True


class AsyncDns:
    """Asks name servers and remembers answers for their time to live, an hour at most.

    ``clock`` is a monotonic one. Failures are never remembered: they raise TemporaryResolverError,
    at once while the servers are dead (see ``breaker``).
    """

    def __init__(self, servers: NameServers, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._kept: dict[tuple[str, str], tuple[float, Answer]] = {}
        # Each question takes a socket; more of them wait, within the patience of those who ask.
        self._room = asyncio.Semaphore(MOST_AT_ONCE)
        self._resolver = configured(dns.asyncresolver.Resolver, servers)
        self._breaker = Breaker(clock)
        self._probing: asyncio.Task[bool] | None = None

    async def ask(self, name: str, kind: str) -> Answer:
        """The records of this kind: ``A``, ``AAAA``, ``TXT``, ``MX`` (hosts alone) or ``PTR``."""
        key = (name.lower().rstrip("."), kind)
        until, answer = self._kept.get(key, (0.0, Answer()))
        if until > self._clock():
            return answer
        async with self._room:
            seconds, answer = await self._query(*key)
        if len(self._kept) >= CACHED_NAMES:
            self._kept.clear()
        self._kept[key] = (self._clock() + seconds, answer)
        return answer

    async def _query(self, name: str, kind: str) -> tuple[float, Answer]:
        try:
            # The root dot keeps the search list of the system out of it.
            question = dns.name.from_text(f"{name}.")
        except UNASKABLE:
            return MOST_SECONDS, Answer(exists=False)
        if not await self._may_ask():
            raise TemporaryResolverError("The name servers give no answer")
        try:
            reply = await self._resolver.resolve(question, kind, raise_on_no_answer=False)
        except dns.resolver.LifetimeTimeout as error:
            self._breaker.missed()
            raise TemporaryResolverError(f"No answer about {name}") from error
        except asyncio.CancelledError:  # Whoever asked has no more patience.
            self._breaker.missed()
            raise
        except dns.resolver.NXDOMAIN:
            self._breaker.heard()
            return ABSENT_SECONDS, Answer(exists=False)
        except (dns.exception.DNSException, OSError) as error:
            self._breaker.heard()  # An error that comes at once is as good as an answer.
            raise TemporaryResolverError(f"No answer about {name}") from error
        self._breaker.heard()
        if reply.rrset is None:
            return ABSENT_SECONDS, Answer()
        values = tuple(_text(rdata) for rdata in list(reply.rrset)[:MOST_VALUES])
        return min(max(float(reply.rrset.ttl), LEAST_SECONDS), MOST_SECONDS), Answer(values)

    async def _may_ask(self) -> bool:
        step = self._breaker.step()
        if step is not Step.PROBE:
            return step is Step.ASK
        # A client that leaves must not take the probe along: it would be dead servers for all.
        self._probing = asyncio.create_task(self._probe())
        return await asyncio.shield(self._probing)

    async def _probe(self) -> bool:
        try:
            await self._resolver.resolve(*PROBE, lifetime=self._resolver.timeout)
        except dns.resolver.LifetimeTimeout:
            self._breaker.missed(probe=True)
            return False
        except (dns.exception.DNSException, OSError):
            pass
        self._breaker.heard()
        return True

    async def reverse_names(self, ip: str) -> ReverseNames:
        """The PTR names of an address, and those of them that lead back to it; never raises."""
        try:
            name = dns.reversename.from_address(ip).to_text()
            found = (await self.ask(name, "PTR")).values[:_PTR_NAMES]
            checked = await asyncio.gather(*(self._leads_to(name, ip) for name in found))
        except (TemporaryResolverError, dns.exception.SyntaxError, ValueError):
            return ReverseNames(known=False)
        confirmed = tuple(name for name, right in zip(found, checked, strict=True) if right)
        return ReverseNames(found, confirmed)

    async def _leads_to(self, name: str, ip: str) -> bool:
        return ip in (await self.ask(name, "AAAA" if ":" in ip else "A")).values


def _text(rdata: object) -> str:
    if isinstance(rdata, TXT):
        # One record's strings belong together (RFC 7208 section 3.3).
        return b"".join(rdata.strings).decode("utf-8", "replace")
    if isinstance(rdata, MX):
        return rdata.exchange.to_text(omit_final_dot=True).lower()
    return str(rdata).rstrip(".")
