"""Refusals on their way into the tenants' traces."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import DataError, OperationalError
from django.utils import timezone

import threats.services
from mailsec.gateway.reputation.points import Point
from quarantine.choices import RefusalReason
from quarantine.selectors import RefusalFilter, refusals
from quarantine.services import TurnedAway, record_refusals
from tenants.models import Tenant
from workers.refusals import MOST_WAITING, ROWS_PER_MINUTE, RefusalBook, in_database
from workers.smtpd.reputation_ports import Turned
from workers.tasks.retention import expire_all
from workers.threads import DatabaseThreads

TURNED = Turned(
    tenant="alpha",
    client_ip="203.0.113.9",
    helo="mail.example.net",
    sender="sender@example.net",
    recipient="user@alpha.example.jp",
    code=554,
    reason="reputation",
    reference="0123456789",
    points=(Point("dnsbl", 10, {"zone": "dnsbl.example.net"}), Point("no-ptr", 2)),
)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Here(DatabaseThreads):
    """Runs in the test's own thread, so that its transaction sees what is written."""

    def __init__(self) -> None:
        super().__init__(1, "none")

    def close(self) -> None:
        """No thread was ever begun."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


def rows(tenant: Tenant) -> list[Any]:
    return list(refusals(tenant, RefusalFilter(), size=1000).rows)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def book(clock: Clock) -> RefusalBook:
    return RefusalBook(clock, Here())


def empty(book: RefusalBook) -> None:
    book.close()


def test_a_refusal_stands_in_its_own_tenants_trace(
    book: RefusalBook, tenant: Tenant, other_tenant: Tenant
) -> None:
    """With all that explains it, and in no other tenant's."""
    book.note(TURNED)
    empty(book)
    (row,) = rows(tenant)
    assert (row.client_ip, row.recipient, row.code) == ("203.0.113.9", TURNED.recipient, 554)
    assert row.detail["score"] == 12
    assert row.detail["points"][0] == {"zone": "dnsbl.example.net", "code": "dnsbl", "weight": 10}
    assert rows(other_tenant) == []


def test_a_connection_that_insists_is_one_row_with_a_count(
    book: RefusalBook, tenant: Tenant
) -> None:
    """The same recipient fifty times tells no more than once."""
    for _ in range(50):
        book.note(TURNED)
    empty(book)
    assert [row.count for row in rows(tenant)] == [50]


def test_a_burst_is_counted_beyond_a_limit(
    book: RefusalBook, clock: Clock, tenant: Tenant, other_tenant: Tenant
) -> None:
    """The count comes when its minute is over; another tenant's refusals are all kept."""
    for number in range(ROWS_PER_MINUTE + 1000):
        book.note(replace(TURNED, reference=f"{number:010}"))
    book.note(replace(TURNED, tenant="beta"))
    book.flush()
    assert len(rows(tenant)) == ROWS_PER_MINUTE
    assert len(rows(other_tenant)) == 1
    clock.now += 61
    book.note(replace(TURNED, reference="next-minute"))
    book.flush()
    found = rows(tenant)
    assert len(found) == ROWS_PER_MINUTE + 2
    (many,) = [row for row in found if row.reason == RefusalReason.MANY]
    assert (many.count, many.client_ip, many.recipient) == (1000, None, "")


def test_refusals_wait_while_the_database_is_away(clock: Clock, tenant: Tenant) -> None:
    """And are written once it is back."""
    away = True

    def write(slug: str, found: Any, taken: Any) -> None:
        if away:
            raise OperationalError
        in_database(slug, found, taken)

    book = RefusalBook(clock, Here(), write)
    book.note(TURNED)
    book.flush()
    assert rows(tenant) == []
    away = False
    book.flush()
    assert len(rows(tenant)) == 1


def test_what_was_put_off_is_settled_when_it_comes(
    book: RefusalBook, tenant: Tenant, other_tenant: Tenant
) -> None:
    """Every refusal of the same mail; not another mail's, nor another tenant's."""
    put_off = replace(TURNED, code=451, reason="greylisted", grey_key=b"k" * 16)
    for slug, reference, key in (
        ("alpha", "1", b"k"),
        ("alpha", "2", b"k"),
        ("alpha", "3", b"o"),
        ("beta", "4", b"k"),
    ):
        book.note(replace(put_off, tenant=slug, reference=reference, grey_key=key * 16))
    book.flush()
    book.taken("alpha", b"k" * 16)
    book.flush()
    found = rows(tenant) + rows(other_tenant)
    assert {row.reference for row in found if row.taken_at} == {"1", "2"}


def test_what_comes_in_the_same_second_is_settled_too(book: RefusalBook, tenant: Tenant) -> None:
    """Refusals are written before what settles them."""
    book.note(replace(TURNED, code=451, reason="greylisted", grey_key=b"k" * 16))
    book.taken("alpha", b"k" * 16)
    empty(book)
    (row,) = rows(tenant)
    assert row.taken_at is not None


def test_what_was_put_off_days_ago_is_another_mail(tenant: Tenant) -> None:
    """Nobody is told that a lost mail came. When it was first taken stays as it is."""
    now = timezone.now()
    old, new = (
        TurnedAway(now - timedelta(hours=hours), 451, RefusalReason.GREYLISTED, grey_key=b"k" * 16)
        for hours in (25, 23)
    )
    record_refusals(tenant, [old, new], [b"k" * 16], now)
    record_refusals(tenant, [], [b"k" * 16], now + timedelta(hours=1))
    assert [row.taken_at for row in rows(tenant)] == [now, None]


def test_a_flood_of_taken_mail_is_bounded(book: RefusalBook, clock: Clock, tenant: Tenant) -> None:
    """What is beyond the limit is not told, and refusals are still counted."""
    for number in range(MOST_WAITING + 10):
        book.taken("alpha", number.to_bytes(16, "big"))
    book.note(TURNED)
    clock.now += 61
    empty(book)
    assert [row.count for row in rows(tenant)] == [1]


def test_hostile_texts_are_stored_harmlessly(book: RefusalBook, tenant: Tenant) -> None:
    """NUL, lone surrogates and endless names reach the row cleaned and cut."""
    point = Point("ptr-unconfirmed", 1, {"name": "a\0b" + "x" * 5000})
    hostile = "\ud800<b>" + "y" * 1000
    book.note(replace(TURNED, helo=hostile, sender=hostile, recipient=hostile, points=(point,)))
    empty(book)
    (row,) = rows(tenant)
    assert "\0" not in row.detail["points"][0]["name"]
    assert (len(row.helo), len(row.sender), len(row.recipient)) == (255, 320, 320)


def test_a_tenant_that_is_gone_holds_up_nobody(book: RefusalBook, tenant: Tenant) -> None:
    """Its refusals are dropped."""
    book.note(replace(TURNED, tenant="nobody"))
    book.note(TURNED)
    empty(book)
    assert len(rows(tenant)) == 1


def test_what_the_database_never_takes_is_dropped(clock: Clock, tenant: Tenant) -> None:
    """It would else hold up all that comes later."""
    tried: list[int] = []

    def write(slug: str, found: Any, taken: Any) -> None:
        tried.append(len(found))
        raise DataError

    book = RefusalBook(clock, Here(), write)
    book.note(TURNED)
    book.flush()
    book.flush()
    assert tried == [1]


def test_what_is_over_is_removed_each_hour(book: RefusalBook, tenant: Tenant) -> None:
    """Refusals with the trace, list entries a month after their end, passes of greylisting."""
    now = timezone.now()
    old = TurnedAway(now - timedelta(days=400), 554, RefusalReason.TENANT, "203.0.113.9")
    record_refusals(tenant, [old])
    book.note(TURNED)
    book.close()
    threats.services.greylist([b"k" * 16], now - timedelta(hours=5))
    expire_all()
    assert [row.sender for row in rows(tenant)] == [TURNED.sender]
    assert threats.services.forget_ended_passes(now) == 0
