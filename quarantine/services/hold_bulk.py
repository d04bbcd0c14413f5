"""The same decision on several held mails, each for itself: one that fails stops no other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from quarantine.errors import CustodyError
from quarantine.permissions import Actor
from quarantine.services.bulk import Done
from quarantine.services.holding import deliver_held, discard_held
from tenants.models import Tenant
from tenants.scope import scoped


class HoldAction(StrEnum):
    """What can be decided on several mails at once."""

    DELIVER = "deliver"
    DISCARD = "discard"


@scoped
def decide_on(
    tenant: Tenant, ids: Sequence[UUID], action: HoldAction, actor: Actor, now: datetime
) -> list[Done]:
    """Decide on every waiting copy of each of these mails, in a transaction each."""
    do = deliver_held if action is HoldAction.DELIVER else discard_held
    results = []
    for message_id in ids:
        try:
            results.append(Done(message_id, bool(do(tenant, message_id, actor, now).recipients)))
        except CustodyError as error:
            results.append(Done(message_id, error=error))
    return results
