"""Daily tallies: days that are over are counted once, so that reports never scan messages."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from quarantine.selectors import tally
from reports.models import DailyTally
from tenants.models import Tenant
from tenants.scope import scoped

_LATE_DAYS = 3  # a day's messages may still be waiting, deferred or shunted when it ends


@scoped
def roll_up(tenant: Tenant, now: datetime) -> list[date]:
    """Count the last days that are over in the tenant's time zone, again; returns those days.

    Counting a day twice gives the same row, so the task may run any number of times.
    """
    today = now.astimezone(tenant.zone).date()
    days = [today - timedelta(days=back) for back in range(1, _LATE_DAYS + 1)]
    for day in days:
        DailyTally.objects.update_or_create(day=day, defaults=figures_of(tenant, day))
    return days


def figures_of(tenant: Tenant, day: date) -> dict[str, int]:
    """The figures of one day of the tenant's calendar, counted from the messages."""
    start = datetime.combine(day, time(), tenant.zone)
    end = datetime.combine(day + timedelta(days=1), time(), tenant.zone)
    return dict(tally(tenant, start, end))
