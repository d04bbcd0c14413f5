"""Reading figures, for the console's first page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Sum

from reports.models import DailyTally
from reports.rollups import figures_of
from tenants.models import Tenant
from tenants.scope import scoped

FIGURES = (
    "inbound",
    "outbound",
    "notices",
    "quarantined",
    "shunted",
    "changed",
    "spam",
    "forged",
    "suspicious",
    "viruses",
    "file_types",
    "held",
    "discarded",
    "zipped",
    "bcc",
)


@dataclass(frozen=True, slots=True)
class Summary:
    """Figures by name for today, and for the last 7 and 30 days, today included."""

    today: Mapping[str, int]
    week: Mapping[str, int]
    month: Mapping[str, int]


@scoped
def summary(tenant: Tenant, now: datetime) -> Summary:
    """Today is counted from the messages, days that are over come from the tallies."""
    day = now.astimezone(tenant.zone).date()
    today = figures_of(tenant, day)

    def with_days(count: int) -> dict[str, int]:
        rows = DailyTally.objects.filter(day__lt=day, day__gt=day - timedelta(days=count))
        sums = rows.aggregate(**{name: Sum(name, default=0) for name in FIGURES})
        return {name: sums[name] + today[name] for name in FIGURES}

    return Summary(today, with_days(7), with_days(30))


@dataclass(frozen=True, slots=True)
class Day:
    """How much mail came in and went out on one day."""

    day: date
    inbound: int
    outbound: int


@scoped
def daily(tenant: Tenant, figures: Mapping[str, int], now: datetime, count: int) -> list[Day]:
    """The last ``count`` days of the tenant's calendar, oldest first; ``figures`` are today's."""
    today = now.astimezone(tenant.zone).date()
    first = today - timedelta(days=count - 1)
    known = {row.day: row for row in DailyTally.objects.filter(day__gte=first, day__lt=today)}
    days = []
    for back in range(count - 1, 0, -1):
        day = today - timedelta(days=back)
        row = known.get(day)
        days.append(Day(day, row.inbound if row else 0, row.outbound if row else 0))
    return [*days, Day(today, figures["inbound"], figures["outbound"])]
