"""Dead name servers are left alone; slow names of senders are not taken for dead servers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator

import pytest

from mailsec.gateway.authentication import Result
from mailsec.gateway.checks.authenticator import SenderAuthenticator
from mailsec.gateway.clients.async_dns import AsyncDns
from mailsec.gateway.clients.breaker import MISSES, PAUSE_SECONDS, Breaker, Step
from mailsec.gateway.clients.dns import DnsResolver, NameServers
from mailsec.gateway.errors import TemporaryResolverError
from mailsec.gateway.message import Message
from mailsec.gateway.pipeline import decide, examine
from mailsec.gateway.policy import Policy
from mailsec.gateway.ports import Services
from mailsec.gateway.signatures.engine import BuiltinScanner
from mailsec.gateway.verdict import Disposition
from tests.gateway.checks.making import NOW, PLAIN, envelope, signed
from tests.servers.dns import NameServer

ROOT = (".", "NS")


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server() -> Iterator[NameServer]:
    with NameServer({"here.example.com": {"A": ["192.0.2.1"]}}) as running:
        yield running


def servers(server: NameServer) -> NameServers:
    return NameServers(("127.0.0.1",), server.port, timeout=0.25, total=0.25)


@pytest.fixture
def resolver(server: NameServer, clock: Clock) -> DnsResolver:
    return DnsResolver(servers(server), clock)


@pytest.fixture
def names(server: NameServer, clock: Clock) -> AsyncDns:
    return AsyncDns(servers(server), clock)


class TestState:
    def test_a_few_misses_are_nobodys_fault(self, clock: Clock) -> None:
        """And one word in between begins the count anew."""
        breaker = Breaker(clock)
        for _ in range(10):
            for _ in range(MISSES - 1):
                breaker.missed()
            assert breaker.step() is Step.ASK
            breaker.heard()

    def test_one_caller_probes_while_others_still_ask(self, clock: Clock) -> None:
        """Nobody is refused an answer on suspicion."""
        breaker = Breaker(clock)
        for _ in range(MISSES):
            breaker.missed()
        assert [breaker.step() for _ in range(3)] == [Step.PROBE, Step.ASK, Step.ASK]
        breaker.heard()
        assert breaker.step() is Step.ASK

    def test_dead_servers_have_a_pause_and_then_one_probe(self, clock: Clock) -> None:
        """Until a probe is answered."""
        breaker = Breaker(clock)
        for _ in range(MISSES):
            breaker.missed()
        for _ in range(3):
            assert breaker.step() is Step.PROBE
            breaker.missed(probe=True)
            assert breaker.step() is Step.FAIL
            clock.now += PAUSE_SECONDS - 1
            assert breaker.step() is Step.FAIL
            clock.now += 1
        assert [breaker.step() for _ in range(3)] == [Step.PROBE, Step.FAIL, Step.FAIL]
        breaker.heard()
        assert breaker.step() is Step.ASK

    def test_a_probe_that_is_never_reported_blocks_nothing(self, clock: Clock) -> None:
        """Its caller may have died."""
        breaker = Breaker(clock)
        for _ in range(MISSES):
            breaker.missed()
        assert breaker.step() is Step.PROBE
        clock.now += PAUSE_SECONDS
        assert breaker.step() is Step.PROBE

    def test_the_operator_hears_of_it_once_each_way(
        self, clock: Clock, caplog: pytest.LogCaptureFixture
    ) -> None:
        """An error when they die, a line when they are back."""
        caplog.set_level(logging.INFO)
        breaker = Breaker(clock)
        for _ in range(5):
            breaker.missed(probe=True)
        breaker.heard()
        breaker.heard()
        assert [record.levelname for record in caplog.records] == ["ERROR", "INFO"]


class TestWorkers:
    def test_dead_servers_are_not_asked_any_more(
        self, resolver: DnsResolver, server: NameServer, clock: Clock
    ) -> None:
        """Until the pause is over: then for the root, and with its answer for the name."""
        server.dead = True
        for number in range(20):
            with pytest.raises(TemporaryResolverError):
                resolver.texts(f"name{number}.example.com")
        assert {name for name, _ in server.questions} == {
            *(f"name{number}.example.com" for number in range(MISSES)),
            ".",
        }
        server.dead = False
        with pytest.raises(TemporaryResolverError):
            resolver.addresses_of("here.example.com", 4)
        clock.now += PAUSE_SECONDS
        server.questions.clear()
        assert resolver.addresses_of("here.example.com", 4) == ("192.0.2.1",)
        assert server.questions == [ROOT, ("here.example.com", "A")]

    def test_slow_names_of_senders_cost_nobody_else_an_answer(
        self, resolver: DnsResolver, server: NameServer
    ) -> None:
        """Attack: a sender whose names are never answered makes the servers look dead, so that a
        forgery of others is not found out."""
        for number in range(2 * MISSES):
            server.silent.add(f"slow{number}.example.net")
            with pytest.raises(TemporaryResolverError):
                resolver.texts(f"slow{number}.example.net")
            assert resolver.addresses_of(f"gone{number}.example.com", 4) == ()
        in_a_row = [f"slow{number}.example.net" for number in range(2 * MISSES)]
        for name in in_a_row:
            with pytest.raises(TemporaryResolverError):
                resolver.texts(name)
        assert resolver.addresses_of("here.example.com", 4) == ("192.0.2.1",)
        assert ROOT in server.questions

    def test_errors_that_come_at_once_are_answers(
        self, resolver: DnsResolver, server: NameServer
    ) -> None:
        """SERVFAIL costs no waiting, so nobody is spared it."""
        for number in range(2 * MISSES):
            server.broken.add(f"broken{number}.example.net")
            with pytest.raises(TemporaryResolverError):
                resolver.texts(f"broken{number}.example.net")
        assert ROOT not in server.questions

    def test_what_is_remembered_is_answered_all_the_same(
        self, resolver: DnsResolver, server: NameServer
    ) -> None:
        """It needs no server."""
        assert resolver.addresses_of("here.example.com", 4) == ("192.0.2.1",)
        server.dead = True
        for number in range(MISSES + 1):
            with pytest.raises(TemporaryResolverError):
                resolver.texts(f"name{number}.example.com")
        assert resolver.addresses_of("here.example.com", 4) == ("192.0.2.1",)

    def test_without_servers_nothing_passes_and_nothing_is_refused(
        self, resolver: DnsResolver, server: NameServer
    ) -> None:
        """Before the pause and in it: every result is an error, none a pass, and no mail is lost,
        also that of an author whose domain asks to reject forgeries."""
        server.dead = True
        services = Services(
            BuiltinScanner(),
            authenticator=SenderAuthenticator(resolver, lambda: NOW, lambda: 0.0),
        )
        for _ in range(3):
            verdict = examine(Message(signed(PLAIN)), envelope(), Policy(), services)
            found = verdict.authentication
            assert found is not None
            assert found.spf.result is Result.TEMPERROR
            assert [one.result for one in found.dkim] == [Result.TEMPERROR]
            assert found.dmarc.result is Result.TEMPERROR
            assert not found.author_is_authentic
            decision = decide(verdict, envelope(), Policy())
            assert (decision.disposition, decision.subject_prefix) == (Disposition.DELIVER, "")
        asked = [question for question in server.questions if question != ROOT]
        assert len({name for name, _ in asked}) <= MISSES


class TestListeners:
    async def test_dead_servers_are_not_asked_any_more(
        self, names: AsyncDns, server: NameServer, clock: Clock
    ) -> None:
        """Clients hear their answer at once, and are asked about again after the pause."""
        server.dead = True
        for number in range(20):
            with pytest.raises(TemporaryResolverError):
                await names.ask(f"name{number}.example.com", "A")
        assert {name for name, _ in server.questions} == {
            *(f"name{number}.example.com" for number in range(MISSES)),
            ".",
        }
        server.dead = False
        clock.now += PAUSE_SECONDS
        assert (await names.ask("here.example.com", "A")).values == ("192.0.2.1",)

    async def test_questions_whose_client_lost_patience_count(
        self, server: NameServer, clock: Clock
    ) -> None:
        """They are given up before the servers' own time is over."""
        patient = NameServers(("127.0.0.1",), server.port, timeout=30.0, total=60.0)
        names, server.dead = AsyncDns(patient, clock), True
        for number in range(MISSES):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(names.ask(f"name{number}.example.com", "A"), 0.05)
        server.dead = False
        await names.ask("here.example.com", "A")
        assert server.questions[-2:] == [ROOT, ("here.example.com", "A")]

    async def test_a_client_that_leaves_does_not_take_the_probe_along(
        self, names: AsyncDns, server: NameServer, clock: Clock
    ) -> None:
        """Attack: clients that come and go keep servers dead that answer again."""
        server.dead = True
        for number in range(MISSES + 1):
            with pytest.raises(TemporaryResolverError):
                await names.ask(f"name{number}.example.com", "A")
        server.dead = False
        clock.now += PAUSE_SECONDS
        leaving = asyncio.create_task(names.ask("here.example.com", "A"))
        await asyncio.sleep(0)
        leaving.cancel()
        while True:  # The probe goes on without whoever began it.
            try:
                assert (await names.ask("here.example.com", "A")).values == ("192.0.2.1",)
            except TemporaryResolverError:
                await asyncio.sleep(0.01)
            else:
                break
        assert server.questions.count(ROOT) == 2
