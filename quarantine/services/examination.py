"""What looking at a message leads to: claim, wait, outcome."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import nullcontext
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
from quarantine.models import Event, FindingRow, StoredMessage
from quarantine.services.receive import store_outgoing
from quarantine.statements import fetch
from quarantine.states import advance
from tenants.models import Tenant
from tenants.scope import scoped

TO_EXAMINE = (MessageState.RECEIVED, MessageState.WAITING)

# The lease is a hint against double work, not a promise, so its commit need not reach the disk.
_CLAIM = """
WITH free AS MATERIALIZED (
    SELECT message.id FROM {unawaited}, {messages} AS message
    WHERE message.id = ANY(%b::uuid[]) AND state = ANY(%b::text[])
        AND (claimed_until IS NULL OR claimed_until < %b)
    FOR UPDATE OF message SKIP LOCKED
)
UPDATE {messages} AS message
SET claimed_until = %b, sweep_at = %b, tries = tries + 1
FROM free WHERE message.id = free.id
RETURNING message.id, direction, received_at, host(client_ip), client_helo, client_tls, connector,
    smtputf8, sender, COALESCE(NULLIF(ARRAY(
        SELECT recipient::text FROM {deliveries} AS copy
        WHERE copy.message_id = message.id AND copy.state = %b ORDER BY copy.id
    ), '{{}}'), ARRAY(
        SELECT recipient::text FROM {deliveries} AS copy
        WHERE copy.message_id = message.id ORDER BY copy.id
    )), released_at IS NOT NULL, verdict, spam_score, restricted
"""
_RECORD = """
WITH message AS (
    UPDATE {messages} AS message
    SET state = %b, subject = %b, header_from = %b, message_id = %b, policy_version = %b,
        verdict = %b, spam_score = %b, authentication = %b::text::jsonb, restricted = %b,
        trace_header = %b, changed = %b, keep_original = %b, claimed_until = NULL, sweep_at = NULL
    FROM {unawaited}
    WHERE id = %b AND state = ANY(%b::text[])
    RETURNING id
), copies AS (
    UPDATE {deliveries} AS copy SET state = %b, next_attempt_at = %b, sweep_at = %b
    FROM message WHERE copy.message_id = message.id AND copy.state = %b
)
INSERT INTO {events} (message_id, at, kind, data)
SELECT id, %b::timestamptz, %b::text, %b::text::jsonb FROM message
RETURNING message_id
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What look, decide and change made of one message.

    ``outgoing`` is the whole changed message, None where only ``trace_header`` is put on top. For a
    ``released`` message what was found now takes the place of what was found before.
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


@dataclass(frozen=True, slots=True)
class Before:
    """What was said of a message that somebody released since."""

    verdict: str
    spam_score: float | None
    restricted: bool


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
    states, pending = [state.value for state in TO_EXAMINE], DeliveryState.PENDING.value
    rows = fetch(_CLAIM, tenant.schema_name, [list(ids), states, now, lease, lease, pending])
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

    A clean mail is one statement. Its commit is not awaited: were it lost, the sweep would have the
    mail looked at again, and no delivery is settled before it is on the disk.
    """
    quarantined = outcome.decision.disposition == Disposition.QUARANTINE
    outgoing = None if quarantined else outcome.outgoing
    findings = outcome.verdict.findings
    several = findings or outgoing is not None or outcome.released
    with transaction.atomic() if several else nullcontext():
        parameters = _outcome_parameters(message_id, outcome, quarantined, now)
        if not fetch(_RECORD, tenant.schema_name, parameters):
            return False
        if outcome.released:
            FindingRow.objects.filter(message_id=message_id).delete()
        if findings:
            _store_findings(message_id, findings)
        if outgoing is not None:
            store_outgoing(tenant, message_id, outgoing)
    return True


def _outcome_parameters(
    message_id: UUID, outcome: Outcome, quarantined: bool, now: datetime
) -> list[object]:
    event = EventKind.QUARANTINED if quarantined else EventKind.EXAMINED
    copies = DeliveryState.WITHHELD if quarantined else DeliveryState.QUEUED
    return [
        (MessageState.QUARANTINED if quarantined else MessageState.READY).value,
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
        outcome.decision.keep_original,
        message_id,
        [state.value for state in TO_EXAMINE],
        copies.value,
        None if quarantined else now,
        None if quarantined else now + timedelta(seconds=settings.SWEEP_SECONDS),
        DeliveryState.PENDING.value,
        *(now, event.value, json.dumps(_summary(outcome))),
    ]


def _store_findings(message_id: UUID, findings: Sequence[Finding]) -> None:
    FindingRow.objects.bulk_create(
        FindingRow(
            message_id=message_id,
            check_name=finding.check,
            code=finding.code,
            severity=finding.severity.value,
            part=finding.part,
            detail=clean_detail(finding.detail),
        )
        for finding in findings
    )


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
