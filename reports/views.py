"""The tenant's first page: figures, each of which opens the list behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from quarantine import explain
from quarantine.hold_listing import waiting_count
from quarantine.kept import held_since
from quarantine.listing import message_page
from quarantine.notices import undelivered_since
from quarantine.selectors import MessageFilter, open_work
from reports.chart import chart
from reports.selectors import Summary, daily, summary
from tenants.access import ConsoleRequest, tenant_page
from tenants.menu import Menu
from tenants.models import Tenant

# Each figure with its name and the filter that lists what it counts.
FIGURES: tuple[tuple[str, object, Mapping[str, str]], ...] = (
    ("inbound", _("Inbound mail"), {"direction": "inbound"}),
    ("spam", _("Spam"), {"found": "spam"}),
    ("viruses", _("Viruses found"), {"found": "virus"}),
    ("file_types", _("Forbidden files found"), {"found": "file-type"}),
    ("forged", _("Forged or blocked senders"), {"found": "forged"}),
    ("suspicious", _("Suspicious mail"), {"found": "suspicious"}),
    ("changed", _("Changed before delivery"), {"found": "changed"}),
    ("quarantined", _("Quarantined"), {}),
    ("shunted", _("Set aside"), {"state": "shunted"}),
    ("outbound", _("Outbound mail"), {"direction": "outbound"}),
    ("held", _("Held before sending"), {"found": "held"}),
    ("discarded", _("Discarded while held"), {"found": "discarded"}),
    ("zipped", _("ZIP encryption"), {"found": "zipped"}),
    ("bcc", _("Forced Bcc"), {"found": "bcc"}),
    ("notices", _("Own notices"), {"direction": "notice"}),
    ("undelivered", _("Own notices not delivered"), {"direction": "notice", "state": "bounced"}),
)
_OUTBOUND = frozenset({"held", "discarded", "zipped", "bcc"})
OPEN: tuple[tuple[str, object], ...] = (
    ("received", _("Received")),
    ("waiting", _("Waiting for examination")),
    ("ready", _("In delivery")),
    ("shunted", _("Set aside")),
)
_ALARMING = frozenset({"viruses", "file_types", "quarantined", "shunted", "undelivered"})
# What is so now, since a tally does not know what was released, or refused, after its day.
_LIVE: Mapping[str, tuple[Callable[[Tenant, datetime], int], str]] = {
    "quarantined": (held_since, "quarantine"),
    "undelivered": (undelivered_since, "messages"),
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure with the address of the list behind it."""

    count: int
    url: str


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One kind of figure over the three spans of time."""

    key: str
    name: object
    alarming: bool
    today: Cell
    week: Cell
    month: Cell


@tenant_page
def dashboard(request: ConsoleRequest) -> HttpResponse:
    """Today, the last 7 and the last 30 days; what is under way; the latest finds."""
    now = timezone.now()
    figures = summary(request.tenant, now)
    today = now.astimezone(request.tenant.zone).date()
    rows = [
        _figure_row(request, key, name, query, figures, today)
        for key, name, query in FIGURES
        if _is_offered(request.tenant.menu, key)
    ]
    latest = message_page(request.tenant, MessageFilter(found="condemned"), size=5)
    context = {
        "rows": rows,
        "lead": rows[:4],
        "open": _under_way(request),
        "latest": explain.rows(latest.lines),
        "chart": chart(daily(request.tenant, figures.today, now, 30)),
        "section": "home",
    }
    return render(request, "reports/dashboard.html", context)


def _is_offered(menu: Menu, key: str) -> bool:
    """Whether the tenant has bought what is counted there."""
    return menu.zip if key == "zipped" else menu.outbound or key not in _OUTBOUND


def _under_way(request: ConsoleRequest) -> list[tuple[object, str, int]]:
    """What has not come to its end: name, address of its list, how many."""
    counts = open_work(request.tenant)
    rows = [(name, _list_url({"state": key}), counts.get(key, 0)) for key, name in OPEN]
    if request.tenant.menu.outbound:
        rows.append((_("Held mail"), reverse("holds"), waiting_count(request.tenant)))
    return rows


def _figure_row(
    request: ConsoleRequest,
    key: str,
    name: object,
    query: Mapping[str, str],
    figures: Summary,
    today: date,
) -> FigureRow:
    counted = {1: figures.today, 7: figures.week, 30: figures.month}

    def cell(days: int) -> Cell:
        since = today - timedelta(days=days - 1)
        narrowed = {**query, "since": since.isoformat()}
        if key not in _LIVE:
            return Cell(counted[days][key], _list_url(narrowed))
        count, page = _LIVE[key]
        start = datetime.combine(since, time(), request.tenant.zone)
        return Cell(count(request.tenant, start), _list_url(narrowed, page))

    month = cell(30)
    alarming = key in _ALARMING and month.count > 0
    return FigureRow(key, name, alarming, today=cell(1), week=cell(7), month=month)


def _list_url(query: Mapping[str, str], page: str = "messages") -> str:
    return f"{reverse(page)}?{urlencode(query)}"
