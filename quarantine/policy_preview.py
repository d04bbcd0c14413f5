"""What would have become of the last days' mail under another policy. Reads, and stores nothing."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from mailsec.gateway.authentication import Authentication
from mailsec.gateway.decision import ALLOWED, PROTECTED
from mailsec.gateway.envelope import Client, Direction, Envelope
from mailsec.gateway.policy import Policy
from mailsec.gateway.verdict import Finding, Severity, Verdict
from quarantine.authentication import from_json
from quarantine.choices import DirectionChoice, VerdictChoice
from quarantine.identifiers import first_id_at
from quarantine.reconsider import Record, Treatment, Way, both, changed_lists
from quarantine.statements import fetch
from tenants.models import Tenant
from tenants.scope import scoped

DAYS = 7
MOST_MESSAGES = 20_000
MOST_EXAMPLES = 20
# Notes that a decision hangs on; all others, such as the reasons of a score, only explain.
_DECIDING_NOTES = (ALLOWED, PROTECTED)
# Identifiers sort by time, so their index ends the search; clocks differ by less than this.
_CLOCKS = timedelta(hours=1)

_NEWEST = """
SELECT message.id, received_at, subject, header_from, sender, host(client_ip), spam_score,
    authentication::text, ARRAY(
        SELECT recipient::text FROM {deliveries} AS copy WHERE copy.message_id = message.id
    ), (
        SELECT jsonb_agg(
            jsonb_build_array(check_name, code, severity, part, detail->>'type') ORDER BY id
        )::text
        FROM {findings} AS finding
        WHERE finding.message_id = message.id AND (severity <> %b OR code = ANY(%b::text[]))
    )
FROM {messages} AS message
WHERE message.id < %b AND message.id >= %b AND received_at >= %b
    AND direction = %b AND verdict <> %b AND release_of_id IS NULL
ORDER BY message.id DESC LIMIT %b
"""


@dataclass(frozen=True, slots=True)
class Example:
    """One message that would have been handled otherwise."""

    queue_id: str
    received_at: datetime
    subject: str
    header_from: str
    sender: str


@dataclass(frozen=True, slots=True)
class Change:
    """Messages that would have been handled in one other way; the newest are the examples."""

    before: Treatment
    after: Treatment
    count: int
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """The comparison of two policies.

    ``looked_at`` counts the messages, newest first, ``unscored`` and ``unchecked`` those of them
    without a spam score or results of authentication. ``oldest`` is set where there were more than
    the limit: how far back it reaches.
    """

    looked_at: int
    changes: tuple[Change, ...]
    unscored: int = 0
    unchecked: int = 0
    oldest: datetime | None = None

    @property
    def changed(self) -> int:
        """How many messages would have been handled otherwise."""
        return sum(change.count for change in self.changes)


@dataclass(slots=True)
class _Counted:
    """The messages of one change so far."""

    count: int = 0
    examples: list[Example] = field(default_factory=list)


@scoped
def preview(
    tenant: Tenant,
    present: Policy,
    draft: Policy,
    now: datetime,
    *,
    most: int = MOST_MESSAGES,
    chunk: int = 1_000,
) -> Preview:
    """Both policies tried on the inbound mail of the last 7 days, at most ``most`` messages."""
    lists = changed_lists(present, draft)
    counted: dict[tuple[Treatment, Treatment], _Counted] = {}
    looked_at = unscored = unchecked = 0
    oldest: datetime | None = None
    for example, record in _records(tenant, now, chunk):
        if looked_at == most:
            break
        looked_at, oldest = looked_at + 1, example.received_at
        unscored += record.verdict.spam_score is None
        unchecked += record.verdict.authentication == _UNCHECKED
        if lists is not None and not lists.touch(record):
            continue
        before, after = both(record, present, draft)
        if before == after:
            continue
        change = counted.setdefault((before, after), _Counted())
        change.count += 1
        if change.count <= MOST_EXAMPLES:
            change.examples.append(example)
    else:
        oldest = None
    return Preview(looked_at, _ordered(counted), unscored, unchecked, oldest)


def _ordered(counted: Mapping[tuple[Treatment, Treatment], _Counted]) -> tuple[Change, ...]:
    """By what was, then by what would have been, mildest first."""
    ways = list(Way)

    def place(change: Change) -> tuple[object, ...]:
        both = (change.before, change.after)
        return tuple((ways.index(each.way), each.warned, each.removed) for each in both)

    changes = (
        Change(before, after, found.count, tuple(found.examples))
        for (before, after), found in counted.items()
    )
    return tuple(sorted(changes, key=place))


def _records(tenant: Tenant, now: datetime, chunk: int) -> Iterator[tuple[Example, Record]]:
    """Examined inbound messages of the last days, newest first, one statement a chunk."""
    since = now - timedelta(days=DAYS)
    before, lowest = first_id_at(now + _CLOCKS), first_id_at(since - _CLOCKS)
    notes = [Severity.NOTE.value, list(_DECIDING_NOTES)]
    rest = [lowest, since, DirectionChoice.INBOUND.value, VerdictChoice.PENDING.value, chunk]
    while True:
        rows = fetch(_NEWEST, tenant.schema_name, [*notes, before, *rest])
        for row in rows:
            yield _record(*row)
        if len(rows) < chunk:
            return
        before = rows[-1][0]


def _record(
    message_id: UUID,
    received_at: datetime,
    subject: str,
    header_from: str,
    sender: str,
    ip: str,
    spam_score: float | None,
    authentication: str,
    recipients: list[str],
    findings: str | None,
) -> tuple[Example, Record]:
    envelope = Envelope(Direction.INBOUND, Client(ip), sender, tuple(recipients))
    verdict = Verdict(
        findings=_findings(findings) if findings else (),
        spam_score=spam_score,
        authentication=_authentication(authentication),
    )
    example = Example(message_id.hex, received_at, subject, header_from, sender)
    return example, Record(envelope, header_from, verdict)


# The same texts come again and again: what was found is of few kinds, and senders write often.
@functools.lru_cache(maxsize=4096)
def _findings(text: str) -> tuple[Finding, ...]:
    return tuple(
        Finding(check, code, Severity(severity), part, {"type": kind or ""})
        for check, code, severity, part, kind in json.loads(text)
    )


@functools.lru_cache(maxsize=4096)
def _authentication(text: str) -> Authentication:
    return from_json(json.loads(text))


_UNCHECKED = Authentication()
