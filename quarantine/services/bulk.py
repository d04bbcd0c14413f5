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
from quarantine.services.originals import OriginalRelease, release_original
from quarantine.services.release import delete, release
from tenants.models import Tenant
from tenants.scope import scoped

_WHOLLY = OriginalRelease()


class BulkAction(StrEnum):
    """What can be done with several messages at once."""

    RELEASE = "release"
    ORIGINAL = "original"
    DELETE = "delete"
    SPAM = "spam"
    HAM = "ham"


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done, by whom and when.

    ``kind`` is the model that learns, None where there is none; ``original`` how originals go out.
    """

    action: BulkAction
    actor: Actor
    now: datetime
    kind: type[TeachableModel] | None = None
    original: OriginalRelease = _WHOLLY


@dataclass(frozen=True, slots=True)
class Done:
    """One message's result: ``changed`` is False where there was nothing left to do."""

    message_id: UUID
    changed: bool = False
    error: CustodyError | None = None


@scoped
def act_on(tenant: Tenant, ids: Sequence[UUID], order: Order) -> list[Done]:
    """Do it to each of these messages, in a transaction each."""
    results = []
    for message_id in ids:
        try:
            results.append(Done(message_id, _act(tenant, message_id, order)))
        except CustodyError as error:
            results.append(Done(message_id, error=error))
    return results


def _act(tenant: Tenant, message_id: UUID, order: Order) -> bool:
    actor, now = order.actor, order.now
    match order.action:
        case BulkAction.RELEASE:
            return bool(release(tenant, message_id, actor, now))
        case BulkAction.ORIGINAL:
            return bool(release_original(tenant, message_id, actor, now, order.original))
        case BulkAction.DELETE:
            return delete(tenant, message_id, actor, now)
    is_spam = order.action is BulkAction.SPAM
    return order.kind is not None and learn(tenant, message_id, is_spam, actor, now, order.kind)
