"""The tenant's list of refused mail."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render

from quarantine import refused
from quarantine.forms import RefusalSearch
from quarantine.selectors import RefusalPage, refusals
from quarantine.views.paging import periods
from tenants.access import ConsoleRequest, tenant_page

_MOST_DIGITS = 18  # of a row's number, which is a bigint


@tenant_page
def refused_mail(request: ConsoleRequest) -> HttpResponse:
    """Mail that was turned away before it was taken, newest first."""
    form = RefusalSearch(request.GET)
    page = RefusalPage(())
    if form.is_valid():
        page = refusals(
            request.tenant,
            form.wanted_refusals(request.tenant.zone),
            before=_number(request, "before"),
            after=_number(request, "after"),
        )
    context = {
        "form": form,
        "rows": [refused.line(row) for row in page.rows],
        "newer": page.newer or "",
        "older": page.older or "",
        "periods": periods(request),
        "section": "messages",
    }
    return render(request, "quarantine/refused.html", context)


def _number(request: ConsoleRequest, name: str) -> int | None:
    """Where a page begins; what is no number leads nowhere."""
    text = request.GET.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise Http404
    return int(text)
