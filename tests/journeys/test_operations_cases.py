"""The operations cases: tasks that come several times, a broker that goes away, two tenants."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import psycopg
import pytest
import redis
from celery import Celery

from demo.place import find
from demo.valkey import Valkey
from tests.journeys.conftest import Place
from tests.journeys.mails import SENDER, USER, arrived, marker, plain
from tests.service import Service, broker

pytestmark = pytest.mark.stack


def tasks(service: Service) -> Celery:
    """A sender of tasks to the service's broker."""
    return Celery("case", broker=service.servers.redis_url)


def received(place: Place, mark: str) -> Counter[str]:
    """Copies at the slow server, by recipient."""
    mails = [mail for mail in place.slow.mails if mark.encode() in mail.content]
    return Counter(recipient for mail in mails for recipient in mail.recipients)


def record_of(service: Service, mark: str, state: str) -> dict[str, Any]:
    """The mail's record once it is in this state."""

    def found() -> dict[str, Any] | None:
        rows = service.trace("alpha", f"{mark}@example.net")
        return rows[0] if rows and rows[0]["state"] == state else None

    record: dict[str, Any] | None = service.wait_for(found, 30)
    assert record is not None, service.trace("alpha", f"{mark}@example.net")
    return record


def test_a_task_that_comes_eight_times_makes_one_copy(place: Place) -> None:
    """ops-01: two workers and eight tasks at once; the row decides who sends."""
    service, mark = place.service, marker("ops-01")
    to = ["one@slow.example.jp", "two@slow.example.jp"]
    service.stop("worker-deliver")
    try:
        assert service.send(SENDER, to, plain(mark))[-1] == 250
        queue_id = record_of(service, mark, "ready")["queue_id"]
        with tasks(service) as sender:
            for _ in range(8):
                sender.send_task(
                    "workers.tasks.deliver.deliver", ["alpha", [queue_id]], queue="deliver"
                )
    finally:
        service.start("worker-deliver")
    record_of(service, mark, "closed")
    with tasks(service) as sender:
        for _ in range(8):  # and once more when it is over
            sender.send_task(
                "workers.tasks.deliver.deliver", ["alpha", [queue_id]], queue="deliver"
            )
            sender.send_task(
                "workers.tasks.examine.examine", ["alpha", [queue_id]], queue="examine"
            )
    after = marker("ops-01-after")
    assert service.send(SENDER, ["after@slow.example.jp"], plain(after))[-1] == 250
    assert service.wait_for(lambda: received(place, after))
    assert received(place, mark) == Counter(to)
    record = record_of(service, mark, "closed")
    # Two workers that come at once may share the copies between them; none is attempted twice.
    attempted = [each for each in record["events"] if each["kind"] == "attempted"]
    tried = [result["recipient"] for each in attempted for result in each["data"]["results"]]
    assert Counter(tried) == Counter(to)


def test_wrong_tasks_do_nothing_and_stop_nobody(running_service: Service) -> None:
    """ops-03: without a tenant, for public, for no tenant, for the other tenant's message."""
    mark = marker("ops-03-wrong")
    assert running_service.send(SENDER, [USER], plain(mark))[-1] == 250
    arrived(running_service, "alpha", mark)
    queue_id = running_service.settled("alpha", f"{mark}@example.net")["queue_id"]
    wrong: list[list[Any]] = [
        [],
        [""],
        ["public", [queue_id]],
        ["nobody", [queue_id]],
        ["beta", [queue_id]],
        [None, [queue_id]],
        ["alpha", ["no id"]],
    ]
    with tasks(running_service) as sender:
        for name, queue in (("examine.examine", "examine"), ("deliver.deliver", "deliver")):
            for arguments in wrong:
                sender.send_task(f"workers.tasks.{name}", arguments, queue=queue)
    for slug in ("alpha", "beta"):
        after = marker("ops-03-after")
        running_service.send(SENDER, [f"user@{slug}.example.jp"], plain(after))
        arrived(running_service, slug, after)
    assert len(running_service.mails("alpha", mark.encode())) == 1
    assert not running_service.mails("beta", mark.encode())


def test_nothing_of_a_tenant_lies_in_another_schema(running_service: Service) -> None:
    """ops-03: mail of both under one Message-ID; public has no table for mail at all."""
    mark = marker("ops-03-rows")
    for slug in ("alpha", "beta"):
        to = f"user@{slug}.example.jp"
        assert running_service.send(SENDER, [to], plain(mark, to=to))[-1] == 250
        running_service.settled(slug, f"{mark}@example.net")
    with psycopg.connect(running_service.servers.database_url) as connection:
        for slug in ("alpha", "beta"):
            rows = connection.execute(
                f"SELECT d.recipient FROM t_{slug}.quarantine_delivery d "  # noqa: S608
                f"JOIN t_{slug}.quarantine_storedmessage m ON m.id = d.message_id "
                "WHERE m.message_id LIKE %s",
                [f"%{mark}%"],
            ).fetchall()
            assert rows == [(f"user@{slug}.example.jp",)]
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' "
            "AND (tablename LIKE 'quarantine%' OR tablename LIKE 'policies%' "
            "OR tablename LIKE 'reports%')"
        ).fetchall()
        assert tables == []


def send_deferred(service: Service, mark: str) -> None:
    """Send a mail that the server puts off once, and return when it has done so."""
    server, address = service.mail_servers["alpha"], f"{mark}@alpha.example.jp"
    server.script.recipients = {**server.script.recipients, address: ("451 4.2.0 later",)}
    assert service.send(SENDER, [address], plain(mark))[-1] == 250
    asked = f"RCPT TO:<{address}>"
    assert service.wait_for(lambda: any(line.startswith(asked) for line in server.commands))


def test_an_emptied_broker_costs_no_mail_and_no_retry(running_service: Service) -> None:
    """ops-04: FLUSHALL while a copy waits for its next attempt; it arrives once."""
    mark = marker("ops-04-flush")
    send_deferred(running_service, mark)
    broker(running_service.servers, redis.Redis).flushall()
    arrived(running_service, "alpha", mark)
    time.sleep(2)
    assert len(running_service.mails("alpha", mark.encode())) == 1


def test_a_report_is_sent_once_though_the_broker_was_away_at_its_time(place: Place) -> None:
    """ops-04: the notice is in the database with the result; the sweep finds it."""
    service, mark = place.service, marker("ops-04-notice")
    address = f"{mark}@slow.example.jp"
    place.slow.script.recipients = {address: ("550 5.1.1 no such user",) * 9}
    valkey = Valkey(find("journeys"))
    before = len(place.slow.commands)
    assert service.send("sender@example.jp", [address], plain(mark))[-1] == 250
    asked = f"RCPT TO:<{address}>"
    assert service.wait_for(
        lambda: any(line.startswith("MAIL") for line in place.slow.commands[before:])
    )
    valkey.stop()
    try:
        assert service.wait_for(lambda: any(row.startswith(asked) for row in place.slow.commands))
        time.sleep(2)
    finally:
        valkey.start()
    assert service.wait_for(lambda: service.mails("outside", mark.encode())), service.logs()
    time.sleep(3)
    assert len(service.mails("outside", mark.encode())) == 1


def test_workers_killed_between_attempts_lose_no_retry(running_service: Service) -> None:
    """ops-04: no process runs at the time of the retry; it is made when they are back, once."""
    mark = marker("ops-04-kill")
    send_deferred(running_service, mark)
    record_of(running_service, mark, "ready")
    for name in ("worker-deliver", "worker-examine", "beat"):
        running_service.kill(name)
    time.sleep(2)
    running_service.start("worker-deliver", "worker-examine", "beat")
    arrived(running_service, "alpha", mark)
    time.sleep(2)
    assert len(running_service.mails("alpha", mark.encode())) == 1
