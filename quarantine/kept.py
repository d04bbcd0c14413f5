"""Reading what the quarantine keeps: its figures, the news for digests, links and lessons."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Count, QuerySet

from quarantine.choices import (
    ContentKind,
    DeliveryState,
    DirectionChoice,
    EventKind,
    MessageState,
)
from quarantine.models import (
    Content,
    Delivery,
    Digest,
    DigestLink,
    Event,
    Lesson,
    SpamModel,
    StoredMessage,
)
from quarantine.permissions import DIGEST_VERDICTS
from quarantine.selectors import KEPT
from tenants.models import Tenant
from tenants.scope import scoped

_KEEP_SECONDS = 5.0
# Keyed by schema: what one tenant taught must never judge another's mail.
_models: dict[str, tuple[float, int, bytes]] = {}


@scoped
def counts_by_verdict(tenant: Tenant, rows: QuerySet[StoredMessage]) -> Mapping[str, int]:
    """How many of these messages there are of each verdict; those without any are left out."""
    counted = rows.prefetch_related(None).order_by().values_list("verdict").annotate(Count("id"))
    return dict(counted)


@scoped
def held_since(tenant: Tenant, since: datetime) -> int:
    """How many messages that came in since then are kept in quarantine now."""
    return StoredMessage.objects.filter(KEPT["held"], received_at__gte=since).count()


@scoped
def has_content(tenant: Tenant, message_id: UUID) -> bool:
    """Whether the message's original is still kept."""
    return Content.objects.filter(message_id=message_id, kind=ContentKind.ORIGINAL).exists()


@scoped
def messages_among(tenant: Tenant, ids: Sequence[UUID]) -> list[StoredMessage]:
    """Those of these messages that there are, newest first."""
    return list(StoredMessage.objects.filter(id__in=ids).order_by("-id"))


@scoped
def originals_of(tenant: Tenant, message_id: UUID) -> list[StoredMessage]:
    """The messages that sent this one's original after it, oldest first, with their copies."""
    rows = StoredMessage.objects.filter(release_of=message_id).prefetch_related("deliveries")
    return list(rows.order_by("id"))


@scoped
def original_recipients(tenant: Tenant, message: StoredMessage) -> list[str]:
    """Who got this message without a part of it and was sent its original neither, in its order.

    What was refused or bounced does not count. Nobody, where nothing was taken out.
    """
    removed = Event.objects.filter(message=message, kind=EventKind.EXAMINED, data__removed__gt=0)
    if message.release_of_id or not removed.exists():
        return []
    sent = Delivery.objects.filter(message__release_of=message.id).exclude(
        state__in=(DeliveryState.WITHHELD, DeliveryState.BOUNCED)
    )
    copies = Delivery.objects.filter(message=message).exclude(
        state__in=(DeliveryState.WITHHELD, DeliveryState.PENDING)
    )
    rows = copies.exclude(recipient__in=sent.values("recipient")).order_by("id")
    return list(rows.values_list("recipient", flat=True))


@scoped
def lesson_in_force(tenant: Tenant, message_id: UUID) -> Lesson | None:
    """What was taught from this message and not taken back."""
    return Lesson.objects.filter(message_id=message_id, undone_at=None).first()


@dataclass(frozen=True, slots=True)
class TaughtModel:
    """A tenant's model as stored: its number grows with every lesson."""

    version: int
    data: bytes


@scoped
def tenant_spam_model(tenant: Tenant) -> TaughtModel | None:
    """What the tenant's lessons add to the base model, at most five seconds old, or None."""
    now = time.monotonic()
    kept = _models.get(tenant.schema_name)
    if kept is None or now - kept[0] >= _KEEP_SECONDS:
        row = SpamModel.objects.filter(id=1).first()
        kept = (now, row.version, bytes(row.data)) if row else (now, 0, b"")
        _models[tenant.schema_name] = kept
    return TaughtModel(kept[1], kept[2]) if kept[1] else None


def forget_models() -> None:
    """Read the models anew next time."""
    _models.clear()


def _news(before: datetime) -> QuerySet[Delivery]:
    """Withheld copies that no digest has told of, of what a digest may tell."""
    return Delivery.objects.filter(
        state=DeliveryState.WITHHELD,
        digest_link=None,
        message__state=MessageState.QUARANTINED,
        message__direction=DirectionChoice.INBOUND,
        message__restricted=False,
        message__verdict__in=DIGEST_VERDICTS,
        message__received_at__lt=before,
    )


@scoped
def recipients_with_news(tenant: Tenant, day: date, before: datetime) -> list[str]:
    """Whom the digest of this day has something to tell and has not told yet."""
    told = Digest.objects.filter(day=day).values("recipient")
    rows = _news(before).exclude(recipient__in=told)
    return sorted(set(rows.values_list("recipient", flat=True)))


@scoped
def news_for(tenant: Tenant, recipient: str, before: datetime, most: int) -> list[Delivery]:
    """The withheld copies that a digest for this recipient tells of, newest first."""
    rows = _news(before).filter(recipient=recipient).select_related("message")
    return list(rows.order_by("-message_id")[:most])


def token_hash(token: str) -> bytes:
    """What is stored of a link's token."""
    return hashlib.sha256(token.encode("ascii", "replace")).digest()


@scoped
def digest_of(tenant: Tenant, token: str) -> Digest | None:
    """The digest whose page this token opens, by hash as in ``link_of``; None where there is none.

    One whose time is over is told apart by the caller (``expires_at``).
    """
    return Digest.objects.filter(token_hash=token_hash(token)).first()


@scoped
def links_held(tenant: Tenant, digest: Digest, now: datetime) -> list[DigestLink]:
    """The digest's links to copies that are still held and may be told of, newest mail first."""
    rows = DigestLink.objects.filter(
        digest=digest,
        expires_at__gt=now,
        delivery__state=DeliveryState.WITHHELD,
        delivery__message__state=MessageState.QUARANTINED,
        delivery__message__restricted=False,
        delivery__message__verdict__in=DIGEST_VERDICTS,
    )
    return list(rows.select_related("delivery__message").order_by("-delivery__message_id"))


@scoped
def link_of(tenant: Tenant, token: str) -> DigestLink | None:
    """The link that this token opens, with its copy and message; None where it opens nothing.

    The look-up is by hash, so how long it takes says nothing about any token. A link whose time is
    over is told apart by the caller (``expires_at``).
    """
    return (
        DigestLink.objects.select_related("delivery__message", "digest")
        .filter(token_hash=token_hash(token))
        .first()
    )
