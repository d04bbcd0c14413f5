"""Taking mail into custody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from mailsec.gateway.envelope import Client, Direction, Envelope
from quarantine.choices import ContentKind, DeliveryState, EventKind, MessageState
from quarantine.cleaning import clean
from quarantine.identifiers import new_id
from quarantine.models import Content, Delivery, Event, StoredMessage
from quarantine.sealing import seal
from tenants.keys import key_of
from tenants.models import Tenant
from tenants.scope import scoped


@dataclass(frozen=True, slots=True)
class Arrival:
    """A mail as a listener took it."""

    envelope: Envelope
    raw: bytes


@dataclass(frozen=True, slots=True)
class Notice:
    """A mail of the service's own: delivered as it is, nothing is examined."""

    recipient: str
    raw: bytes
    subject: str
    about: UUID
    smtputf8: bool = False


@scoped
def receive(tenant: Tenant, arrivals: Sequence[Arrival], now: datetime) -> list[UUID]:
    """Store these mails in one transaction; when this returns, all of them are committed.

    Several mails share one commit, because connections that wait for their 250 at the same time
    need only one write to the disk.
    """
    key = key_of(tenant)
    messages, contents, deliveries, events = [], [], [], []
    for arrival in arrivals:
        message = _message(arrival.envelope, len(arrival.raw), now)
        messages.append(message)
        contents.append(_content(tenant, key, message, ContentKind.ORIGINAL, arrival.raw))
        deliveries += [
            Delivery(message=message, recipient=recipient, state=DeliveryState.PENDING)
            for recipient in dict.fromkeys(arrival.envelope.recipients)
        ]
        events.append(Event(message=message, at=now, kind=EventKind.RECEIVED))
    with transaction.atomic():
        StoredMessage.objects.bulk_create(messages)
        Content.objects.bulk_create(contents)
        Delivery.objects.bulk_create(deliveries)
        Event.objects.bulk_create(events)
    return [message.id for message in messages]


def store_notice(tenant: Tenant, notice: Notice, now: datetime) -> UUID:
    """Store a mail of our own, ready for delivery, inside the caller's transaction."""
    envelope = Envelope(
        Direction.NOTICE, Client("127.0.0.1"), "", (notice.recipient,), smtputf8=notice.smtputf8
    )
    message = _message(envelope, len(notice.raw), now)
    message.state = MessageState.READY
    message.subject = clean(notice.subject, 500)
    message.about = notice.about
    message.save(force_insert=True)
    _content(tenant, key_of(tenant), message, ContentKind.ORIGINAL, notice.raw).save(
        force_insert=True
    )
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


def _content(
    tenant: Tenant, key: bytes, message: StoredMessage, kind: ContentKind, data: bytes
) -> Content:
    content_id = new_id()
    return Content(
        id=content_id,
        message=message,
        kind=kind,
        sealed=seal(key, tenant.schema_name, content_id, data),
        size=len(data),
    )


def store_outgoing(tenant: Tenant, message: StoredMessage, data: bytes) -> None:
    """Store the form that leaves, once, inside the caller's transaction."""
    _content(tenant, key_of(tenant), message, ContentKind.OUTGOING, data).save(force_insert=True)
