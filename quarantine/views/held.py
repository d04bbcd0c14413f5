"""The quarantine's list, and the page of one message in it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from csp.constants import SELF
from csp.decorators import csp_update
from django.http import Http404, HttpResponse
from django.shortcuts import render

from policies.selectors import current_policy
from quarantine import explain, kept, selectors, trace
from quarantine.choices import DeliveryState, VerdictChoice
from quarantine.errors import ContentGone
from quarantine.forms import OriginalWish, QuarantineSearch
from quarantine.learning import model_kind
from quarantine.listing import Line, Page, message_page
from quarantine.models import StoredMessage
from quarantine.permissions import may_act, may_let_through, may_read
from quarantine.preview import Preview
from quarantine.selectors import CONDEMNED, MessageFilter
from quarantine.views.messages import Original, copies_of, kept_until, originals_of
from quarantine.views.paging import cursor, periods
from tenants.access import ConsoleRequest, tenant_page


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list as it is shown."""

    message: StoredMessage
    line: Line
    standing: explain.Badge
    verdict: explain.Badge
    may_act: bool


@tenant_page
def held(request: ConsoleRequest) -> HttpResponse:
    """What is kept in quarantine and matches the filters, newest first."""
    form = QuarantineSearch(request.GET)
    page, counts = Page((), None, None), []
    if form.is_valid():
        wanted = form.wanted(request.tenant.zone)
        before, after = cursor(request, "before"), cursor(request, "after")
        page = message_page(request.tenant, wanted, before=before, after=after)
        counts = _counts(request, wanted)
    rows = [_row(request, line) for line in page.lines]
    context = {
        "form": form,
        "rows": rows,
        "counts": counts,
        "tabs": [(value, label) for value, label in form.fields["kept"].choices],  # type: ignore[attr-defined]
        "tab": request.GET.get("kept") or "held",
        "newer": page.newer.hex if page.newer else "",
        "older": page.older.hex if page.older else "",
        "periods": periods(request),
        "may_act": any(row.may_act for row in rows),
        "may_teach": model_kind() is not None,
        "may_let_through": may_let_through(request.user.role),
        "all_chosen": request.GET.get("choose") == "all",
        "days": current_policy(request.tenant).quarantine_days,
        "section": "quarantine",
    }
    return render(request, "quarantine/held.html", context)


def _counts(request: ConsoleRequest, wanted: MessageFilter) -> list[tuple[str, str, int]]:
    """Each verdict that occurs, with its word and number, worst first."""
    found = selectors.messages_with(request.tenant, replace(wanted, verdict=""))
    numbers = kept.counts_by_verdict(request.tenant, found)
    return [
        (verdict.value, str(verdict.label), numbers[verdict.value])
        for verdict in reversed(VerdictChoice)
        if verdict.value in numbers
    ]


def _row(request: ConsoleRequest, line: Line) -> Row:
    message = line.message
    return Row(
        message,
        line,
        explain.kept_badge(message, line.copies),
        explain.verdict_badge(message.verdict),
        may_act(request.user.role, message),
    )


@tenant_page
@csp_update({"frame-src": [SELF]})  # type: ignore[arg-type]  # typed for views without arguments
def held_message(request: ConsoleRequest, queue_id: str) -> HttpResponse:
    """One message in quarantine: why it is here, what it holds, and what can be done with it."""
    found = selectors.message_with(request.tenant, UUID(hex=queue_id))
    if found is None or not found.keep_original:
        raise Http404
    findings, deliveries = list(found.findings.all()), list(found.deliveries.all())
    preview = preview_of(request, found)
    role = request.user.role
    originals = originals_of(request, found)
    sent = [one for one in originals if _leaves(one)]
    able = preview is not None and may_act(role, found)
    context = {
        "message": found,
        "verdict": explain.verdict_badge(found.verdict),
        "standing": explain.kept_badge(found, replace(copies_of(deliveries), originals=len(sent))),
        "because": explain.held_because(found.verdict),
        "reasons": explain.reasons(findings, quotes=may_read(role)),
        "preview": preview,
        "may_read": may_read(role),
        "may_act": able,
        "may_teach": able and model_kind() is not None,
        "originals": originals,
        "original_to": _original_to(request, found) if able else [],
        "may_let_through": may_let_through(role),
        "forbidden": explain.forbidden_files(findings),
        "wish": OriginalWish(),
        "lesson": kept.lesson_in_force(request.tenant, found.id),
        "withheld": [copy for copy in deliveries if copy.state == DeliveryState.WITHHELD],
        "copies": [(copy, explain.kept_copy_badge(copy.state)) for copy in deliveries],
        "steps": [trace.step(found, event) for event in found.events.all()],
        "kept_until": kept_until(request, found),
        "section": "quarantine",
    }
    return render(request, "quarantine/held_message.html", context)


def _leaves(original: Original) -> bool:
    return all(copy.state != DeliveryState.WITHHELD for copy, _ in original.copies)


def _original_to(request: ConsoleRequest, found: StoredMessage) -> list[str]:
    """Whom this person may send the original to."""
    if not may_let_through(request.user.role):
        return []
    return kept.original_recipients(request.tenant, found)


def preview_of(request: ConsoleRequest, found: StoredMessage) -> Preview | None:
    """The message's kept content, None where it is not kept any more."""
    try:
        raw = selectors.original(request.tenant, found.id)
    except ContentGone:
        return None
    condemned = {row.part for row in found.findings.all() if row.severity in CONDEMNED}
    return Preview(raw, condemned)
