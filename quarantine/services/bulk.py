"""The same act on several messages, each for itself: one that cannot be done stops no other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from quarantine.errors import CustodyError
from quarantine.learning import TeachableModel
from quarantine.permissions import Actor
from quarantine.services.learning import learn
from quarantine.services.release import delete, release
from tenants.models import Tenant
from tenants.scope import scoped


class BulkAction(StrEnum):
    """What can be done with several messages at once."""

    RELEASE = "release"
    DELETE = "delete"
    SPAM = "spam"
    HAM = "ham"


@dataclass(frozen=True, slots=True)
class Done:
    """One message's result: ``changed`` is False where there was nothing left to do."""

    message_id: UUID
    changed: bool = False
    error: CustodyError | None = None


@scoped
def act_on(
    tenant: Tenant,
    ids: Sequence[UUID],
    action: BulkAction,
    actor: Actor,
    now: datetime,
    kind: type[TeachableModel] | None,
) -> list[Done]:
    """Do it to each of these messages, in a transaction each; ``kind`` is the model that learns."""
    results = []
    for message_id in ids:
        try:
            changed = _act(tenant, message_id, action, actor, now, kind)
            results.append(Done(message_id, changed))
        except CustodyError as error:
            results.append(Done(message_id, error=error))
    return results


def _act(
    tenant: Tenant,
    message_id: UUID,
    action: BulkAction,
    actor: Actor,
    now: datetime,
    kind: type[TeachableModel] | None,
) -> bool:
    if action is BulkAction.RELEASE:
        return bool(release(tenant, message_id, actor, now))
    if action is BulkAction.DELETE:
        return delete(tenant, message_id, actor, now)
    return kind is not None and learn(
        tenant, message_id, action is BulkAction.SPAM, actor, now, kind
    )
