"""What ``bench.hold_work`` does inside the service, through the product's own functions."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from bench.held_rows import fill
from mailsec.celery import enqueue
from quarantine import services
from quarantine.choices import HoldEnding
from quarantine.hold_listing import HoldFilter, hold_list, waiting_count
from quarantine.models import Hold
from tenants.models import Tenant
from tenants.scope import tenant_scope
from workers.holds import end_due_holds
from workers.sender_notices import tell_readers, tell_senders

ROUNDS, BUSY_ROUNDS = 5, 3
_LINES = 50  # of a page
_MOST_SWEEPS = 500
# The sweep's work in its order; what it queues for the workers goes to the broker.
STEPS: Mapping[str, Callable[..., Any]] = {
    "stalled work": services.take_up_stalled,
    "due holds": end_due_holds,
    "senders": tell_senders,
    "readers": tell_readers,
}
# Half of them are given up, half are sent; either way their senders are to be told.
_MAKE_DUE = """
WITH soonest AS (
    SELECT message_id, row_number() OVER (ORDER BY due_at, message_id) AS number
    FROM quarantine_hold WHERE ended_at IS NULL ORDER BY number LIMIT %s)
UPDATE quarantine_hold AS hold
SET due_at = now() - interval '1 minute', ending = CASE number %% 2 WHEN 0 THEN %s ELSE %s END
FROM soonest WHERE hold.message_id = soonest.message_id
"""


def links(tenant: Tenant, number: int) -> list[tuple[str, str]]:
    """Each waiting mail's identifier with a token that opens its sender's page; at most 1,000."""
    now, found = timezone.now(), []
    for line in hold_list(tenant, HoldFilter(), size=1_000).lines:
        token = services.give_link(tenant, line.message.id, line.hold.sender, now)
        found.append((line.message.id.hex, token))
    return found


def tell(tenant: Tenant, number: int) -> int:
    """Tell senders now what the next sweep would; how many notices that makes."""
    notices = tell_senders(tenant, timezone.now()).notices
    enqueue("deliver", tenant.slug, notices)
    return len(notices)


def store(tenant: Tenant, number: int) -> dict[str, Any]:
    """Store so many held mails; how many wait then, and which one the last page follows."""
    fill(tenant, number, timezone.now())
    return {"waiting": waiting_count(tenant), "last": last_page(tenant).hex}


def last_page(tenant: Tenant) -> UUID:
    """The mail behind which the queue's last full page begins."""
    with tenant_scope(tenant):
        rows = Hold.objects.order_by("-due_at", "-message_id").values_list("message_id", flat=True)
        return rows[_LINES]


def sweep(tenant: Tenant, due: int) -> dict[str, Any]:
    """Milliseconds of each step: with nothing due, then of all sweeps that do what is due.

    So many mails are due in each round, which ends when the sweeps have told everybody.
    """
    _sweep(tenant)  # what is loaded once
    idle = [_sweep(tenant) for _ in range(ROUNDS)]
    return {"idle": idle, "busy": [_busy(tenant, due) for _ in range(BUSY_ROUNDS)]}


def _busy(tenant: Tenant, due: int) -> list[dict[str, float]]:
    make_due(tenant, due)
    done: list[dict[str, float]] = []
    while len(done) < _MOST_SWEEPS and _has_news(tenant):
        done.append(_sweep(tenant))
    return done


def make_due(tenant: Tenant, number: int) -> None:
    """Let the time of so many holds be over, of the soonest."""
    with tenant_scope(tenant), connection.cursor() as cursor:
        cursor.execute(_MAKE_DUE, [number, HoldEnding.DISCARD.value, HoldEnding.DELIVER.value])


def _has_news(tenant: Tenant) -> bool:
    first = hold_list(tenant, HoldFilter(), size=1).lines
    now = timezone.now()
    return bool(first and first[0].hold.due_at <= now) or bool(services.untold(tenant, now))


def _sweep(tenant: Tenant) -> dict[str, float]:
    """The work of one sweep, each step as ``workers.tasks.sweep`` calls it."""
    spent = {}
    with tenant_scope(tenant):
        for step, do in STEPS.items():
            start = time.perf_counter()
            do(tenant, timezone.now())
            spent[step] = (time.perf_counter() - start) * 1000
    return spent


ACTIONS: Mapping[str, Callable[[Tenant, int], Any]] = {
    "links": links,
    "tell": tell,
    "fill": store,
    "sweep": sweep,
}
