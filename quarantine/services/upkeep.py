"""What the sweep finds: stalled work, dead workers' claims, messages that break our code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from quarantine.choices import ContentKind, DeliveryState, EventKind, MessageState
from quarantine.cleaning import clean
from quarantine.models import Content, Delivery, Digest, Event, Hold, StoredMessage
from quarantine.services.examination import TO_EXAMINE
from quarantine.states import advance
from tenants.models import Tenant
from tenants.scope import scoped

_MOST_SHARES = 200
_MOST = 500  # rows that one sweep takes of each kind; the next one goes on


@dataclass(frozen=True, slots=True)
class Stalled:
    """What the sweep asks the workers to take up again."""

    examine: Sequence[UUID]
    deliver: Sequence[UUID]
    shunted: int


@scoped
def take_up_stalled(tenant: Tenant, now: datetime) -> Stalled:
    """Find work that nobody is at, and put off the next look at it.

    The broker may have lost the task, or the worker died. What a worker began too often without an
    end is set aside, because it is the likely cause.
    """
    with transaction.atomic():
        broken = _shunt_the_deadly(now)
        examine = _stalled_examinations(now)
        _reclaim_lost_deliveries(now)
        deliver = _due_deliveries(now)
    return Stalled(examine, deliver, broken)


def _shunt_the_deadly(now: datetime) -> int:
    rows = StoredMessage.objects.select_for_update(skip_locked=True).filter(
        Q(claimed_until=None) | Q(claimed_until__lt=now),
        state__in=TO_EXAMINE,
        sweep_at__lte=now,
        tries__gte=settings.EXAMINE_TRIES,
    )[:_MOST]
    for message in rows:
        _shunt(message, "Every worker that looked at this message ended without a result.", now)
    return len(rows)


def _stalled_examinations(now: datetime) -> list[UUID]:
    rows = StoredMessage.objects.select_for_update(skip_locked=True).filter(
        state__in=TO_EXAMINE, sweep_at__lte=now, tries__lt=settings.EXAMINE_TRIES
    )
    ids = list(rows.order_by("sweep_at").values_list("id", flat=True)[:_MOST])
    later = now + timedelta(seconds=settings.EXAMINE_LEASE_SECONDS)
    StoredMessage.objects.filter(id__in=ids).update(sweep_at=later)
    return ids


def _reclaim_lost_deliveries(now: datetime) -> None:
    """End the claims of dead workers. What they sent without recording it is sent again."""
    lost = list(
        Delivery.objects.select_for_update(skip_locked=True).filter(
            state=DeliveryState.IN_FLIGHT, sweep_at__lte=now
        )[:_MOST]
    )
    Delivery.objects.filter(id__in=[row.id for row in lost]).update(
        state=DeliveryState.DEFERRED, claimed_at=None, next_attempt_at=now, sweep_at=now
    )
    Event.objects.bulk_create(
        Event(
            message_id=row.message_id,
            at=now,
            kind=EventKind.RECLAIMED,
            data={"recipient": row.recipient, "attempt": row.attempts},
        )
        for row in lost
    )


def _due_deliveries(now: datetime) -> list[UUID]:
    rows = Delivery.objects.select_for_update(skip_locked=True).filter(
        state__in=(DeliveryState.QUEUED, DeliveryState.DEFERRED), sweep_at__lte=now
    )
    due = list(rows.order_by("sweep_at").values_list("id", "message_id")[:_MOST])
    later = now + timedelta(seconds=settings.EXAMINE_LEASE_SECONDS)
    Delivery.objects.filter(id__in=[delivery_id for delivery_id, _ in due]).update(sweep_at=later)
    return list(dict.fromkeys(message_id for _, message_id in due))


@scoped
def shunt(tenant: Tenant, message_id: UUID, error: str, now: datetime) -> None:
    """Set a message aside that breaks our own code: it neither passes nor is lost."""
    with transaction.atomic():
        message = (
            StoredMessage.objects.select_for_update()
            .filter(id=message_id)
            .exclude(state__in=(MessageState.SHUNTED, MessageState.CLOSED))
            .first()
        )
        if message is not None and message.state != MessageState.QUARANTINED:
            _shunt(message, error, now)


def _shunt(message: StoredMessage, error: str, now: datetime) -> None:
    advance(message, MessageState.SHUNTED)
    message.error = clean(error, 500)
    message.claimed_until = None
    message.sweep_at = None
    message.save(update_fields=["state", "error", "claimed_until", "sweep_at"])
    Delivery.objects.filter(message=message, state=DeliveryState.IN_FLIGHT).update(
        state=DeliveryState.DEFERRED, claimed_at=None, sweep_at=None
    )
    Event.objects.create(
        message=message, at=now, kind=EventKind.SHUNTED, data={"error": message.error}
    )


@scoped
def resubmit(tenant: Tenant, message_id: UUID, now: datetime) -> None:
    """Look at a set-aside message again from the start; copies that were sent stay sent."""
    with transaction.atomic():
        message = StoredMessage.objects.select_for_update().get(id=message_id)
        advance(message, MessageState.RECEIVED)
        message.error = ""
        message.tries = 0
        message.claimed_until = None
        message.sweep_at = now + timedelta(seconds=settings.EXAMINE_LEASE_SECONDS)
        message.save()
        message.findings.all().delete()
        Content.objects.filter(message=message, kind=ContentKind.OUTGOING).delete()
        Hold.objects.filter(message=message).delete()
        Delivery.objects.filter(
            message=message,
            state__in=(DeliveryState.QUEUED, DeliveryState.DEFERRED, DeliveryState.HELD),
        ).update(state=DeliveryState.PENDING, next_attempt_at=None, sweep_at=None)
        Event.objects.create(message=message, at=now, kind=EventKind.RESUBMITTED)


@scoped
def expire(
    tenant: Tenant, *, quarantine_days: int, trace_days: int, now: datetime, share: int = 5_000
) -> int:
    """Remove kept originals and whole records whose time is over; returns how many records went.

    A transaction takes ``share`` of each, and as many follow as a busy tenant's hour needs. What
    was released and is still on its way is left alone until that has ended.
    """
    over, forgotten = now - timedelta(days=quarantine_days), now - timedelta(days=trace_days)
    gone = 0
    for _ in range(_MOST_SHARES):
        with transaction.atomic():
            ended = _end_quarantine(over, now, share)
            removed = _remove_records(forgotten, share)
        gone += removed
        if ended < share and removed < share:
            break
    Digest.objects.filter(created_at__lt=forgotten).delete()
    return gone


def _remove_records(before: datetime, most: int) -> int:
    final = (MessageState.CLOSED, MessageState.QUARANTINED)
    rows = StoredMessage.objects.filter(state__in=final, received_at__lt=before)
    # Identifiers sort by time: their index finds the oldest first.
    ids = list(rows.order_by("id").values_list("id", flat=True)[:most])
    StoredMessage.objects.filter(id__in=ids).delete()
    return len(ids)


def _end_quarantine(over: datetime, now: datetime, most: int) -> int:
    """Close what is held too long, and remove all content that is kept too long."""
    rows = StoredMessage.objects.select_for_update(skip_locked=True).filter(
        state=MessageState.QUARANTINED, received_at__lt=over
    )
    ids = list(rows.values_list("id", flat=True)[:most])
    StoredMessage.objects.filter(id__in=ids).update(state=MessageState.CLOSED)
    Event.objects.bulk_create(
        Event(message_id=message_id, at=now, kind=EventKind.EXPIRED) for message_id in ids
    )
    Content.objects.filter(
        message__state=MessageState.CLOSED, message__received_at__lt=over
    ).delete()
    StoredMessage.objects.filter(
        state=MessageState.CLOSED, keep_original=True, received_at__lt=over
    ).update(keep_original=False)
    return len(ids)
