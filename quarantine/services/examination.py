"""What looking at a message leads to: claim and outcome; see ``waiting`` for no answer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from mailsec.gateway.envelope import Client, Direction, Envelope
from mailsec.gateway.verdict import Decision, Disposition, Finding, Verdict
from quarantine.authentication import as_json
from quarantine.choices import DeliveryState, EventKind, MessageState
from quarantine.cleaning import clean, clean_detail
from quarantine.identifiers import new_id
from quarantine.models import Content, Event, Stop, StoredMessage
from quarantine.sealing import seal
from quarantine.services.treating import Treatment, store_treatment
from quarantine.statements import awaited, fetch
from tenants.keys import key_of
from tenants.models import Tenant
from tenants.scope import scoped

TO_EXAMINE = (MessageState.RECEIVED, MessageState.WAITING)

# The lease is a hint against double work, not a promise, so its commit need not reach the disk.
_CLAIM = """
WITH free AS MATERIALIZED (
    SELECT message.id FROM {unawaited}, {messages} AS message
    WHERE message.id = ANY(%b::uuid[]) AND state IN ({message_received}, {message_waiting})
        AND (claimed_until IS NULL OR claimed_until < %b)
    FOR UPDATE OF message SKIP LOCKED
)
UPDATE {messages} AS message
SET claimed_until = %b, sweep_at = %b, tries = tries + 1
FROM free WHERE message.id = free.id
RETURNING message.id, direction, received_at, host(client_ip), client_helo, client_tls, connector,
    smtputf8, sender, COALESCE(NULLIF(ARRAY(
        SELECT recipient::text FROM {deliveries} AS copy
        WHERE copy.message_id = message.id AND copy.state = {copy_pending} ORDER BY copy.id
    ), '{{}}'), ARRAY(
        SELECT recipient::text FROM {deliveries} AS copy
        WHERE copy.message_id = message.id ORDER BY copy.id
    )), released_at IS NOT NULL, verdict, spam_score, restricted, files_allowed,
    release_of_id IS NOT NULL
"""
# What was found in a released message takes the place of what was found before.
_RECORD = """
WITH message AS (
    UPDATE {messages} AS message
    SET state = %b, subject = %b, header_from = %b, message_id = %b, policy_version = %b,
        verdict = %b, spam_score = %b, authentication = %b::text::jsonb, restricted = %b,
        trace_header = %b, changed = %b, keep_original = %b, claimed_until = NULL, sweep_at = NULL
    FROM {unawaited}
    WHERE id = %b AND state IN ({message_received}, {message_waiting})
    RETURNING id
), copies AS (
    UPDATE {deliveries} AS copy SET state = %b, next_attempt_at = %b, sweep_at = %b
    FROM message WHERE copy.message_id = message.id AND copy.state = {copy_pending}
), outgoing AS (
    INSERT INTO {contents} (message_id, kind, id, sealed, size)
    SELECT message.id, {content_outgoing}, content.*
    FROM message, (SELECT %b::uuid, %b::bytea, %b::int4) AS content (id, sealed, size)
    WHERE content.id IS NOT NULL
), forgotten AS (
    DELETE FROM {findings} AS finding USING message
    WHERE finding.message_id = message.id AND %b
), found AS (
    INSERT INTO {findings} (message_id, check_name, code, severity, part, detail)
    SELECT message.id, check_name, code, severity, part, detail::jsonb
    FROM message, unnest(%b::text[], %b::text[], %b::text[], %b::int4[], %b::text[])
        AS finding (check_name, code, severity, part, detail)
)
INSERT INTO {events} (message_id, at, kind, data)
SELECT id, %b::timestamptz, %b::text, %b::text::jsonb FROM message
RETURNING message_id
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What look, decide and change made of one message.

    ``outgoing`` is the whole changed message, None where only ``trace_header`` is put on top. For a
    ``released`` message what was found now takes the place of what was found before. An
    ``is_original`` one that may not leave is closed: the first message keeps the bytes.
    ``treatment`` is there where the copies of an outbound mail are not all alike. ``tells_sender``:
    a person sent it, who would not know that it stays in quarantine.
    """

    verdict: Verdict
    decision: Decision
    trace_header: bytes
    outgoing: bytes | None
    policy_version: int
    subject: str
    header_from: str
    message_id: str
    released: bool = False
    is_original: bool = False
    treatment: Treatment | None = None
    tells_sender: bool = False

    @property
    def leaves(self) -> bool:
        """Whether a copy of it is to be sent now: not where all are held or in quarantine."""
        if self.decision.disposition == Disposition.QUARANTINE:
            return False
        return self.treatment is None or not self.treatment.holds_all


@dataclass(frozen=True, slots=True)
class Before:
    """What was said of a message that somebody released since, and how it was released.

    ``files_allowed``: forbidden file types are let through. ``is_original``: it follows the mail
    that lacked a part of it.
    """

    verdict: str
    spam_score: float | None
    restricted: bool
    files_allowed: bool = False
    is_original: bool = False


@dataclass(frozen=True, slots=True)
class Examining:
    """A message that this worker alone looks at for the time of its lease.

    The envelope names the recipients whose copies wait: a release may be for some of them only.
    ``before`` is None where nobody released it.
    """

    id: UUID
    received_at: datetime
    envelope: Envelope
    before: Before | None = None

    @property
    def queue_id(self) -> str:
        """The identifier as it stands in the 250 reply, in Received and in the logs."""
        return self.id.hex


@scoped
def claim_examination(tenant: Tenant, ids: Sequence[UUID], now: datetime) -> list[Examining]:
    """Take a lease on looking at those of these messages that nobody looks at."""
    lease = now + timedelta(seconds=settings.EXAMINE_LEASE_SECONDS)
    rows = fetch(_CLAIM, tenant.schema_name, [list(ids), now, lease, lease])
    return [_claimed(*row) for row in sorted(rows)]


def _claimed(
    message_id: UUID,
    direction: str,
    received_at: datetime,
    ip: str,
    helo: str,
    tls: str,
    connector: str,
    smtputf8: bool,
    sender: str,
    recipients: list[str],
    released: bool,
    *said: Any,
) -> Examining:
    client = Client(ip, helo, tls, connector)
    envelope = Envelope(Direction(direction), client, sender, tuple(recipients), smtputf8=smtputf8)
    before = Before(*said) if released else None
    return Examining(message_id, received_at, envelope, before)


@scoped
def record_outcome(tenant: Tenant, message_id: UUID, outcome: Outcome, now: datetime) -> bool:
    """Store what was decided, once; False where another worker had already done so.

    It is one statement, but for refused originals, mail whose copies are treated, and mail whose
    sender is told that it does not leave. Its commit is not awaited: were it lost, the sweep would
    have the mail looked at again, and no delivery is settled before it is on the disk. That of
    treated copies is.
    """
    if outcome.decision.disposition != Disposition.QUARANTINE:
        return _let_go(tenant, message_id, outcome, now)
    if outcome.is_original:
        return _refuse(tenant, message_id, outcome, now)
    return _keep_back(tenant, message_id, outcome, now)


def _keep_back(tenant: Tenant, message_id: UUID, outcome: Outcome, now: datetime) -> bool:
    step = (MessageState.QUARANTINED, EventKind.QUARANTINED)
    if not outcome.tells_sender:
        return _record(tenant, message_id, outcome, step, now)
    with transaction.atomic():
        if not _record(tenant, message_id, outcome, step, now):
            return False
        sender = StoredMessage.objects.values_list("sender", flat=True).get(id=message_id)
        Stop.objects.get_or_create(
            message_id=message_id, defaults={"sender": sender, "made_at": now}
        )
    return True


def _let_go(tenant: Tenant, message_id: UUID, outcome: Outcome, now: datetime) -> bool:
    treatment = outcome.treatment
    if treatment is None:
        return _record(tenant, message_id, outcome, (MessageState.READY, EventKind.EXAMINED), now)
    state = MessageState.READY if outcome.leaves else MessageState.HELD
    with transaction.atomic():
        if not _record(tenant, message_id, outcome, (state, EventKind.EXAMINED), now):
            return False
        store_treatment(tenant, message_id, treatment, now)
        awaited(tenant.schema_name)
    return True


def _record(
    tenant: Tenant,
    message_id: UUID,
    outcome: Outcome,
    step: tuple[MessageState, EventKind],
    now: datetime,
) -> bool:
    state, event = step
    leaves = state in (MessageState.READY, MessageState.HELD)
    parameters = [
        *_message_columns(outcome, state),
        message_id,
        *_copy_columns(leaves, now),
        *_outgoing_columns(tenant, outcome.outgoing if leaves else None),
        outcome.released,
        *_finding_columns(outcome.verdict.findings),
        *(now, event.value, json.dumps(_summary(outcome))),
    ]
    return bool(fetch(_RECORD, tenant.schema_name, parameters))


def _refuse(tenant: Tenant, message_id: UUID, outcome: Outcome, now: datetime) -> bool:
    """End an original's message; the first one's trace tells of it too, and it keeps the bytes."""
    with transaction.atomic():
        step = (MessageState.CLOSED, EventKind.REFUSED)
        if not _record(tenant, message_id, outcome, step, now):
            return False
        Content.objects.filter(message_id=message_id).delete()
        first = StoredMessage.objects.get(id=message_id).release_of_id
        if first is not None:
            data = {"message": message_id.hex, **_summary(outcome)}
            Event.objects.create(message_id=first, at=now, kind=EventKind.REFUSED, data=data)
    return True


def _message_columns(outcome: Outcome, state: MessageState) -> list[object]:
    return [
        state.value,
        clean(outcome.subject, 500),
        clean(outcome.header_from, 500),
        clean(outcome.message_id, 500),
        outcome.policy_version,
        outcome.decision.label.value,
        outcome.verdict.spam_score,
        json.dumps(as_json(outcome.verdict.authentication)),
        outcome.decision.restricted,
        outcome.trace_header,
        outcome.outgoing is not None,
        outcome.decision.keep_original and not outcome.is_original,
    ]


def _copy_columns(leaves: bool, now: datetime) -> tuple[str, datetime | None, datetime | None]:
    if not leaves:
        return DeliveryState.WITHHELD.value, None, None
    return DeliveryState.QUEUED.value, now, now + timedelta(seconds=settings.SWEEP_SECONDS)


def _outgoing_columns(
    tenant: Tenant, outgoing: bytes | None
) -> tuple[UUID | None, bytes | None, int]:
    """The form that leaves, stored once; most mail leaves as it came and has none."""
    if outgoing is None:
        return None, None, 0
    content_id = new_id()
    sealed = seal(key_of(tenant), tenant.schema_name, content_id, outgoing)
    return content_id, sealed, len(outgoing)


def _finding_columns(findings: Sequence[Finding]) -> list[object]:
    return [
        [finding.check for finding in findings],
        [finding.code for finding in findings],
        [finding.severity.value for finding in findings],
        [finding.part for finding in findings],
        [json.dumps(clean_detail(finding.detail)) for finding in findings],
    ]


def _summary(outcome: Outcome) -> dict[str, object]:
    return {
        "disposition": outcome.decision.disposition.value,
        "removed": len(outcome.decision.remove),
        "reasons": [
            {
                "code": finding.code,
                "severity": finding.severity.value,
                "detail": clean_detail(finding.detail),
            }
            for finding in outcome.decision.reasons[:20]
        ],
        "policy": outcome.policy_version,
        "score": outcome.verdict.spam_score,
    }
