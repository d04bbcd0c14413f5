"""What senders are told of their outbound mail: each news once, stored with the mail that tells it.

Whoever finds news, an examining worker or the sweep, may tell them; the row's lock decides.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from mailsec.gateway.outbound.recipients import is_outside
from policies.selectors import current_policy
from quarantine.choices import DeliveryState, EventKind, MessageState
from quarantine.models import Delivery, Event, Hold, Processing, Stop, StoredMessage
from quarantine.services.receive import Notice, store_notice
from tenants.models import Tenant
from tenants.scope import scoped

_MOST = 15  # news of each kind that one sweep tells; the next one follows at once
# More of one sender's mail than a person would send again within this time.
_MOST_STOPS, _STOPS_WITHIN = 20, timedelta(hours=1)
_UNDECIDED = (DeliveryState.PENDING, DeliveryState.HELD)
_UNDER_WAY = (MessageState.RECEIVED, MessageState.WAITING, MessageState.SHUNTED)
_GIVEN_UP = (DeliveryState.DISCARDED, DeliveryState.WITHHELD)


class News(StrEnum):
    """What there may be to tell."""

    HELD = "held"
    REMINDER = "reminder"
    PARTLY = "partly"
    ENDED = "ended"
    PROCESSED = "processed"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody else than the sender did with some of the copies that waited."""

    by: str
    approved: bool
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """A mail as the texts speak of it. ``hold`` and the like are None where there was none.

    ``discarded`` and ``going`` are the recipients outside whose copies were given up, or go out,
    ``stopped`` those whose copies are in quarantine, wherever they are;
    ``decided_by`` ended the hold; ``decisions`` are others', before its end and not told yet.
    """

    message: StoredMessage
    hold: Hold | None
    processing: Processing | None
    waiting: tuple[str, ...]
    going: tuple[str, ...]
    discarded: tuple[str, ...]
    decided_by: str = ""
    decisions: tuple[Decision, ...] = ()
    stop: Stop | None = None
    stopped: tuple[str, ...] = ()


Write = Callable[[News, Told], Sequence[Notice]]


@scoped
def untold(
    tenant: Tenant,
    now: datetime,
    ids: Collection[UUID] | None = None,
    but: Collection[UUID] = (),
) -> list[tuple[UUID, News]]:
    """What senders have not been told yet of these mails, or of all ``but`` some, oldest first."""
    among = (Q() if ids is None else Q(message_id__in=ids)) & ~Q(message_id__in=but)
    holds = Hold.objects.filter(among).order_by("held_at")
    # What waits is no news: it would keep the mails that left from being told of.
    over = Q(message__hold=None) | Q(message__hold__ended_at__isnull=False)
    over &= ~Q(message__state__in=_UNDER_WAY)
    processed = Processing.objects.filter(among, over, told_at=None).order_by("made_at")
    stops = Stop.objects.filter(among, told_at=None, message__state=MessageState.QUARANTINED)
    reminding = Q(ended_at=None, told_at__isnull=False, reminded_at=None, remind_at__lte=now)
    queries = [
        (News.HELD, holds.filter(told_at=None)),
        (News.REMINDER, holds.filter(reminding)),
        (News.PARTLY, holds.filter(to_tell__isnull=False)),
        (News.ENDED, holds.filter(ending_told_at=None, ended_at__isnull=False)),
        (News.PROCESSED, processed),
        (News.STOPPED, stops.order_by("made_at")),
    ]
    return [
        (message_id, news)
        for news, rows in queries
        for message_id in rows.values_list("message_id", flat=True)[:_MOST]
    ]


@scoped
def tell(
    tenant: Tenant, message_id: UUID, news: News, write: Write, now: datetime
) -> list[UUID] | None:
    """Store the notices that ``write`` makes of this news, once; returns their ids.

    None where it is no news any more, or not yet: nothing is written then. ``write`` may make none:
    then the news count as told.
    """
    with transaction.atomic():
        message = StoredMessage.objects.select_for_update().filter(id=message_id).first()
        if message is None:
            return None
        told = _told(tenant, message)
        if not _is_due(told, news, now):
            return None
        written = () if _is_flood(told, news, now) else write(news, told)
        notices = [store_notice(tenant, notice, now) for notice in written]
        _mark(told, news, now)
        if news is News.REMINDER:
            Event.objects.create(message=message, at=now, kind=EventKind.REMINDED)
    return notices


def _is_flood(told: Told, news: News, now: datetime) -> bool:
    """Whether this sender's mail was stopped so often that a program must have sent it.

    Whoever stole the account would fill the owner's mailbox. The quarantine shows all of it.
    """
    if news is not News.STOPPED:
        return False
    recent = Stop.objects.filter(sender=told.message.sender, told_at__gt=now - _STOPS_WITHIN)
    return recent.count() >= _MOST_STOPS


def _told(tenant: Tenant, message: StoredMessage) -> Told:
    own = current_policy(tenant).own_domains
    copies = list(Delivery.objects.filter(message=message))
    far = [copy for copy in copies if is_outside(copy.recipient, own)]
    hold = Hold.objects.filter(message=message).first()
    undecided, given_up = frozenset(_UNDECIDED), frozenset(_GIVEN_UP)
    return Told(
        message=message,
        hold=hold,
        processing=Processing.objects.filter(message=message).first(),
        waiting=tuple(copy.recipient for copy in far if copy.state in undecided),
        going=tuple(copy.recipient for copy in far if copy.state not in undecided | given_up),
        discarded=tuple(copy.recipient for copy in far if copy.state in given_up),
        decided_by=hold.ended_by if hold else "",
        decisions=tuple(
            Decision(each["by"], each["kind"] == EventKind.APPROVED, tuple(each["recipients"]))
            for each in (hold and hold.to_tell) or ()
        ),
        stop=Stop.objects.filter(message=message).first(),
        stopped=tuple(copy.recipient for copy in copies if copy.state == DeliveryState.WITHHELD),
    )


def _is_due(told: Told, news: News, now: datetime) -> bool:
    hold, processing = told.hold, told.processing
    if news is News.PROCESSED:
        # Of mail that is held the sender hears when it leaves; what is given up is no news.
        return processing is not None and processing.told_at is None and not told.waiting
    if news is News.STOPPED:
        kept = told.message.state == MessageState.QUARANTINED
        return kept and told.stop is not None and told.stop.told_at is None
    if hold is None:
        return False
    if news is News.HELD:
        return hold.told_at is None
    if news is News.PARTLY:
        return bool(told.decisions)
    if news is News.REMINDER:
        return hold.ended_at is None and hold.reminded_at is None and hold.remind_at <= now
    return hold.ended_at is not None and hold.ending_told_at is None


def _mark(told: Told, news: News, now: datetime) -> None:
    if news is News.PROCESSED and told.processing is not None:
        told.processing.told_at = now
        told.processing.save(update_fields=["told_at"])
        return
    if news is News.STOPPED:
        Stop.objects.filter(message=told.message).update(told_at=now)
        return
    if news is News.PARTLY:
        Hold.objects.filter(message=told.message).update(to_tell=None)
        return
    field = {News.HELD: "told_at", News.REMINDER: "reminded_at", News.ENDED: "ending_told_at"}[news]
    Hold.objects.filter(message=told.message).update(**{field: now})
