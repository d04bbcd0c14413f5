"""Mail that waits for its sender: decided on by people, or by the end of its time."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from mailsec.celery import enqueue
from quarantine.choices import (
    OPEN_STATES,
    DeliveryState,
    EventKind,
    HoldEnding,
    MessageState,
)
from quarantine.errors import NotPermitted, UnknownMessage
from quarantine.models import Content, Delivery, Event, Hold, StoredMessage
from quarantine.permissions import TIME, Actor, may_decide
from quarantine.services.release import note
from quarantine.states import advance
from tenants.models import Tenant
from tenants.scope import scoped

_MOST = 30  # holds that one sweep ends; the next one follows at once
_SHOWN = 50  # recipients that an event names


@dataclass(frozen=True, slots=True)
class Decided:
    """Whose copies were decided on by this call, and whether any of the message still waits."""

    recipients: tuple[str, ...] = ()
    waiting: bool = False


@scoped
def deliver_held(
    tenant: Tenant,
    message_id: UUID,
    actor: Actor,
    now: datetime,
    recipients: Collection[str] | None = None,
) -> Decided:
    """Let the held copies of these recipients, or of all, go out in the form that was stored.

    A copy is decided on once: whoever asks again, in another tab or by a second click, gets an
    empty answer and changes nothing. NotPermitted and UnknownMessage say why nothing was done.
    """
    with transaction.atomic():
        hold, copies = _waiting(message_id, actor, recipients)
        decided = tuple(copies.values_list("recipient", flat=True))
        if decided:
            sweep_at = now + timedelta(seconds=settings.SWEEP_SECONDS)
            copies.update(state=DeliveryState.QUEUED, next_attempt_at=now, sweep_at=sweep_at)
            if hold.message.state == MessageState.HELD:
                advance(hold.message, MessageState.READY)
            hold.message.released_at, hold.message.released_by = now, actor.name
            hold.message.save(update_fields=["state", "released_at", "released_by"])
            _decided(hold, actor, EventKind.APPROVED, decided, now)
            transaction.on_commit(lambda: enqueue("deliver", tenant.slug, [message_id]))
        return Decided(decided, hold.ended_at is None)


@scoped
def discard_held(
    tenant: Tenant,
    message_id: UUID,
    actor: Actor,
    now: datetime,
    recipients: Collection[str] | None = None,
) -> Decided:
    """Give the held copies of these recipients, or of all, up for good; otherwise as above."""
    with transaction.atomic():
        hold, copies = _waiting(message_id, actor, recipients)
        decided = tuple(copies.values_list("recipient", flat=True))
        if decided:
            copies.update(state=DeliveryState.DISCARDED, finished_at=now)
            _decided(hold, actor, EventKind.DISCARDED, decided, now)
            _close(hold.message, now)
        return Decided(decided, hold.ended_at is None)


def _waiting(
    message_id: UUID, actor: Actor, recipients: Collection[str] | None
) -> tuple[Hold, QuerySet[Delivery]]:
    """The hold with its message locked, and the copies that are asked for and still wait."""
    message = StoredMessage.objects.select_for_update().filter(id=message_id).first()
    hold = Hold.objects.filter(message=message).first() if message else None
    if message is None or hold is None:
        raise UnknownMessage(message_id.hex)
    if not may_decide(actor.role):
        raise NotPermitted(actor.name)
    hold.message = message
    copies = Delivery.objects.filter(message=message, state=DeliveryState.HELD)
    return hold, copies if recipients is None else copies.filter(recipient__in=recipients)


def _decided(
    hold: Hold, actor: Actor, kind: EventKind, recipients: Sequence[str], now: datetime
) -> None:
    facts = {"count": len(recipients), "recipients": list(recipients[:_SHOWN])}
    note(hold.message, actor, kind, now, facts)
    others = actor.name.lower() != hold.message.sender.lower()
    if not Delivery.objects.filter(message=hold.message, state=DeliveryState.HELD).exists():
        hold.ended_at, hold.ended_by = now, actor.name
        if others:  # the notice of the end tells all of it
            hold.to_tell = None
    elif others:
        decision = {"by": actor.name, "kind": kind.value, "recipients": list(recipients)}
        hold.to_tell = [*(hold.to_tell or ()), decision]
    hold.save(update_fields=["ended_at", "ended_by", "to_tell"])


def _close(message: StoredMessage, now: datetime) -> None:
    """End a message none of whose copies goes on; its bodies are removed at once (product, 14)."""
    going_on = (*OPEN_STATES, DeliveryState.HELD)
    if message.state != MessageState.HELD:
        return
    if Delivery.objects.filter(message=message, state__in=going_on).exists():
        return
    advance(message, MessageState.CLOSED)
    message.save(update_fields=["state"])
    if not message.keep_original:
        Content.objects.filter(message=message).delete()
    Event.objects.create(message=message, at=now, kind=EventKind.CLOSED)


@scoped
def due_holds(tenant: Tenant, now: datetime, but: Collection[UUID] = ()) -> list[UUID]:
    """Some of the mails, ``but`` these, whose time is over and with which something is to be done.

    The time stands in the database, so neither a lost task nor a broker's restart forgets it.
    """
    due = Hold.objects.filter(due_at__lte=now, ended_at=None).exclude(ending=HoldEnding.KEEP)
    due = due.exclude(message_id__in=but).order_by("due_at")
    return list(due.values_list("message_id", flat=True)[:_MOST])


@scoped
def end_hold(tenant: Tenant, message_id: UUID, now: datetime) -> bool:
    """Do what was set for a mail whose time is over; False where nothing waits any more."""
    ending = Hold.objects.values_list("ending", flat=True).get(message_id=message_id)
    act = deliver_held if ending == HoldEnding.DELIVER else discard_held
    return bool(act(tenant, message_id, Actor(TIME, TIME), now).recipients)
