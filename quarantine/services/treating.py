"""Copies of an outbound mail that are not treated alike: stored with the outcome, or not at all.

The forms hold chance (an archive's key), so their commit is awaited: a form that was made anew
after a crash would be another mail with another password (decision 7).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from quarantine.choices import DeliveryState, HoldEnding
from quarantine.cleaning import clean
from quarantine.identifiers import new_id
from quarantine.sealing import seal
from quarantine.statements import execute
from tenants.keys import key_of
from tenants.models import Tenant

_COPIES = """
UPDATE {deliveries} AS copy
SET form = treated.form, state = treated.state,
    next_attempt_at = CASE treated.state WHEN {copy_held} THEN NULL ELSE next_attempt_at END,
    sweep_at = CASE treated.state WHEN {copy_held} THEN NULL ELSE sweep_at END
FROM unnest(%b::text[], %b::text[], %b::text[]) AS treated (recipient, form, state)
WHERE copy.message_id = %b AND copy.recipient = treated.recipient AND copy.state = {copy_queued}
"""
_FORMS = """
INSERT INTO {contents} (message_id, kind, id, form, sealed, size)
SELECT %b::uuid, {content_outgoing}, form.*
FROM unnest(%b::uuid[], %b::text[], %b::bytea[], %b::int4[]) AS form
"""
_HOLD = """
INSERT INTO {holds} (
    sender, rules, unreadable, held_at, due_at, remind_at, ending, ended_by, recipients,
    message_id, written)
SELECT %b, %b::text::jsonb, %b, %b, %b, %b, %b, '', upper(%b::text COLLATE "C"),
    id, upper((subject || chr(10) || header_from || chr(10) || sender) COLLATE "C")
FROM {messages} WHERE id = %b
"""
_PROCESSING = """
INSERT INTO {processings} (message_id, sender, hidden, locked, made_at)
VALUES (%b, %b, %b, %b, %b)
ON CONFLICT (message_id) DO UPDATE SET hidden = EXCLUDED.hidden, locked = EXCLUDED.locked
"""
_HELD = """
INSERT INTO {events} (message_id, at, kind, data)
VALUES (%b, %b, {event_held}, %b::text::jsonb)
"""
_SEARCHED = 30_000  # characters of recipients' addresses


@dataclass(frozen=True, slots=True)
class TreatedCopy:
    """One recipient's copy: the name of its form, and whether it waits for the sender."""

    recipient: str
    form: str = ""
    held: bool = False


@dataclass(frozen=True, slots=True)
class HoldTerms:
    """How long the held copies wait, and what becomes of them then."""

    rules: tuple[str, ...]
    unreadable: bool
    due_at: datetime
    remind_at: datetime
    ending: HoldEnding


@dataclass(frozen=True, slots=True)
class Treatment:
    """What the copies of an outbound mail are; ``forms`` are the bytes by name, none under "".

    ``hold`` is there where some copy is held; ``hidden`` and ``locked`` say what was done to copies
    that leave the company.
    """

    sender: str
    copies: Sequence[TreatedCopy] = ()
    forms: Mapping[str, bytes] = field(default_factory=lambda: MappingProxyType({}))
    hold: HoldTerms | None = None
    hidden: bool = False
    locked: bool = False

    @property
    def holds_all(self) -> bool:
        """Whether no copy leaves before somebody decides."""
        return bool(self.copies) and all(copy.held for copy in self.copies)


def store_treatment(tenant: Tenant, message_id: UUID, treatment: Treatment, now: datetime) -> None:
    """Write forms, copies and hold, inside the transaction that recorded the outcome."""
    schema, copies = tenant.schema_name, treatment.copies
    states = [DeliveryState.HELD if copy.held else DeliveryState.QUEUED for copy in copies]
    parameters = [
        [copy.recipient for copy in copies],
        [copy.form for copy in copies],
        [state.value for state in states],
        message_id,
    ]
    execute(_COPIES, schema, parameters)
    if treatment.forms:
        execute(_FORMS, schema, [message_id, *_form_columns(tenant, treatment.forms)])
    if treatment.hidden or treatment.locked:
        done = [treatment.hidden, treatment.locked, now]
        execute(_PROCESSING, schema, [message_id, treatment.sender, *done])
    if treatment.hold is not None:
        _store_hold(schema, message_id, treatment, treatment.hold, now)


def _form_columns(tenant: Tenant, forms: Mapping[str, bytes]) -> list[object]:
    key, ids = key_of(tenant), [new_id() for _ in forms]
    sealed = [
        seal(key, tenant.schema_name, content_id, form)
        for content_id, form in zip(ids, forms.values(), strict=True)
    ]
    return [ids, list(forms), sealed, [len(form) for form in forms.values()]]


def _store_hold(
    schema: str, message_id: UUID, treatment: Treatment, terms: HoldTerms, now: datetime
) -> None:
    rules = [clean(rule, 100) for rule in terms.rules]
    held = [copy.recipient for copy in treatment.copies if copy.held]
    parameters: list[object] = [treatment.sender, json.dumps(rules), terms.unreadable]
    parameters += [now, terms.due_at, terms.remind_at, terms.ending.value]
    execute(_HOLD, schema, [*parameters, chr(10).join(held)[:_SEARCHED], message_id])
    data = {"rules": rules, "unreadable": terms.unreadable, "count": len(held)}
    execute(_HELD, schema, [message_id, now, json.dumps(data)])
