"""Taking mail into custody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from mailsec.gateway.envelope import Client, Direction, Envelope
from quarantine.choices import ContentKind, DeliveryState, EventKind, MessageState
from quarantine.cleaning import clean
from quarantine.identifiers import new_id
from quarantine.models import Content, Delivery, Event, StoredMessage
from quarantine.sealing import seal
from quarantine.services.arrivals import NewMail, insert
from tenants.keys import key_of
from tenants.models import Tenant
from tenants.scope import scoped
from tenants.service_key import signed_notice


@dataclass(frozen=True, slots=True)
class Arrival:
    """A mail as a listener took it."""

    envelope: Envelope
    raw: bytes


@dataclass(frozen=True, slots=True)
class Notice:
    """A mail of the service's own: delivered as it is stored, nothing is examined.

    ``raw`` has no signature yet: ``store_notice`` signs it. ``about`` is the message that it
    reports on, None where it is about several.
    """

    recipient: str
    raw: bytes
    subject: str
    about: UUID | None
    smtputf8: bool = False


@scoped
def receive(tenant: Tenant, arrivals: Sequence[Arrival], now: datetime) -> list[UUID]:
    """Store these mails, all or none; when this returns, they are committed.

    Several mails share one commit, because connections that wait for their 250 at the same time
    need only one write to the disk. Inside a caller's transaction its commit counts.
    """
    key = key_of(tenant)
    mails = [_new_mail(tenant, key, arrival) for arrival in arrivals]
    sweep_at = now + timedelta(seconds=settings.EXAMINE_LEASE_SECONDS)
    insert(tenant.schema_name, mails, now, sweep_at)
    return [mail.id for mail in mails]


def _new_mail(tenant: Tenant, key: bytes, arrival: Arrival) -> NewMail:
    content_id = new_id()
    sealed = seal(key, tenant.schema_name, content_id, arrival.raw)
    return NewMail(new_id(), content_id, arrival.envelope, len(arrival.raw), sealed)


def store_notice(tenant: Tenant, notice: Notice, now: datetime) -> UUID:
    """Store a mail of our own, ready for delivery, inside the caller's transaction.

    Every notice passes here, so here it is signed: once, for all attempts to deliver it.
    """
    raw = signed_notice(notice.raw, now)
    envelope = Envelope(
        Direction.NOTICE, Client("127.0.0.1"), "", (notice.recipient,), smtputf8=notice.smtputf8
    )
    message = _message(envelope, len(raw), now)
    message.state = MessageState.READY
    message.subject = clean(notice.subject, 500)
    message.about = notice.about
    message.save(force_insert=True)
    _content(tenant, message.id, ContentKind.ORIGINAL, raw).save(force_insert=True)
    Delivery.objects.create(
        message=message,
        recipient=notice.recipient,
        state=DeliveryState.QUEUED,
        next_attempt_at=now,
        sweep_at=now + timedelta(seconds=settings.SWEEP_SECONDS),
    )
    Event.objects.create(message=message, at=now, kind=EventKind.RECEIVED)
    return message.id


def _message(envelope: Envelope, size: int, now: datetime) -> StoredMessage:
    client = envelope.client
    return StoredMessage(
        id=new_id(),
        direction=envelope.direction.value,
        state=MessageState.RECEIVED,
        received_at=now,
        client_ip=client.ip,
        client_helo=clean(client.helo, 255),
        client_tls=client.tls,
        connector=clean(client.connector, 60),
        smtputf8=envelope.smtputf8,
        sender=envelope.sender,
        size=size,
        sweep_at=now + timedelta(seconds=settings.EXAMINE_LEASE_SECONDS),
    )


def _content(tenant: Tenant, message_id: UUID, kind: ContentKind, data: bytes) -> Content:
    content_id = new_id()
    return Content(
        id=content_id,
        message_id=message_id,
        kind=kind,
        sealed=seal(key_of(tenant), tenant.schema_name, content_id, data),
        size=len(data),
    )
