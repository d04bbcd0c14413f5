"""The rows of new mail, written in bulk: one statement and one round trip, whatever their number.

It takes one array per column, so that its text stays the same for any number of mails. Alone, it is
a transaction of its own: when it returns, the rows are on the disk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mailsec.gateway.envelope import Envelope
from quarantine.choices import ContentKind, DeliveryState, EventKind, MessageState
from quarantine.cleaning import clean
from quarantine.statements import execute

# Foreign keys are looked at when all parts are done, and each part runs once, whether its rows are
# read or not (PostgreSQL manual, "Data-Modifying Statements in WITH").
_INSERT = """
WITH messages AS (
    INSERT INTO {messages} (
        state, received_at, sweep_at,
        id, direction, client_ip, client_helo, client_tls, connector, smtputf8, sender, size,
        subject, header_from, message_id, policy_version, changed, keep_original, trace_header,
        error, tries)
    SELECT
        %b::text, %b::timestamptz, %b::timestamptz,
        new.*, '', '', '', 0, false, false, '', '', 0
    FROM unnest(
        %b::uuid[], %b::text[], %b::inet[], %b::text[], %b::text[], %b::text[], %b::bool[],
        %b::text[], %b::int4[]) AS new
), contents AS (
    INSERT INTO {contents} (kind, id, message_id, sealed, size)
    SELECT %b::text, new.* FROM unnest(%b::uuid[], %b::uuid[], %b::bytea[], %b::int4[]) AS new
), events AS (
    INSERT INTO {events} (kind, at, data, message_id)
    SELECT %b::text, %b::timestamptz, '{{}}', unnest(%b::uuid[])
)
INSERT INTO {deliveries} (
    state, message_id, recipient, attempts, delay_told, remote_host, remote_tls, remote_code,
    remote_status, remote_reply)
SELECT %b::text, new.*, 0, false, '', '', 0, '', '' FROM unnest(%b::uuid[], %b::text[]) AS new
"""


@dataclass(frozen=True, slots=True)
class NewMail:
    """A mail with the ids of its rows; ``sealed`` is its content, encrypted for ``content_id``."""

    id: UUID
    content_id: UUID
    envelope: Envelope
    size: int
    sealed: bytes


def insert(schema: str, mails: Sequence[NewMail], now: datetime, sweep_at: datetime) -> None:
    """Write messages, contents, copies and events: all or none of them."""
    ids = [mail.id for mail in mails]
    parameters = [
        *(MessageState.RECEIVED.value, now, sweep_at, ids),
        *_message_columns(mails),
        ContentKind.ORIGINAL.value,
        [mail.content_id for mail in mails],
        ids,
        [mail.sealed for mail in mails],
        [mail.size for mail in mails],
        *(EventKind.RECEIVED.value, now, ids),
        DeliveryState.PENDING.value,
        *_copies(mails),
    ]
    execute(_INSERT, schema, parameters)


def _message_columns(mails: Sequence[NewMail]) -> list[list[object]]:
    envelopes = [mail.envelope for mail in mails]
    clients = [envelope.client for envelope in envelopes]
    return [
        [envelope.direction.value for envelope in envelopes],
        [client.ip for client in clients],
        [clean(client.helo, 255) for client in clients],
        [client.tls for client in clients],
        [clean(client.connector, 60) for client in clients],
        [envelope.smtputf8 for envelope in envelopes],
        [envelope.sender for envelope in envelopes],
        [mail.size for mail in mails],
    ]


def _copies(mails: Sequence[NewMail]) -> tuple[list[UUID], list[str]]:
    """One message id and one recipient for each copy, in the envelope's order."""
    copies = [
        (mail.id, recipient)
        for mail in mails
        for recipient in dict.fromkeys(mail.envelope.recipients)
    ]
    return [message_id for message_id, _ in copies], [recipient for _, recipient in copies]
