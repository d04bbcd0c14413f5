"""Reading held mail: what a link opens, one mail, and with whom the company corresponds."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import CharField, Func, Q, Value
from django.db.models.functions import Lower

from quarantine.choices import DeliveryState, DirectionChoice
from quarantine.kept import token_hash
from quarantine.models import Delivery, Hold, Processing, SenderLink, StoredMessage
from tenants.models import Tenant
from tenants.scope import scoped

_RECENT = 20_000  # mails back from which the company's partners are known


@scoped
def link_of(tenant: Tenant, token: str, now: datetime) -> SenderLink | None:
    """The link that this token opens now, None where it opens nothing.

    Looked up by hash, so that the time it takes says nothing about any token. As long as a copy
    waits the link works beyond its time: somebody has to be able to decide.
    """
    works = Q(expires_at__gt=now) | Q(message__hold__isnull=False, message__hold__ended_at=None)
    return SenderLink.objects.filter(works, token_hash=token_hash(token)).first()


@scoped
def outbound_mail(tenant: Tenant, message_id: UUID) -> StoredMessage | None:
    """One outbound mail with its hold, processing, copies, findings and events."""
    return (
        StoredMessage.objects.filter(id=message_id, direction=DirectionChoice.OUTBOUND)
        .select_related("hold", "processing")
        .prefetch_related("deliveries", "findings", "events")
        .first()
    )


def hold_of(message: StoredMessage) -> Hold | None:
    """The mail's hold; None for one that was never held."""
    return getattr(message, "hold", None)


def processing_of(message: StoredMessage) -> Processing | None:
    """What was done to the copies that leave the company; None for nothing."""
    return getattr(message, "processing", None)


@scoped
def waiting_for(tenant: Tenant, senders: Collection[str]) -> list[Hold]:
    """What waits for these senders (lower case), due soonest first."""
    rows = Hold.objects.filter(ended_at=None).annotate(by=Lower("sender")).filter(by__in=senders)
    return list(rows.select_related("message").order_by("due_at", "message_id")[:200])


class EarlierMail:
    """The tenant's mail before this one; the core's ``Correspondence``."""

    def __init__(self, tenant: Tenant, message_id: UUID, spellings: Collection[str] = ()) -> None:
        """``spellings`` are this mail's recipients as written: most people keep to one spelling."""
        self._tenant, self._message_id, self._spellings = tenant, message_id, spellings

    def known(self, addresses: Collection[str]) -> Collection[str]:
        """Those of the addresses (lower case) to which earlier mail was delivered."""
        asked = {*addresses, *(each for each in self._spellings if each.lower() in addresses)}
        return _known(self._tenant, self._message_id, asked)

    def domains(self) -> Collection[str]:
        """The domains to which mail was delivered, among the latest 20,000 mails."""
        return _domains(self._tenant, self._message_id)


@scoped
def _known(tenant: Tenant, message_id: UUID, addresses: Collection[str]) -> set[str]:
    rows = Delivery.objects.filter(
        recipient__in=list(addresses),
        state=DeliveryState.DELIVERED,
        message_id__lt=message_id,
        message__direction=DirectionChoice.OUTBOUND,
    )
    return {each.lower() for each in rows.order_by().values_list("recipient", flat=True).distinct()}


@scoped
def _domains(tenant: Tenant, message_id: UUID) -> set[str]:
    earlier = StoredMessage.objects.filter(id__lt=message_id).order_by("-id")
    # A bound on the identifier, by which both tables are sorted: older mail is not even read.
    oldest = earlier.values_list("id", flat=True)[_RECENT - 1 : _RECENT].first()
    since = {"message_id__gte": oldest} if oldest is not None else {}
    rows = Delivery.objects.filter(
        **since,
        message_id__lt=message_id,
        state=DeliveryState.DELIVERED,
        message__direction=DirectionChoice.OUTBOUND,
    )
    text = CharField()
    name = Lower(Func("recipient", Value("@"), Value(-1), function="split_part", output_field=text))
    return set(rows.order_by().annotate(domain=name).values_list("domain", flat=True).distinct())
