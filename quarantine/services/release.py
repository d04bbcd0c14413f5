"""Out of quarantine: back on the mail's way, or away for good."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from accounts.services import record
from mailsec.celery import enqueue
from quarantine.choices import ContentKind, DeliveryState, EventKind, MessageState
from quarantine.errors import ContentGone, NotPermitted, UnderWay, UnknownMessage
from quarantine.models import Content, Delivery, Event, StoredMessage
from quarantine.permissions import RECIPIENT, Actor, may_act, may_let_through
from quarantine.services.examination import TO_EXAMINE
from quarantine.states import advance
from tenants.models import Tenant
from tenants.scope import scoped

SHOWN = 50  # recipients that an event names
_NO_FACTS: Mapping[str, object] = MappingProxyType({})


@scoped
def release(
    tenant: Tenant,
    message_id: UUID,
    actor: Actor,
    now: datetime,
    recipients: Collection[str] | None = None,
    *,
    files_allowed: bool = False,
) -> tuple[str, ...]:
    """Let the withheld copies of these recipients, or of all, go on; returns whose they are.

    The message goes back to the examination, so that the definitions of today are applied; only
    then its copies are queued. While another release of the same message is under way, the copies
    join it, if both let forbidden file types through (``files_allowed``) or neither does. A copy is
    released once: whoever asks again gets nothing more. NotPermitted, UnderWay, ContentGone and
    UnknownMessage say why nothing was done.
    """
    with transaction.atomic():
        message = locked(message_id, actor)
        if files_allowed and not may_let_through(actor.role):
            raise NotPermitted(actor.name)
        copies = Delivery.objects.filter(message=message, state=DeliveryState.WITHHELD)
        if recipients is not None:
            copies = copies.filter(recipient__in=recipients)
        released = tuple(copies.values_list("recipient", flat=True))
        if not released:
            return ()
        if not Content.objects.filter(message=message, kind=ContentKind.ORIGINAL).exists():
            raise ContentGone(message.queue_id)
        stage = _take_up(message, copies, now, files_allowed=files_allowed)
        message.released_at, message.released_by = now, actor.name
        message.save()
        facts = {
            "count": len(released),
            "recipients": list(released[:SHOWN]),
            "files_allowed": files_allowed,
        }
        note(message, actor, EventKind.RELEASED, now, facts)
        transaction.on_commit(lambda: enqueue(stage, tenant.slug, [message_id]))
    return released


def _take_up(
    message: StoredMessage, copies: QuerySet[Delivery], now: datetime, *, files_allowed: bool
) -> str:
    """Put message and copies where the mail's way goes on; returns the stage to ask for."""
    if message.state != MessageState.QUARANTINED and message.files_allowed != files_allowed:
        raise UnderWay(message.queue_id)
    if message.state == MessageState.READY:
        # It has just been examined, and its other copies are being delivered.
        sweep_at = now + timedelta(seconds=settings.SWEEP_SECONDS)
        copies.update(state=DeliveryState.QUEUED, next_attempt_at=now, sweep_at=sweep_at)
        return "deliver"
    if message.state not in TO_EXAMINE:
        if message.state != MessageState.QUARANTINED:
            raise UnderWay(message.queue_id)
        advance(message, MessageState.RECEIVED)
        message.tries, message.claimed_until, message.changed = 0, None, False
        message.files_allowed = files_allowed
        message.sweep_at = now + timedelta(seconds=settings.EXAMINE_LEASE_SECONDS)
        Content.objects.filter(message=message, kind=ContentKind.OUTGOING).delete()
    copies.update(state=DeliveryState.PENDING)
    return "examine"


@scoped
def delete(tenant: Tenant, message_id: UUID, actor: Actor, now: datetime) -> bool:
    """Remove the content for good; the record stays as trace. False where none was left."""
    with transaction.atomic():
        message = locked(message_id, actor)
        if actor.role == RECIPIENT:
            raise NotPermitted(actor.name)
        if message.state not in {MessageState.QUARANTINED, MessageState.CLOSED}:
            raise UnderWay(message.queue_id)
        removed, _ = Content.objects.filter(message=message).delete()
        if message.state == MessageState.QUARANTINED:
            advance(message, MessageState.CLOSED)
        elif not removed:
            return False
        message.keep_original = False
        message.save(update_fields=["state", "keep_original"])
        note(message, actor, EventKind.DELETED, now)
    return True


def locked(message_id: UUID, actor: Actor) -> StoredMessage:
    """The message's row, locked, if this person may act on it; inside a transaction."""
    message = StoredMessage.objects.select_for_update().filter(id=message_id).first()
    if message is None:
        raise UnknownMessage(message_id.hex)
    if not may_act(actor.role, message):
        raise NotPermitted(actor.name)
    return message


def note(
    message: StoredMessage,
    actor: Actor,
    kind: EventKind,
    now: datetime,
    facts: Mapping[str, object] = _NO_FACTS,
) -> None:
    """The step in the trace and the entry in the audit log, inside the caller's transaction."""
    data = {"by": actor.name, **facts}
    Event.objects.create(message=message, at=now, kind=kind, data=data)
    record(
        actor=actor.name[:254],
        action=f"quarantine.{kind.value}",
        subject=message.queue_id,
        address=actor.address,
        after={"role": actor.role, **facts},
    )
