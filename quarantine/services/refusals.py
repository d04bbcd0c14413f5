"""Writing down what the listeners turned away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from quarantine.choices import RefusalReason
from quarantine.cleaning import clean
from quarantine.models import Refusal
from tenants.models import Tenant
from tenants.scope import scoped

_EXPIRE_AT_ONCE = 50_000


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """One recipient of one connection that was refused, ``count`` times; texts as they came."""

    at: datetime
    code: int
    reason: RefusalReason
    client_ip: str | None = None
    helo: str = ""
    sender: str = ""
    recipient: str = ""
    detail: Mapping[str, Any] | None = None
    reference: str = ""
    count: int = 1


@scoped
def record_refusals(tenant: Tenant, found: Sequence[TurnedAway]) -> None:
    """Keep these refusals in the tenant's trace, all with one statement."""
    Refusal.objects.bulk_create(
        Refusal(
            at=each.at,
            client_ip=each.client_ip,
            helo=clean(each.helo, 255),
            sender=clean(each.sender, 320),
            recipient=clean(each.recipient, 320),
            code=each.code,
            reason=each.reason,
            detail=_cleaned(each.detail or {}),
            reference=each.reference,
            count=each.count,
        )
        for each in found
    )


def _cleaned(value: Any) -> Any:
    """What the client put into a text may be anything that its name servers say."""
    if isinstance(value, str):
        return clean(value, 255)
    if isinstance(value, Mapping):
        return {str(key): _cleaned(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(each) for each in value]
    return value


@scoped
def expire_refusals(tenant: Tenant, before: datetime) -> int:
    """Remove refusals older than this; returns how many went."""
    ids = list(Refusal.objects.filter(at__lt=before).values_list("id", flat=True)[:_EXPIRE_AT_ONCE])
    Refusal.objects.filter(id__in=ids).delete()
    return len(ids)
