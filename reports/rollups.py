"""Daily tallies: days that are over are counted once, so that reports never scan messages."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from quarantine.selectors import tally
from quarantine.treated import days_decided_on, treated_tally
from reports.models import DailyTally
from tenants.models import Tenant
from tenants.scope import scoped

_LATE_DAYS = 3  # a day's messages may still be waiting, deferred or shunted when it ends
_TRACED_DAYS = 29  # so long every mail of a day is surely known; no tenant forgets sooner


@scoped
def roll_up(tenant: Tenant, now: datetime) -> list[date]:
    """Count the last days that are over in the tenant's time zone, again; returns those days.

    Counting a day twice gives the same row, so the task may run any number of times. Mail may be
    held for longer than that: what was discarded late is set right on the day when it came in.
    """
    today = now.astimezone(tenant.zone).date()
    days = [today - timedelta(days=back) for back in range(1, _LATE_DAYS + 1)]
    for day in days:
        DailyTally.objects.update_or_create(day=day, defaults=figures_of(tenant, day))
    start = datetime.combine(days[-1], time(), tenant.zone)
    for day in days_decided_on(tenant, start):
        if today - timedelta(days=_TRACED_DAYS) <= day < days[-1]:
            discarded = treated_tally(tenant, *_span(tenant, day))["discarded"]
            DailyTally.objects.filter(day=day).update(discarded=discarded)
    return days


def figures_of(tenant: Tenant, day: date) -> dict[str, int]:
    """The figures of one day of the tenant's calendar, counted from the messages."""
    start, end = _span(tenant, day)
    return {**tally(tenant, start, end), **treated_tally(tenant, start, end)}


def _span(tenant: Tenant, day: date) -> tuple[datetime, datetime]:
    """The first moment of the day and the one behind its last."""
    start = datetime.combine(day, time(), tenant.zone)
    return start, datetime.combine(day + timedelta(days=1), time(), tenant.zone)
