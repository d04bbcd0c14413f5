"""What delivery does to copies: claim before the network, settle after it."""

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

from mailsec.gateway.hops import Outcome, Result
from quarantine.choices import DeliveryState, EventKind
from quarantine.cleaning import clean
from quarantine.models import Delivery, Event
from quarantine.services.receive import Notice, store_notice
from quarantine.statements import execute, fetch, together
from tenants.models import Tenant
from tenants.scope import scoped

DUE = (DeliveryState.QUEUED, DeliveryState.DEFERRED)

_CLAIM = """
WITH due AS MATERIALIZED (
    SELECT copy.id
    FROM {unawaited},
        {deliveries} AS copy JOIN {messages} AS message ON message.id = copy.message_id
    WHERE message.id = %b AND message.state = {message_ready}
        AND copy.state IN ({copy_queued}, {copy_deferred}) AND next_attempt_at <= %b
    FOR UPDATE OF copy SKIP LOCKED
)
UPDATE {deliveries} AS copy
SET state = {copy_in_flight}, claimed_at = %b, attempts = attempts + 1, sweep_at = %b
FROM due WHERE copy.id = due.id
RETURNING copy.id, recipient, attempts, delay_told, form, (
    SELECT count(*) FROM {deliveries} AS each WHERE each.message_id = copy.message_id
)
"""
_SEVERAL = """unnest(
        %b::int8[], %b::int2[], %b::text[], %b::timestamptz[], %b::timestamptz[], %b::text[],
        %b::text[], %b::int2[], %b::text[], %b::text[]
    ) AS result (id, attempt, state, retry_at, finished_at, host, tls, code, enhanced, reply)"""
_ONE = """(SELECT
        %b::int8, %b::int2, %b::text, %b::timestamptz, %b::timestamptz, %b::text,
        %b::text, %b::int2, %b::text, %b::text
    ) AS result (id, attempt, state, retry_at, finished_at, host, tls, code, enhanced, reply)"""
# The message's lock comes first: whoever settles its last copy sees what all others did, and closes
# it. A result counts only for its own attempt: after the lease another worker may have taken over.
_SETTLE = """
WITH message AS MATERIALIZED (
    SELECT id FROM {messages} WHERE id = %b FOR UPDATE
), settled AS (
    UPDATE {deliveries} AS copy
    SET state = result.state, next_attempt_at = retry_at, sweep_at = retry_at, claimed_at = NULL,
        finished_at = result.finished_at, remote_host = host, remote_tls = tls, remote_code = code,
        remote_status = enhanced, remote_reply = reply
    FROM message, RESULTS
    WHERE copy.id = result.id AND attempts = attempt AND copy.state = {copy_in_flight}
)
INSERT INTO {events} (message_id, at, kind, data)
SELECT id, %b::timestamptz, {event_attempted}, %b::text::jsonb FROM message
""".replace("RESULTS", _SEVERAL)
# For a message all of whose copies are settled together nobody else can be at work on any of them,
# so it is closed in the same statement, which is the most frequent case by far.
_SETTLE_WHOLE = """
WITH settled AS (
    UPDATE {deliveries} AS copy
    SET state = result.state, next_attempt_at = retry_at, sweep_at = retry_at, claimed_at = NULL,
        finished_at = result.finished_at, remote_host = host, remote_tls = tls, remote_code = code,
        remote_status = enhanced, remote_reply = reply
    FROM RESULTS
    WHERE copy.id = result.id AND attempts = attempt AND copy.state = {copy_in_flight}
    RETURNING copy.state
), closed AS (
    UPDATE {messages} AS message SET state = {message_closed}
    WHERE id = %b AND state = {message_ready} AND (SELECT count(*) FROM settled) = %b
        AND NOT EXISTS (
            SELECT FROM settled
            WHERE settled.state IN ({copy_queued}, {copy_in_flight}, {copy_deferred})
        )
    RETURNING id, keep_original
), removed AS (
    DELETE FROM {contents} AS content USING closed
    WHERE content.message_id = closed.id AND NOT keep_original
)
INSERT INTO {events} (message_id, at, kind, data)
SELECT %b::uuid, %b::timestamptz, {event_attempted}, %b::text::jsonb
UNION ALL SELECT id, %b::timestamptz, {event_closed}, '{{}}' FROM closed
"""
_SETTLE_ALL = _SETTLE_WHOLE.replace("RESULTS", _SEVERAL)
_SETTLE_ONLY = _SETTLE_WHOLE.replace("RESULTS", _ONE)
# Bodies of delivered mail are removed at once (product, 14). What was released for some recipients
# goes back to quarantine for the others; what waits for its sender goes on waiting.
_CLOSE = """
WITH closed AS (
    UPDATE {messages} AS message SET state = CASE WHEN EXISTS (
        SELECT FROM {deliveries} AS held
        WHERE held.message_id = message.id AND held.state = {copy_withheld}
    ) THEN {message_quarantined} WHEN EXISTS (
        SELECT FROM {deliveries} AS held
        WHERE held.message_id = message.id AND held.state = {copy_held}
    ) THEN {message_held} ELSE {message_closed} END
    WHERE id = %b AND state = {message_ready} AND NOT EXISTS (
        SELECT FROM {deliveries} AS copy
        WHERE copy.message_id = message.id
            AND copy.state IN ({copy_queued}, {copy_in_flight}, {copy_deferred})
    )
    RETURNING id, keep_original, message.state
), removed AS (
    DELETE FROM {contents} AS content USING closed
    WHERE content.message_id = closed.id AND closed.state = {message_closed} AND NOT keep_original
)
INSERT INTO {events} (message_id, at, kind, data)
SELECT id, %b::timestamptz,
    CASE state WHEN {message_quarantined} THEN {event_retained} ELSE {event_closed} END, '{{}}'
FROM closed WHERE state <> {message_held}
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """One copy that this worker alone may send now; ``attempt`` fences its result.

    ``form`` names the bytes that leave. ``copies`` is how many the message has in all, whoever
    sends them.
    """

    delivery_id: int
    recipient: str
    attempt: int
    delay_told: bool
    form: str
    copies: int


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of one claimed copy; ``retry_at`` is None for a deferral that is given up."""

    claim: Claimed
    result: Result
    retry_at: datetime | None = None

    @property
    def state(self) -> DeliveryState:
        if self.result.outcome == Outcome.DELIVERED:
            return DeliveryState.DELIVERED
        if self.result.outcome == Outcome.DEFERRED and self.retry_at is not None:
            return DeliveryState.DEFERRED
        return DeliveryState.BOUNCED


@scoped
def claim_deliveries(tenant: Tenant, message_id: UUID, now: datetime) -> list[Claimed]:
    """Mark the message's due copies as being sent, and commit before any network is touched.

    Two workers that ask at once get disjoint copies. A copy whose worker dies stays in flight until
    its lease ends.
    """
    lease_end = now + timedelta(seconds=settings.DELIVERY_LEASE_SECONDS)
    rows = fetch(_CLAIM, tenant.schema_name, [message_id, now, now, lease_end])
    return [Claimed(*row) for row in sorted(rows)]


@scoped
def settle_deliveries(
    tenant: Tenant,
    message_id: UUID,
    settlements: Sequence[Settlement],
    now: datetime,
    notices: Sequence[tuple[EventKind, Notice]] = (),
) -> list[UUID]:
    """Record the results, tell the sender by these notices, and close what is finished.

    One transaction, so that no failure goes without its report and none is reported twice. Returns
    the ids of the notices, which the caller announces to the workers.
    """
    schema = tenant.schema_name
    if settlements and not notices and len(settlements) == settlements[0].claim.copies:
        statement = _SETTLE_ONLY if len(settlements) == 1 else _SETTLE_ALL
        execute(statement, schema, _whole_parameters(message_id, settlements, now))
        return []
    sent = []
    with transaction.atomic(), nullcontext() if notices else together():
        execute(_SETTLE, schema, _settle_parameters(message_id, settlements, now))
        for kind, notice in notices:
            notice_id = store_notice(tenant, notice, now)
            sent.append(notice_id)
            data = {"notice": notice_id.hex, "to": notice.recipient}
            Event.objects.create(message_id=message_id, at=now, kind=kind, data=data)
            if kind == EventKind.DELAY_SENT:
                ids = [settlement.claim.delivery_id for settlement in settlements]
                Delivery.objects.filter(id__in=ids).update(delay_told=True)
        execute(_CLOSE, schema, [message_id, now])
    return sent


def _settle_parameters(
    message_id: UUID, settlements: Sequence[Settlement], now: datetime
) -> list[object]:
    return [message_id, *_columns(settlements, now), now, _attempted(settlements)]


def _whole_parameters(
    message_id: UUID, settlements: Sequence[Settlement], now: datetime
) -> list[object]:
    columns = _columns(settlements, now)
    if len(settlements) == 1:
        columns = [value for (value,) in columns]
    counted = (message_id, len(settlements))
    return [*columns, *counted, message_id, now, _attempted(settlements), now]


def _attempted(settlements: Sequence[Settlement]) -> str:
    return json.dumps({"results": [_result(settlement) for settlement in settlements[:50]]})


def _columns(settlements: Sequence[Settlement], now: datetime) -> list[Any]:
    results = [settlement.result for settlement in settlements]
    final = [settlement.state != DeliveryState.DEFERRED for settlement in settlements]
    return [
        [settlement.claim.delivery_id for settlement in settlements],
        [settlement.claim.attempt for settlement in settlements],
        [settlement.state.value for settlement in settlements],
        [settlement.retry_at for settlement in settlements],
        [now if ended else None for ended in final],
        [clean(result.host, 300) for result in results],
        [result.tls for result in results],
        [result.code for result in results],
        [clean(result.enhanced, 12) for result in results],
        [clean(result.reply, 1000) for result in results],
    ]


def _result(settlement: Settlement) -> dict[str, object]:
    result = settlement.result
    return {
        "recipient": settlement.claim.recipient,
        "state": str(settlement.state),
        "host": result.host,
        "code": result.code,
        "reply": clean(result.reply, 300),
        "attempt": settlement.claim.attempt,
        "retry_at": settlement.retry_at.isoformat() if settlement.retry_at else "",
    }
