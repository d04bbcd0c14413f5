"""Messages that wait, because an examiner gave no answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from quarantine.choices import EventKind, MessageState
from quarantine.cleaning import clean
from quarantine.models import Event, StoredMessage
from quarantine.services.examination import TO_EXAMINE
from quarantine.states import advance
from tenants.models import Tenant
from tenants.scope import scoped


@dataclass(frozen=True, slots=True)
class Shown:
    """What people look for a message by."""

    subject: str = ""
    header_from: str = ""
    message_id: str = ""


@scoped
def wait(tenant: Tenant, message_id: UUID, reason: str, now: datetime, shown: Shown) -> None:
    """An examiner gave no answer: the message waits and is looked at again, however long.

    It can be found meanwhile by what it shows.
    """
    with transaction.atomic():
        message = (
            StoredMessage.objects.select_for_update()
            .filter(id=message_id, state__in=TO_EXAMINE)
            .first()
        )
        if message is None:
            return
        if message.state == MessageState.RECEIVED:
            advance(message, MessageState.WAITING)
            Event.objects.create(
                message=message, at=now, kind=EventKind.WAITING, data={"reason": reason}
            )
        message.subject = clean(shown.subject, 500)
        message.header_from = clean(shown.header_from, 500)
        message.message_id = clean(shown.message_id, 500)
        message.claimed_until = None
        message.tries = 0
        message.sweep_at = now + timedelta(seconds=settings.EXAMINE_LEASE_SECONDS)
        message.save()
