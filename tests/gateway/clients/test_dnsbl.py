"""Block lists asked over the wire, against a name server on loopback."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from collections.abc import Iterator

import pytest

from mailsec.gateway.clients.async_dns import AsyncDns
from mailsec.gateway.clients.dns import NameServers
from mailsec.gateway.clients.dnsbl import RETRY_SECONDS, WATCH_SECONDS, Blocklists
from mailsec.gateway.errors import TemporaryResolverError
from mailsec.gateway.reputation.blocklists import zones_of
from tests.servers.dns import NameServer

CLIENT = ipaddress.ip_address("192.0.2.25")
ZONES = ("one.example.net", "two.example.org")


def listing(zone: str, *answers: str, ip: str = "25.2.0.192") -> dict[str, dict[str, list[str]]]:
    return {f"{ip}.{zone}": {"A": list(answers)}}


def canary(zone: str) -> dict[str, dict[str, list[str]]]:
    return listing(zone, "127.0.0.2", ip="2.0.0.127")


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server() -> Iterator[NameServer]:
    with NameServer(canary(ZONES[0]) | canary(ZONES[1])) as running:
        yield running


@pytest.fixture
def lists(server: NameServer, clock: Clock) -> Blocklists:
    names = AsyncDns(NameServers(("127.0.0.1",), server.port, timeout=0.3, total=0.3), clock)
    return Blocklists(zones_of(f"{ZONES[0]}:5,{ZONES[1]}:7"), names, clock)


def add(server: NameServer, *records: dict[str, dict[str, list[str]]]) -> None:
    for record in records:
        server.zone = {**server.zone, **record}


def weights(points: object) -> list[tuple[str, int]]:
    return [(point.detail["zone"], point.weight) for point in points]  # type: ignore[attr-defined]


async def test_listings_weigh_what_the_settings_say(lists: Blocklists, server: NameServer) -> None:
    """Every list is asked; those that hold the client add their weights."""
    await lists.test()
    assert await lists.points(CLIENT, 1.0) == ()
    add(server, listing(ZONES[0], "127.0.0.2"), listing(ZONES[1], "127.0.0.4"))
    other = ipaddress.ip_address("192.0.2.26")
    add(server, listing(ZONES[1], "127.0.0.4", ip="26.2.0.192"))
    assert weights(await lists.points(other, 1.0)) == [(ZONES[1], 7)]


async def test_a_list_is_used_only_after_its_test(lists: Blocklists, server: NameServer) -> None:
    """Before, it is asked nothing."""
    add(server, listing(ZONES[0], "127.0.0.2"))
    assert await lists.points(CLIENT, 1.0) == ()
    assert server.questions == []
    await lists.test()
    assert weights(await lists.points(CLIENT, 1.0)) == [(ZONES[0], 5)]


async def test_error_codes_are_counted_and_list_nobody(
    lists: Blocklists, server: NameServer, caplog: pytest.LogCaptureFixture
) -> None:
    """127.255.255.x says that the question was wrong, not that the client is bad."""
    await lists.test()
    add(server, listing(ZONES[0], "127.255.255.254"), listing(ZONES[1], "127.0.0.2"))
    assert weights(await lists.points(CLIENT, 1.0)) == [(ZONES[1], 7)]
    assert [state.errors for state in lists.states] == [1, 0]
    assert "127.255.255.254" in caplog.text


@pytest.mark.parametrize(
    ("ip", "answers", "problem"),
    [
        ("1.0.0.127", ["127.0.0.2"], "lists every address"),
        ("2.0.0.127", [], "does not list its test address"),
        ("2.0.0.127", ["192.0.2.80"], "does not list its test address"),
    ],
)
async def test_a_list_that_fails_its_test_is_switched_off_with_an_alarm(
    lists: Blocklists,
    server: NameServer,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    ip: str,
    answers: list[str],
    problem: str,
) -> None:
    """A list that was sold or closed would else refuse everybody or nobody; the other goes on."""
    await lists.test()
    add(server, listing(ZONES[0], *answers, ip=ip), listing(ZONES[0], "127.0.0.2"))
    clock.now += 4000  # What was answered before is forgotten.
    await lists.test()
    assert [state.working for state in lists.states] == [False, True]
    assert lists.states[0].problem == problem
    assert await lists.points(CLIENT, 1.0) == ()
    assert caplog.records[-1].levelno == logging.ERROR
    assert ZONES[0] in caplog.text


async def test_a_list_that_recovers_is_used_again(
    lists: Blocklists, server: NameServer, clock: Clock
) -> None:
    """The next test switches it on."""
    server.broken.add(f"2.0.0.127.{ZONES[0]}")
    await lists.test()
    assert [state.problem for state in lists.states] == ["gives no answer", ""]
    server.broken.clear()
    await lists.test()
    assert all(state.working for state in lists.states)


async def test_a_working_list_outlives_a_test_without_answer(
    lists: Blocklists, server: NameServer, clock: Clock
) -> None:
    """Silence proves nothing against it; its own questions fail open anyhow."""
    await lists.test()
    clock.now += 4000
    server.silent.add(f"2.0.0.127.{ZONES[0]}")
    await lists.test()
    assert all(state.working for state in lists.states)


@pytest.mark.parametrize("trouble", ["broken", "silent"])
async def test_no_answer_costs_nobody_his_mail(
    lists: Blocklists,
    server: NameServer,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    trouble: str,
) -> None:
    """SERVFAIL and time-outs count as nothing, and the log hears of it once a minute at most."""
    await lists.test()
    add(server, listing(ZONES[1], "127.0.0.2"))
    getattr(server, trouble).add(f"25.2.0.192.{ZONES[0]}")
    for _ in range(3):
        assert weights(await lists.points(CLIENT, 1.0)) == [(ZONES[1], 7)]
    assert lists.states[0].unanswered == 3
    warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 1
    clock.now += 61
    await lists.points(CLIENT, 1.0)
    warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 2


async def test_late_lists_do_not_hold_up_the_others(lists: Blocklists, server: NameServer) -> None:
    """What came in time counts, what is late is counted as such."""
    await lists.test()
    add(server, listing(ZONES[1], "127.0.0.2"))
    server.silent.add(f"25.2.0.192.{ZONES[0]}")
    assert weights(await lists.points(CLIENT, 0.1)) == [(ZONES[1], 7)]
    assert lists.states[0].unanswered == 1


async def test_answers_are_remembered_for_their_time(
    lists: Blocklists, server: NameServer, clock: Clock
) -> None:
    """A client that comes ten times is asked about once."""
    await lists.test()
    add(server, listing(ZONES[0], "127.0.0.2"))
    for _ in range(10):
        await lists.points(CLIENT, 1.0)
    asked = server.questions.count((f"25.2.0.192.{ZONES[0]}", "A"))
    clock.now += server.ttl + 1
    await lists.points(CLIENT, 1.0)
    assert (asked, server.questions.count((f"25.2.0.192.{ZONES[0]}", "A"))) == (1, 2)


async def test_lists_are_watched_each_hour_and_each_minute_while_one_is_off(
    lists: Blocklists, server: NameServer, clock: Clock
) -> None:
    """Each test is reported, so that the operator sees the alarm."""
    slept: list[float] = []
    reported: list[list[bool]] = []
    server.broken.add(f"2.0.0.127.{ZONES[0]}")

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        server.broken.clear()
        if len(slept) == 2:
            raise asyncio.CancelledError

    async def tested() -> None:
        reported.append([state.working for state in lists.states])

    with pytest.raises(asyncio.CancelledError):
        await lists.keep_watch(tested, sleep)
    assert slept == [RETRY_SECONDS, WATCH_SECONDS]
    assert reported == [[False, True], [True, True]]


async def test_names_of_an_address_are_confirmed_by_the_way_back(
    server: NameServer, clock: Clock
) -> None:
    """In both families; without an answer nothing is known."""
    names = AsyncDns(NameServers(("127.0.0.1",), server.port, timeout=0.3, total=0.3), clock)
    add(
        server,
        {"25.2.0.192.in-addr.arpa": {"PTR": ["mail.example.net.", "forged.example.com."]}},
        {"mail.example.net": {"A": ["192.0.2.25"]}},
    )
    found = await names.reverse_names("192.0.2.25")
    assert set(found.names) == {"mail.example.net", "forged.example.com"}
    assert found.confirmed == ("mail.example.net",)
    assert (await names.reverse_names("2001:db8::1")).names == ()
    server.broken.add("26.2.0.192.in-addr.arpa")
    assert not (await names.reverse_names("192.0.2.26")).known
    with pytest.raises(TemporaryResolverError):
        await names.ask("26.2.0.192.in-addr.arpa", "PTR")
