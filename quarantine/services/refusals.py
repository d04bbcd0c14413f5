"""Writing down what the listeners turned away."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from quarantine.choices import RefusalReason
from quarantine.cleaning import clean
from quarantine.models import Refusal
from tenants.models import Tenant
from tenants.scope import scoped

_EXPIRE_AT_ONCE = 50_000
# Which mail it is that comes is not known: what comes later than this is taken for another one.
_COMES_AGAIN = timedelta(days=1)


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
    grey_key: bytes | None = None


@scoped
def record_refusals(
    tenant: Tenant,
    found: Sequence[TurnedAway],
    taken: Collection[bytes] = (),
    now: datetime | None = None,
) -> None:
    """Keep these refusals in the tenant's trace, and settle what greylisting put off before: mail
    with the keys ``taken`` is in. All or nothing, so that it can be tried again."""
    with transaction.atomic() if found and taken else nullcontext():
        if found:
            _keep(found)
        if taken:
            _settle(taken, now or timezone.now())


def _keep(found: Sequence[TurnedAway]) -> None:
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
            grey_key=each.grey_key,
        )
        for each in found
    )


def _settle(grey_keys: Collection[bytes], now: datetime) -> None:
    waiting = Refusal.objects.filter(grey_key__in=list(grey_keys), taken_at__isnull=True)
    waiting.filter(at__gt=now - _COMES_AGAIN).update(taken_at=now)


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
