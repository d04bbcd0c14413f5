"""The domain name system over the wire, behind the port ``Records``."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver
import dns.reversename
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.TXT import TXT

from mailsec.gateway.clients.breaker import PROBE, Breaker, Step
from mailsec.gateway.errors import NoRoute, TemporaryResolverError
from mailsec.gateway.ports import MailExchanger

EXCHANGERS = 20
CACHED_NAMES = 10_000
CACHED_CHARACTERS = 4096  # of one answer; senders choose what their names answer
LEAST_SECONDS, MOST_SECONDS = 5.0, 300.0
# Names that no question can be asked about.
UNASKABLE = (
    dns.name.LabelTooLong,
    dns.name.NameTooLong,
    dns.name.EmptyLabel,
    dns.name.BadEscape,
    dns.name.IDNAException,
    UnicodeError,
)


@dataclass(frozen=True, slots=True)
class NameServers:
    """Which servers are asked; no addresses means those of the system. Times in seconds."""

    addresses: tuple[str, ...] = ()
    port: int = 53
    timeout: float = 3.0
    total: float = 10.0


@dataclass(frozen=True, slots=True)
class _Answer:
    values: tuple[str, ...]
    exists: bool
    until: float


R = TypeVar("R", bound=dns.resolver.BaseResolver)


def configured(kind: type[R], servers: NameServers) -> R:
    """A resolver of dnspython's that asks these servers; it remembers nothing by itself."""
    try:
        resolver = kind(configure=not servers.addresses)
    except dns.resolver.NoResolverConfiguration:
        resolver = kind(configure=False)
    if servers.addresses:
        resolver.nameservers = list(servers.addresses)
        resolver.port = servers.port
    resolver.timeout = servers.timeout
    resolver.lifetime = servers.total
    resolver.cache = None
    return resolver


class DnsResolver:
    """Asks name servers and remembers answers for their time to live, 5 minutes at most.

    ``clock`` is a monotonic one. Failures and very long answers are never remembered, but dead
    servers are left alone for a while: look-ups fail at once then (see ``breaker``).
    """

    def __init__(self, servers: NameServers, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._cache: dict[tuple[str, str], _Answer] = {}
        self._lock = threading.Lock()
        self._resolver = configured(dns.resolver.Resolver, servers)
        self._breaker = Breaker(clock)

    def mail_exchangers(self, domain: str) -> tuple[MailExchanger, ...]:
        """The domain's exchangers by preference, the domain itself where it has none.

        ``NoRoute`` where the domain does not exist, says that it takes no mail (RFC 7505), or has
        neither MX nor address (RFC 5321 section 5.1).
        """
        answer = self._ask(domain, "MX")
        if not answer.exists:
            raise NoRoute(f"The domain {domain} does not exist")
        found = [_exchanger(value) for value in answer.values]
        named = [exchanger for exchanger in found if exchanger.host]
        if found and not named:
            raise NoRoute(f"The domain {domain} takes no mail")
        if not named:
            if not self.addresses(domain):
                raise NoRoute(f"The domain {domain} has no mail server")
            return (MailExchanger(0, domain),)
        return tuple(sorted(named, key=lambda one: (one.preference, one.host))[:EXCHANGERS])

    def addresses(self, host: str) -> tuple[str, ...]:
        """IPv4 addresses, then IPv6; the failure of one family does not hide the other."""
        found: list[str] = []
        failure: TemporaryResolverError | None = None
        for kind in ("A", "AAAA"):
            try:
                found += self._ask(host, kind).values
            except TemporaryResolverError as error:
                failure = error
        if not found and failure:
            raise failure
        return tuple(found)

    def exchangers_of(self, domain: str) -> tuple[str, ...]:
        """The hosts that MX records name, by preference and without the implicit one."""
        found = [_exchanger(value) for value in self._ask(domain, "MX").values]
        found.sort(key=lambda one: (one.preference, one.host))
        return tuple(one.host for one in found if one.host)

    def addresses_of(self, host: str, version: int) -> tuple[str, ...]:
        """The addresses of one family: 4 or 6."""
        return self._ask(host, "AAAA" if version == 6 else "A").values

    def texts(self, name: str) -> tuple[bytes, ...]:
        """The TXT records, each with its strings joined (RFC 7208 section 3.3)."""
        return tuple(value.encode("latin-1") for value in self._ask(name, "TXT").values)

    def names_of(self, ip: str) -> tuple[str, ...]:
        """The PTR names of an address; none for what is no address."""
        try:
            pointer = dns.reversename.from_address(ip)
        except (dns.exception.SyntaxError, ValueError):
            return ()
        names = self._ask(pointer.to_text(omit_final_dot=True), "PTR").values
        return tuple(name.rstrip(".").lower() for name in names)

    def _ask(self, name: str, kind: str) -> _Answer:
        key = (name.lower().rstrip("."), kind)
        with self._lock:
            kept = self._cache.get(key)
        if kept and kept.until > self._clock():
            return kept
        answer = self._query(*key)
        if sum(map(len, answer.values)) > CACHED_CHARACTERS:
            return answer
        with self._lock:
            if len(self._cache) >= CACHED_NAMES:
                self._cache.clear()
            self._cache[key] = answer
        return answer

    def _query(self, name: str, kind: str) -> _Answer:
        try:
            # The root dot keeps the search list of the system out of it.
            question = dns.name.from_text(f"{name}.")
        except UNASKABLE:
            return _Answer((), False, self._clock() + MOST_SECONDS)
        if not self._may_ask():
            raise TemporaryResolverError("The name servers give no answer")
        try:
            reply = self._resolver.resolve(question, kind, raise_on_no_answer=False)
        except dns.resolver.LifetimeTimeout as error:
            self._breaker.missed()
            raise TemporaryResolverError(f"No answer about {name}") from error
        except dns.resolver.NXDOMAIN:
            self._breaker.heard()
            return _Answer((), False, self._clock() + LEAST_SECONDS)
        except (dns.exception.DNSException, OSError) as error:
            self._breaker.heard()  # An error that comes at once is as good as an answer.
            raise TemporaryResolverError(f"No answer about {name}") from error
        self._breaker.heard()
        values: Sequence[str] = ()
        if reply.rrset is not None:
            values = [_text(rdata) for rdata in reply.rrset]
        ttl = reply.rrset.ttl if reply.rrset is not None else 0
        seconds = min(max(float(ttl), LEAST_SECONDS), MOST_SECONDS)
        return _Answer(tuple(values), True, self._clock() + seconds)

    def _may_ask(self) -> bool:
        step = self._breaker.step()
        if step is not Step.PROBE:
            return step is Step.ASK
        try:
            self._resolver.resolve(*PROBE, lifetime=self._resolver.timeout)
        except dns.resolver.LifetimeTimeout:
            self._breaker.missed(probe=True)
            return False
        except (dns.exception.DNSException, OSError):
            pass
        self._breaker.heard()
        return True


def _text(rdata: object) -> str:
    if isinstance(rdata, MX):
        return f"{rdata.preference} {rdata.exchange.to_text(omit_final_dot=True)}"
    if isinstance(rdata, TXT):
        return b"".join(rdata.strings).decode("latin-1")
    return str(rdata)


def _exchanger(value: str) -> MailExchanger:
    preference, _, host = value.partition(" ")
    # A null MX names the root (RFC 7505), which is a single dot in text.
    return MailExchanger(int(preference), host.rstrip(".").lower())
