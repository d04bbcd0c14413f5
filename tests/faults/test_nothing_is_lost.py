"""Any process killed, the broker flushed or restarted, the database gone: counts stay equal.

Case ops-04 of the foundation: what was answered 250 arrives, and once, except where a worker died
between the remote's storing and our recording it. Such a copy shows as taken up again in the trace.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

import pytest
import redis

from demo import place
from demo.postgres import Postgres
from demo.valkey import Valkey
from tests.faults.load import Load
from tests.service import TENANTS, Service, broker

pytestmark = pytest.mark.stack

# Copies that were on the wire when a worker died: both of its processes may have had one each.
_ON_THE_WIRE = 4


def settle(service: Service, load: Load, doubles: int = 0) -> None:
    """Everything accepted arrives; at most ``doubles`` mails arrive twice, none oftener."""
    service.wait_for(lambda: not load.missing(), 90)
    assert not load.missing(), (len(load.missing()), len(load.accepted), service.logs())
    time.sleep(2 * 1.0)  # another sweep: nothing may be sent again
    copies = load.copies()
    assert max(copies.values()) <= 2
    twice = [marker for marker, count in copies.items() if count > 1]
    assert len(twice) <= doubles, twice
    assert set(load.accepted) <= set(copies)
    assert set(copies) <= set(load.accepted) | set(load.unanswered)


@pytest.mark.parametrize("name", ["worker-examine", "worker-deliver", "smtpd", "beat"])
def test_a_killed_process_loses_nothing(running_service: Service, name: str) -> None:
    """SIGKILL under load, started again a moment later."""
    with Load(running_service, f"kill-{name}") as load:
        load.reach(100)
        running_service.kill(name)
        time.sleep(0.5)
        running_service.start(name)
        load.reach(len(load.accepted) + 100)
    settle(running_service, load, doubles=_ON_THE_WIRE if name == "worker-deliver" else 0)


def flush(service: Service) -> None:
    broker(service.servers, redis.Redis).flushall()


def restart_broker(service: Service) -> None:
    valkey = Valkey(place.find("faults"))
    valkey.stop()
    time.sleep(1)
    valkey.start()


def restart_database(service: Service) -> None:
    postgres = Postgres(place.find("faults"))
    postgres.stop()
    time.sleep(1)
    postgres.start()


def crash_database(service: Service) -> None:
    """SIGKILL to PostgreSQL: what was not flushed to its log is gone."""
    found = place.find("faults")
    pid = int((found.home / "postgres" / "postmaster.pid").read_text().split("\n", 1)[0])
    os.kill(pid, signal.SIGKILL)
    Postgres(found).start()


@pytest.mark.parametrize("break_it", [flush, restart_broker, restart_database, crash_database])
def test_a_lost_server_loses_nothing(
    running_service: Service, break_it: Callable[[Service], None]
) -> None:
    """The broker's memory gone, the broker gone for a second, the database gone or killed."""
    with Load(running_service, break_it.__name__) as load:
        load.reach(100)
        break_it(running_service)
        load.reach(len(load.accepted) + 100)
    # A result that could not be recorded while the database was away makes a second copy.
    database = break_it in (restart_database, crash_database)
    settle(running_service, load, doubles=_ON_THE_WIRE if database else 0)


def test_mail_is_taken_while_the_broker_is_away_and_delivered_when_it_is_back(
    running_service: Service,
) -> None:
    """Redis may vanish: 250 depends on PostgreSQL alone."""
    valkey = Valkey(place.find("faults"))
    valkey.stop()
    try:
        with Load(running_service, "no-broker") as load:
            load.reach(20)
    finally:
        valkey.start()
    settle(running_service, load)


def test_mail_is_refused_for_now_while_the_database_is_away(running_service: Service) -> None:
    """451 without internals; never a 250 that is not kept."""
    postgres = Postgres(place.find("faults"))
    postgres.stop()
    try:
        message = b"From: a@example.net\r\nSubject: x\r\n\r\nno database\r\n"
        codes = running_service.send("a@example.net", ["user@alpha.example.jp"], message)
        assert codes[-1] == 451
    finally:
        postgres.start()
    assert not running_service.mails("alpha", b"no database")


def test_a_graceful_stop_cuts_no_accepted_mail(running_service: Service) -> None:
    """SIGTERM to the listener under load: each 250 is kept, the rest is asked again later."""
    with Load(running_service, "graceful") as load:
        load.reach(50)
        running_service.stop("smtpd")
        running_service.start("smtpd")
        load.reach(len(load.accepted) + 20)
    settle(running_service, load)
    assert all(not running_service.mails(slug, b"no database") for slug in TENANTS)
