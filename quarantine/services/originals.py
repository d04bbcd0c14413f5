"""The original of a mail that was delivered without a part of it, sent after it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from mailsec.celery import enqueue
from mailsec.gateway.envelope import Client, Direction, Envelope
from quarantine.choices import EventKind, MessageState
from quarantine.cleaning import clean
from quarantine.errors import NotPermitted, UnderWay
from quarantine.kept import original_recipients
from quarantine.models import StoredMessage
from quarantine.permissions import Actor, may_let_through
from quarantine.selectors import original
from quarantine.services.receive import Arrival, receive
from quarantine.services.release import SHOWN, locked, note
from tenants.models import Tenant
from tenants.scope import scoped

MOST_WORDS = 500
_ON_THEIR_WAY = (MessageState.RECEIVED, MessageState.WAITING, MessageState.SHUNTED)


@dataclass(frozen=True, slots=True)
class OriginalRelease:
    """What an administrator asks for: whom it goes to (None for all), and why, in free words.

    ``files_allowed``: forbidden file types are let through.
    """

    recipients: Collection[str] | None = None
    files_allowed: bool = False
    why: str = ""


@scoped
def release_original(
    tenant: Tenant, message_id: UUID, actor: Actor, now: datetime, wish: OriginalRelease
) -> tuple[str, ...]:
    """Send the whole mail to those who got it without a part of it; returns whom it goes to.

    It becomes a message of its own, linked to the first one, and is examined like any other; what
    is malicious today stays here, and both traces say so. Each recipient gets it once: whoever asks
    again gets nothing more, unless it was refused or bounced. NotPermitted, UnderWay, ContentGone
    and UnknownMessage say why nothing was done.
    """
    with transaction.atomic():
        first = locked(message_id, actor)
        if not may_let_through(actor.role):
            raise NotPermitted(actor.name)
        if first.state in _ON_THEIR_WAY:
            raise UnderWay(first.queue_id)
        wanted = original_recipients(tenant, first)
        if wish.recipients is not None:
            wanted = [each for each in wanted if each in wish.recipients]
        if not wanted:
            return ()
        made = _store(tenant, first, wanted, now)
        StoredMessage.objects.filter(id=made).update(
            release_of=first,
            released_at=now,
            released_by=actor.name,
            restricted=True,
            files_allowed=wish.files_allowed,
            subject=first.subject,
            header_from=first.header_from,
            message_id=first.message_id,
        )
        facts = {
            "message": made.hex,
            "count": len(wanted),
            "recipients": wanted[:SHOWN],
            "files_allowed": wish.files_allowed,
            "why": clean(wish.why, MOST_WORDS),
        }
        note(first, actor, EventKind.ORIGINAL, now, facts)
        transaction.on_commit(lambda: enqueue("examine", tenant.slug, [made]))
    return tuple(wanted)


def _store(tenant: Tenant, first: StoredMessage, recipients: list[str], now: datetime) -> UUID:
    """A new message with the envelope and the bytes of the first one."""
    envelope = Envelope(
        Direction(first.direction),
        Client(first.client_ip, first.client_helo, first.client_tls, first.connector),
        first.sender,
        tuple(recipients),
        smtputf8=first.smtputf8,
    )
    return receive(tenant, [Arrival(envelope, original(tenant, first.id))], now)[0]
