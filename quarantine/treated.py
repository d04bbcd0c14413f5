"""Outbound mail that was held, discarded, zipped or sent as Bcc: figures, and the lists of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from django.db.models import Count, Exists, OuterRef, Q
from django.db.models.functions import TruncDate

from quarantine.choices import DeliveryState
from quarantine.identifiers import first_id_at
from quarantine.models import Delivery, Hold, StoredMessage
from tenants.models import Tenant
from tenants.scope import scoped

_DISCARDED = Delivery.objects.filter(message_id=OuterRef("pk"), state=DeliveryState.DISCARDED)
# What figures and lists mean by each word. A hold and a processing are one row of a mail each, so
# that nothing is counted twice; only copies that were held are discarded.
TREATED: Mapping[str, Q] = {
    "held": Q(hold__isnull=False),
    "discarded": Q(hold__isnull=False) & Q(Exists(_DISCARDED)),
    "zipped": Q(processing__locked=True),
    "bcc": Q(processing__hidden=True),
}


@scoped
def treated_tally(tenant: Tenant, since: datetime, until: datetime) -> Mapping[str, int]:
    """How many of the messages received in this time were treated in which way.

    A mail counts as discarded as soon as one of its copies was, whenever that was.
    """
    rows = StoredMessage.objects.filter(
        # Identifiers sort by time, so their index ends the search; clocks differ by less than this.
        id__gte=first_id_at(since - timedelta(hours=1)),
        received_at__gte=since,
        received_at__lt=until,
        direction="outbound",
        release_of=None,
    )
    counted: dict[str, int] = rows.aggregate(
        **{name: Count("id", filter=condition) for name, condition in TREATED.items()}
    )
    return counted


@scoped
def days_decided_on(tenant: Tenant, since: datetime) -> list[date]:
    """On which days of the tenant's calendar the mail came in whose hold ended since then."""
    ended = Hold.objects.filter(ended_at__gte=since).order_by()
    day = TruncDate("message__received_at", tzinfo=tenant.zone)
    return sorted(ended.values_list(day, flat=True).distinct())
