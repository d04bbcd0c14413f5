"""What delivery does to copies: claim before the network, settle after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F

from mailsec.gateway.hops import Outcome, Result
from quarantine.choices import OPEN_STATES, DeliveryState, EventKind, MessageState
from quarantine.cleaning import clean
from quarantine.models import Content, Delivery, Event, StoredMessage
from quarantine.services.receive import Notice, store_notice
from quarantine.states import advance
from tenants.models import Tenant
from tenants.scope import scoped

DUE = (DeliveryState.QUEUED, DeliveryState.DEFERRED)


@dataclass(frozen=True, slots=True)
class Claimed:
    """One copy that this worker alone may send now; ``attempt`` fences its result."""

    delivery_id: int
    recipient: str
    attempt: int
    delay_told: bool


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of one claimed copy; ``retry_at`` is None for a deferral that is given up."""

    claim: Claimed
    result: Result
    retry_at: datetime | None = None

    @property
    def state(self) -> DeliveryState:
        if self.result.outcome == Outcome.DELIVERED:
            return DeliveryState.DELIVERED
        if self.result.outcome == Outcome.DEFERRED and self.retry_at is not None:
            return DeliveryState.DEFERRED
        return DeliveryState.BOUNCED


@scoped
def claim_deliveries(tenant: Tenant, message_id: UUID, now: datetime) -> list[Claimed]:
    """Mark the message's due copies as being sent, and commit before any network is touched.

    Two workers that ask at once get disjoint copies. A copy whose worker dies stays in flight until
    its lease ends.
    """
    lease_end = now + timedelta(seconds=settings.DELIVERY_LEASE_SECONDS)
    with transaction.atomic():
        rows = list(
            Delivery.objects.select_for_update(skip_locked=True, of=("self",)).filter(
                message_id=message_id,
                message__state=MessageState.READY,
                state__in=DUE,
                next_attempt_at__lte=now,
            )
        )
        if rows:
            Delivery.objects.filter(id__in=[row.id for row in rows]).update(
                state=DeliveryState.IN_FLIGHT,
                claimed_at=now,
                attempts=F("attempts") + 1,
                sweep_at=lease_end,
            )
    return [Claimed(row.id, row.recipient, row.attempts + 1, row.delay_told) for row in rows]


@scoped
def settle_deliveries(
    tenant: Tenant,
    message_id: UUID,
    settlements: Sequence[Settlement],
    now: datetime,
    notices: Sequence[tuple[EventKind, Notice]] = (),
) -> list[UUID]:
    """Record the results, tell the sender by these notices, and close what is finished.

    One transaction, so that no failure goes without its report and none is reported twice. Returns
    the ids of the notices, which the caller announces to the workers.
    """
    sent = []
    with transaction.atomic():
        message = StoredMessage.objects.select_for_update().get(id=message_id)
        for settlement in settlements:
            _apply(settlement, now)
        Event.objects.create(
            message=message,
            at=now,
            kind=EventKind.ATTEMPTED,
            data={"results": [_result(settlement) for settlement in settlements[:50]]},
        )
        for kind, notice in notices:
            notice_id = store_notice(tenant, notice, now)
            sent.append(notice_id)
            data = {"notice": notice_id.hex, "to": notice.recipient}
            Event.objects.create(message=message, at=now, kind=kind, data=data)
            if kind == EventKind.DELAY_SENT:
                ids = [settlement.claim.delivery_id for settlement in settlements]
                Delivery.objects.filter(id__in=ids).update(delay_told=True)
        _close_if_finished(message, now)
    return sent


def _apply(settlement: Settlement, now: datetime) -> None:
    result, claim = settlement.result, settlement.claim
    final = settlement.state != DeliveryState.DEFERRED
    # A result counts only for its own attempt: after the lease another worker may have taken over.
    Delivery.objects.filter(
        id=claim.delivery_id, state=DeliveryState.IN_FLIGHT, attempts=claim.attempt
    ).update(
        state=settlement.state,
        next_attempt_at=settlement.retry_at,
        claimed_at=None,
        sweep_at=None if final else settlement.retry_at,
        remote_host=clean(result.host, 300),
        remote_tls=result.tls,
        remote_code=result.code,
        remote_status=clean(result.enhanced, 12),
        remote_reply=clean(result.reply, 1000),
        finished_at=now if final else None,
    )


def _result(settlement: Settlement) -> dict[str, object]:
    result = settlement.result
    return {
        "recipient": settlement.claim.recipient,
        "state": str(settlement.state),
        "host": result.host,
        "code": result.code,
        "reply": clean(result.reply, 300),
        "attempt": settlement.claim.attempt,
        "retry_at": settlement.retry_at.isoformat() if settlement.retry_at else "",
    }


def _close_if_finished(message: StoredMessage, now: datetime) -> None:
    if message.state != MessageState.READY:
        return
    if Delivery.objects.filter(message=message, state__in=OPEN_STATES).exists():
        return
    advance(message, MessageState.CLOSED)
    message.save(update_fields=["state"])
    Event.objects.create(message=message, at=now, kind=EventKind.CLOSED)
    if not message.keep_original:
        # Bodies of delivered mail are removed at once (product, 14).
        Content.objects.filter(message=message).delete()
