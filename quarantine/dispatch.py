"""What a delivery worker reads of a message, and what an examiner reads: one statement each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mailsec.gateway.envelope import Direction
from quarantine.choices import ContentKind
from quarantine.errors import ContentGone
from quarantine.sealing import unseal
from quarantine.statements import fetch
from tenants.keys import key_of
from tenants.models import Tenant
from tenants.scope import scoped

_LEAVING = """
SELECT direction, sender, smtputf8, received_at, COALESCE(released_at, received_at), verdict,
    changed, trace_header, content.id, content.sealed
FROM {messages} AS message LEFT JOIN {contents} AS content
    ON content.message_id = message.id
    AND content.kind = CASE
        WHEN changed OR %b::text <> '' THEN {content_outgoing} ELSE {content_original} END
    AND content.form = %b::text
WHERE message.id = %b
"""
_CONTENT = "SELECT id, sealed FROM {contents} WHERE message_id = %b AND kind = %b AND form = ''"


@dataclass(frozen=True, slots=True)
class Leaving:
    """A message on its way out: its envelope but for the recipients, and the bytes that leave.

    Its time to be delivered counts from ``began_at``, a release where there was one.
    """

    id: UUID
    direction: Direction
    sender: str
    smtputf8: bool
    received_at: datetime
    began_at: datetime
    verdict: str
    content: bytes


@scoped
def leaving(tenant: Tenant, message_id: UUID, form: str = "") -> Leaving:
    """An outgoing form: as stored, or the original below its trace header.

    ContentGone where the bytes are not kept any more.
    """
    rows = fetch(_LEAVING, tenant.schema_name, [form, form, message_id])
    if not rows or rows[0][8] is None:
        raise ContentGone(message_id.hex)
    direction, sender, smtputf8, received_at, began_at, verdict, *stored = rows[0]
    changed, trace, content_id, sealed = stored
    content = unseal(key_of(tenant), tenant.schema_name, content_id, sealed)
    if not changed and not form:
        content = trace + content
    return Leaving(
        message_id,
        Direction(direction),
        sender,
        smtputf8,
        received_at,
        began_at,
        verdict,
        content,
    )


@scoped
def content(tenant: Tenant, message_id: UUID, kind: ContentKind) -> bytes:
    """One stored form of a message; ContentGone where it is not kept any more."""
    rows = fetch(_CONTENT, tenant.schema_name, [message_id, kind.value])
    if not rows:
        raise ContentGone(message_id.hex)
    content_id, sealed = rows[0]
    return unseal(key_of(tenant), tenant.schema_name, content_id, sealed)
