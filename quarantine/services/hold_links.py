"""Links by which people reach the page of an outbound mail, without an account."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from quarantine.models import SenderLink
from tenants.models import Tenant
from tenants.scope import scoped

# The page tells what became of a mail long after its bodies are gone; the longest hold is a week.
LINK_DAYS = 60
_TOKEN_BYTES = 32  # 43 characters


@scoped
def give_link(tenant: Tenant, message_id: UUID, person: str, now: datetime) -> str:
    """A new token for this person, inside the transaction that stores the mail that carries it.

    Only its hash is kept: who reads the database opens no page.
    """
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    SenderLink.objects.create(
        message_id=message_id,
        person=person,
        token_hash=hashlib.sha256(token.encode("ascii")).digest(),
        expires_at=now + timedelta(days=LINK_DAYS),
    )
    return token
