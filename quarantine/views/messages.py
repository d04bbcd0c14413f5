"""The tenant's message list and message page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render

from policies.selectors import current_policy
from quarantine import explain, hold_explain, kept, trace
from quarantine.choices import DeliveryState, MessageState
from quarantine.forms import MessageSearch
from quarantine.holds import processing_of
from quarantine.listing import Copies, Page, message_page
from quarantine.models import Delivery, StoredMessage
from quarantine.notices import notices_about
from quarantine.permissions import may_read
from quarantine.selectors import MessageFilter, message_with
from quarantine.views.paging import cursor, periods
from tenants.access import ConsoleRequest, tenant_page
from tenants.models import Tenant


@tenant_page
def messages(request: ConsoleRequest) -> HttpResponse:
    """Messages that match the filters, newest first."""
    form = MessageSearch(request.GET)
    page = Page((), None, None)
    if form.is_valid():
        page = message_page(
            request.tenant,
            form.wanted(request.tenant.zone),
            before=cursor(request, "before"),
            after=cursor(request, "after"),
        )
    context = {
        "form": form,
        "rows": explain.rows(page.lines),
        "newer": page.newer.hex if page.newer else "",
        "older": page.older.hex if page.older else "",
        "periods": periods(request),
        "has_any": bool(page.lines) or _has_any(request),
        "section": "messages",
    }
    return render(request, "quarantine/list.html", context)


def _has_any(request: ConsoleRequest) -> bool:
    return bool(message_page(request.tenant, MessageFilter(), size=1).lines)


@tenant_page
def message(request: ConsoleRequest, queue_id: str) -> HttpResponse:
    """One message: what was found, why, where each copy is, and every step."""
    found = message_with(request.tenant, UUID(hex=queue_id))
    if found is None:
        raise Http404
    findings, deliveries = list(found.findings.all()), list(found.deliveries.all())
    removed = explain.removed_files(found, findings)
    context = {
        "message": found,
        "standing": explain.standing(found.state, copies_of(deliveries)),
        "verdict": explain.verdict(found, [row.severity for row in findings]),
        "summary": summary_of(found, deliveries, len(removed)),
        "reasons": explain.reasons(findings, quotes=may_read(request.user.role)),
        "removed": removed,
        "is_kept": kept.has_content(request.tenant, found.id) and found.keep_original,
        "copies": [(row, explain.copy_badge(row.state)) for row in deliveries],
        "steps": [trace.step(found, event) for event in found.events.all()],
        "kept_until": kept_until(request, found),
        "originals": originals_of(request, found),
        "notices": notices_of(request.tenant, found.id),
        "first": found.release_of_id.hex if found.release_of_id else "",
        "section": "messages",
    }
    return render(request, "quarantine/message.html", context)


def summary_of(message: StoredMessage, deliveries: Sequence[Delivery], removed: int) -> str:
    """What became of a message; of outbound mail that leaves, what was done to its copies."""
    treated = any(copy.form and copy.state != DeliveryState.DISCARDED for copy in deliveries)
    if treated and message.state in (MessageState.READY, MessageState.CLOSED):
        return " ".join(hold_explain.applied(processing_of(message)))
    return explain.summary(message, removed)


@dataclass(frozen=True, slots=True)
class Original:
    """A message that sends another one's original, and its copies with where each stands."""

    message: StoredMessage
    copies: tuple[tuple[Delivery, explain.Badge], ...]


def originals_of(request: ConsoleRequest, message: StoredMessage) -> list[Original]:
    """The second deliveries of a message, oldest first."""
    return [
        Original(
            made,
            tuple(
                (copy, explain.original_copy_badge(copy.state)) for copy in made.deliveries.all()
            ),
        )
        for made in kept.originals_of(request.tenant, message.id)
    ]


def notices_of(tenant: Tenant, message_id: UUID) -> list[tuple[Delivery, explain.Badge]]:
    """What the service wrote about a message, and to whom; what reached nobody comes first."""
    return [(copy, explain.copy_badge(copy.state)) for copy in notices_about(tenant, message_id)]


def copies_of(deliveries: list[Delivery]) -> Copies:
    """One message's copies in figures."""
    states = [delivery.state for delivery in deliveries]
    return Copies(
        total=len(states),
        delivered=states.count(DeliveryState.DELIVERED),
        deferred=states.count(DeliveryState.DEFERRED),
        bounced=states.count(DeliveryState.BOUNCED),
        withheld=states.count(DeliveryState.WITHHELD),
        discarded=states.count(DeliveryState.DISCARDED),
    )


def kept_until(request: ConsoleRequest, message: StoredMessage) -> datetime | None:
    """Until when the original is kept, None where it is not kept beyond delivery."""
    if not message.keep_original:
        return None
    days = current_policy(request.tenant).quarantine_days
    return message.received_at + timedelta(days=days)
