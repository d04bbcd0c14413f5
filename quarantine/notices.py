"""Reading the service's own notices: those about a mail, and those that nobody got."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Case, Exists, OuterRef, QuerySet, When

from quarantine.choices import DeliveryState, DirectionChoice
from quarantine.models import Delivery, StoredMessage
from tenants.models import Tenant
from tenants.scope import scoped

_MOST = 200  # that a page lists; a mail to 1,000 recipients has as many password mails


@scoped
def notices_about(tenant: Tenant, message_id: UUID) -> list[Delivery]:
    """The copies of the notices about a mail, each with its message; those that failed first."""
    failed_first = Case(When(state=DeliveryState.BOUNCED, then=0), default=1)
    rows = Delivery.objects.filter(message__about=message_id).select_related("message")
    return list(rows.order_by(failed_first, "id")[:_MOST])


@scoped
def undelivered_among(tenant: Tenant, notices: Collection[UUID]) -> frozenset[UUID]:
    """Which of these notices were refused or given up."""
    rows = _undelivered().filter(message_id__in=notices)
    return frozenset(rows.values_list("message_id", flat=True))


@scoped
def with_undelivered_notices(tenant: Tenant, message_ids: Collection[UUID]) -> frozenset[UUID]:
    """About which of these mails somebody was to be told, and could not be."""
    rows = _undelivered().filter(message__about__in=message_ids)
    found = rows.values_list("message__about", flat=True)
    return frozenset(about for about in found if about is not None)


@scoped
def undelivered_since(tenant: Tenant, since: datetime) -> int:
    """How many notices that were made since then nobody got."""
    notices = StoredMessage.objects.filter(direction=DirectionChoice.NOTICE, received_at__gte=since)
    return notices.filter(Exists(_undelivered().filter(message_id=OuterRef("pk")))).count()


def _undelivered() -> QuerySet[Delivery]:
    return Delivery.objects.filter(
        state=DeliveryState.BOUNCED, message__direction=DirectionChoice.NOTICE
    )
