"""A guarded inbound listener whose clients say by PROXY where they come from."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network

from mailsec.gateway.clients.async_dns import AsyncDns
from mailsec.gateway.clients.dns import NameServers
from mailsec.gateway.clients.dnsbl import Blocklists
from mailsec.gateway.envelope import Direction
from mailsec.gateway.lists import Lists, TenantLists, entries
from mailsec.gateway.reputation.blocklists import zones_of
from tests.servers.dns import NameServer
from tests.servers.smtp_client import SmtpClient
from tests.workers.smtpd.conftest import QUICK
from tests.workers.smtpd.running import Running, directory, running
from workers.smtpd.ports import Listener
from workers.smtpd.reputation import Guard, Helpers
from workers.smtpd.reputation_inquiry import Inquirer
from workers.smtpd.reputation_ports import GreylistUnavailable, Rules, Turned

LIST = "dnsbl.example.net"
PORT_OF_PROXY = ip_network("127.0.0.0/8")


def lists(allow: Sequence[str] = (), block: Sequence[str] = ()) -> Lists:
    """Lists of these entries."""
    return Lists(entries(allow), entries(block))


@dataclass
class FakeLists:
    """Lists that a test writes down."""

    operator: Lists = field(default_factory=Lists)
    tenants: dict[str, TenantLists] = field(default_factory=dict)

    def operator_lists(self) -> Lists:
        return self.operator

    def lists_of(self, slug: str) -> TenantLists:
        return self.tenants.get(slug, TenantLists())


@dataclass
class FakeRefusals:
    """Keeps what it is told."""

    noted: list[Turned] = field(default_factory=list)
    settled: list[tuple[str, bytes]] = field(default_factory=list)

    def note(self, turned: Turned) -> None:
        self.noted.append(turned)

    def taken(self, tenant: str, grey_key: bytes) -> None:
        self.settled.append((tenant, grey_key))


@dataclass
class FakeGreylist:
    """Lets mail pass that comes a second time."""

    seen: set[bytes] = field(default_factory=set)
    available: bool = True
    asked: int = 0

    async def passed(self, keys: tuple[bytes, ...]) -> bool:
        self.asked += 1
        if not self.available:
            raise GreylistUnavailable("the fake is told to be away")
        known = self.seen.issuperset(keys)
        self.seen.update(keys)
        return known


@dataclass
class Place:
    """A guarded listener and all that stands around it."""

    running: Running
    dns: NameServer
    lists: FakeLists
    refusals: FakeRefusals
    greylist: FakeGreylist

    def add(self, *records: Mapping[str, Mapping[str, Sequence[str]]]) -> None:
        """Put records into the name server's zone."""
        for record in records:
            self.dns.zone = {**self.dns.zone, **record}

    @contextmanager
    def client(
        self, ip: str = "192.0.2.25", helo: str = "mail.example.net"
    ) -> Iterator[SmtpClient]:
        """A client from this address that has greeted."""
        with self.running.client(greeting=False) as client:
            family = "TCP6" if ":" in ip else "TCP4"
            ours = "2001:db8::1" if ":" in ip else "198.51.100.1"
            client.raw(f"PROXY {family} {ip} {ours} 40000 25\r\n".encode())
            assert client.reply().code == 220
            assert client.command(f"EHLO {helo}").code == 250
            yield client

    @property
    def reasons(self) -> list[tuple[str, str, int]]:
        """What was noted: tenant, reason, code."""
        return [(one.tenant, one.reason, one.code) for one in self.refusals.noted]


GOOD = {
    "25.2.0.192.in-addr.arpa": {"PTR": ["mail.example.net."]},
    "mail.example.net": {"A": ["192.0.2.25"]},
}
CANARY = {f"2.0.0.127.{LIST}": {"A": ["127.0.0.2"]}}


def listed(ip: str, answer: str = "127.0.0.2") -> dict[str, dict[str, list[str]]]:
    """The record that puts an IPv4 address on the list."""
    return {f"{'.'.join(reversed(ip.split('.')))}.{LIST}": {"A": [answer]}}


@contextmanager
def guarded(
    rules: Rules | None = None, setting: str = f"{LIST}:10", *, asking: bool = True
) -> Iterator[Place]:
    """A guarded listener for the length of a block; its list has passed its test."""
    with NameServer({**GOOD, **CANARY}) as dns:
        servers = NameServers(("127.0.0.1",), dns.port, timeout=0.5, total=1.0)
        names = AsyncDns(servers, time.monotonic)
        blocklists = Blocklists(zones_of(setting), names, time.monotonic)
        asyncio.run(blocklists.test())
        own, refusals, greylist = FakeLists(), FakeRefusals(), FakeGreylist()
        rules = rules or Rules(seconds=1.0, our_names=frozenset({"mx.example.org"}))
        inquirer = Inquirer(rules, names, blocklists) if asking else Inquirer(rules)
        guard = Guard(rules, Helpers(own, refusals, greylist, inquirer))
        listener = Listener(
            Direction.INBOUND,
            hostname="mx.example.org",
            limits=QUICK,
            proxy_networks=(PORT_OF_PROXY,),
        )
        with running(listener, None, directory(), guard=guard) as server:
            yield Place(server, dns, own, refusals, greylist)
