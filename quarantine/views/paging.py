"""Where a page of a list begins, and ready-made spans of days."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.http import Http404
from django.utils import timezone

from tenants.access import ConsoleRequest

PERIODS = (1, 7, 30)


def cursor(request: ConsoleRequest, name: str) -> UUID | None:
    """Where a page begins; an identifier that is none leads nowhere."""
    text = request.GET.get(name, "")
    if not text:
        return None
    try:
        return UUID(hex=text)
    except ValueError:
        raise Http404 from None


def periods(request: ConsoleRequest) -> list[dict[str, object]]:
    """Ready-made spans of days; the one that is chosen is marked."""
    since, until = request.GET.get("since", ""), request.GET.get("until", "")
    day = timezone.localdate()
    spans = [
        {"days": days, "since": (day - timedelta(days=days - 1)).isoformat()} for days in PERIODS
    ]
    return [
        span | {"chosen": since == span["since"] and until in {"", day.isoformat()}}
        for span in spans
    ]
