"""What looking at a message leads to: claim, wait, outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q

from mailsec.gateway.verdict import Decision, Disposition, Finding, Verdict
from quarantine.choices import DeliveryState, EventKind, MessageState
from quarantine.cleaning import clean, clean_detail
from quarantine.models import Delivery, Event, FindingRow, StoredMessage
from quarantine.services.receive import store_outgoing
from quarantine.states import advance
from tenants.models import Tenant
from tenants.scope import scoped

TO_EXAMINE = (MessageState.RECEIVED, MessageState.WAITING)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What look, decide and change made of one message.

    ``outgoing`` is the whole changed message, None where only ``trace_header`` is put on top.
    """

    verdict: Verdict
    decision: Decision
    trace_header: bytes
    outgoing: bytes | None
    policy_version: int
    subject: str
    header_from: str
    message_id: str


@scoped
def claim_examination(tenant: Tenant, ids: Sequence[UUID], now: datetime) -> list[StoredMessage]:
    """Take a lease on looking at those of these messages that nobody looks at.

    The lease is a hint against double work, not a promise, so its commit need not reach the disk.
    """
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit = off")
        found = list(
            StoredMessage.objects.select_for_update(skip_locked=True).filter(
                free, id__in=ids, state__in=TO_EXAMINE
            )
        )
        lease = now + timedelta(seconds=settings.EXAMINE_LEASE_SECONDS)
        StoredMessage.objects.filter(id__in=[message.id for message in found]).update(
            claimed_until=lease, sweep_at=lease, tries=F("tries") + 1
        )
    return found


@scoped
def record_outcome(tenant: Tenant, message_id: UUID, outcome: Outcome, now: datetime) -> bool:
    """Store what was decided, once; False where another worker had already done so."""
    with transaction.atomic():
        message = (
            StoredMessage.objects.select_for_update()
            .filter(id=message_id, state__in=TO_EXAMINE)
            .first()
        )
        if message is None:
            return False
        quarantined = outcome.decision.disposition == Disposition.QUARANTINE
        advance(message, MessageState.QUARANTINED if quarantined else MessageState.READY)
        _describe(message, outcome)
        message.save()
        _store_findings(message, outcome.verdict.findings)
        if outcome.outgoing is not None and not quarantined:
            store_outgoing(tenant, message, outcome.outgoing)
        _set_deliveries(message, quarantined, now)
        Event.objects.create(
            message=message,
            at=now,
            kind=EventKind.QUARANTINED if quarantined else EventKind.EXAMINED,
            data=_summary(outcome),
        )
    return True


def _describe(message: StoredMessage, outcome: Outcome) -> None:
    message.subject = clean(outcome.subject, 500)
    message.header_from = clean(outcome.header_from, 500)
    message.message_id = clean(outcome.message_id, 500)
    message.policy_version = outcome.policy_version
    message.trace_header = outcome.trace_header
    message.changed = outcome.outgoing is not None
    message.keep_original = outcome.decision.keep_original
    message.claimed_until = None
    message.sweep_at = None


def _store_findings(message: StoredMessage, findings: Sequence[Finding]) -> None:
    if findings:
        FindingRow.objects.bulk_create(
            FindingRow(
                message=message,
                check_name=finding.check,
                code=finding.code,
                severity=finding.severity.value,
                part=finding.part,
                detail=clean_detail(finding.detail),
            )
            for finding in findings
        )


def _set_deliveries(message: StoredMessage, quarantined: bool, now: datetime) -> None:
    pending = Delivery.objects.filter(message=message, state=DeliveryState.PENDING)
    if quarantined:
        pending.update(state=DeliveryState.WITHHELD)
    else:
        pending.update(
            state=DeliveryState.QUEUED,
            next_attempt_at=now,
            sweep_at=now + timedelta(seconds=settings.SWEEP_SECONDS),
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
    }


@scoped
def wait(tenant: Tenant, message_id: UUID, reason: str, now: datetime) -> None:
    """An examiner gave no answer: the message waits and is looked at again, however long."""
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
        message.claimed_until = None
        message.tries = 0
        message.sweep_at = now + timedelta(seconds=settings.EXAMINE_LEASE_SECONDS)
        message.save(update_fields=["state", "claimed_until", "tries", "sweep_at"])
