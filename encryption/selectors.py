"""Reading keys: the one that signs, and those that the console shows."""

from __future__ import annotations

import math
import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from encryption.choices import KeyState
from encryption.models import DkimKey, PasswordMail, Protection
from mailsec.gateway.dkim import signing
from mailsec.gateway.dkim.signing import SigningKey
from quarantine.notices import undelivered_among
from quarantine.sealing import unseal
from quarantine.selectors import delivered_copies
from tenants.keys import key_of
from tenants.models import Tenant
from tenants.scope import scoped
from tenants.selectors import domains_of

_KEEP_SECONDS = 3.0
_MOST_KEPT = 1_000
# How long after it was sent a mail's recipients are still told by themselves: longer than any mail
# is held or tried.
_TELLING = timedelta(days=30)
_MOST_TOLD = 15  # mails whose readers one sweep tells; the next one follows at once
_kept: dict[tuple[str, str], tuple[float, SigningKey | None]] = {}


@dataclass(frozen=True, slots=True)
class DomainKeys:
    """One mail domain with its keys: the active one, new ones, then retired ones."""

    domain: str
    keys: tuple[DkimKey, ...]

    @property
    def signing(self) -> bool:
        """Whether the domain's mail is signed."""
        return any(key.state == KeyState.ACTIVE for key in self.keys)


def signing_key(tenant: Tenant, domain: str) -> SigningKey | None:
    """What mail from this domain is signed with, None where it is not; some seconds old at most.

    ``ContentUnreadable`` where the stored key was altered: such mail must not leave unsigned.
    """
    place = (tenant.slug, domain.lower())
    kept_at, key = _kept.get(place, (-math.inf, None))
    now = time.monotonic()
    if now - kept_at < _KEEP_SECONDS:
        return key
    if len(_kept) >= _MOST_KEPT:
        _kept.clear()
    _kept[place] = (now, _active(tenant, domain.lower()))
    return _kept[place][1]


@scoped
def _active(tenant: Tenant, domain: str) -> SigningKey | None:
    row = DkimKey.objects.filter(domain=domain, state=KeyState.ACTIVE).first()
    if row is None or row.private_key is None or domain not in domains_of(tenant):
        return None
    pem = unseal(key_of(tenant), tenant.schema_name, row.id, bytes(row.private_key))
    return signing.load(row.domain, row.selector, pem)


def forget(tenant: Tenant) -> None:
    """Read the tenant's keys anew in this process; the others follow within seconds."""
    for place in [place for place in _kept if place[0] == tenant.slug]:
        _kept.pop(place, None)


@scoped
def domain_keys(tenant: Tenant) -> list[DomainKeys]:
    """Every mail domain of the tenant, by name, with its keys."""
    order = list(KeyState)
    rows: dict[str, list[DkimKey]] = {}
    for row in DkimKey.objects.defer("private_key"):
        rows.setdefault(row.domain, []).append(row)
    return [
        DomainKeys(
            domain, tuple(sorted(rows.get(domain, ()), key=lambda row: order.index(row.state)))
        )
        for domain in sorted(domains_of(tenant))
    ]


@scoped
def dkim_key(tenant: Tenant, key_id: UUID) -> DkimKey | None:
    """One key of the tenant."""
    return DkimKey.objects.filter(id=key_id).first()


@scoped
def locked_files(tenant: Tenant, message_id: UUID) -> list[str]:
    """The names of the files in a mail's archive, as many as were noted."""
    row = Protection.objects.filter(message_id=message_id).first()
    return [str(name) for name in row.files] if row else []


@scoped
def mails_to_tell_passwords_of(
    tenant: Tenant,
    now: datetime,
    ids: Collection[UUID] | None = None,
    but: Collection[UUID] = (),
) -> list[UUID]:
    """Of these mails, or of all ``but`` some, those whose password is due to one who has it."""
    told = PasswordMail.objects.filter(
        protection__message_id=OuterRef("message_id"), recipient=OuterRef("recipient")
    )
    return list(
        delivered_copies(tenant)
        .filter(
            Q() if ids is None else Q(message_id__in=ids),
            ~Q(message_id__in=but),
            ~Exists(told),
            message__protection__notify_at__lte=now,
            message__protection__created_at__gte=now - _TELLING,
        )
        .order_by()
        .values_list("message_id", flat=True)
        .distinct()[:_MOST_TOLD]
    )


@dataclass(frozen=True, slots=True)
class ToldReader:
    """To whom and when the password was sent; ``failed`` where that mail reached nobody."""

    recipient: str
    sent_at: datetime
    failed: bool


@dataclass(frozen=True, slots=True)
class ShownSecret:
    """What is shown of an archive; the password, else empty, to the sender of the mail alone.

    ``may_notify``: nobody has asked for the password mails yet.
    """

    archive_name: str
    password: str
    files: tuple[str, ...]
    notify_at: datetime | None
    notified_by: str
    told: tuple[ToldReader, ...]
    may_notify: bool


@scoped
def shown_secret(
    tenant: Tenant, message_id: UUID, now: datetime, *, with_password: bool
) -> ShownSecret | None:
    """The archive of this mail, None where it has none."""
    row = Protection.objects.filter(message_id=message_id).first()
    if row is None:
        return None
    password = b""
    if with_password:
        password = unseal(key_of(tenant), tenant.schema_name, row.id, bytes(row.password))
    return ShownSecret(
        archive_name=row.archive_name,
        password=password.decode("ascii"),
        files=tuple(row.files),
        notify_at=row.notify_at,
        notified_by=row.notified_by,
        told=_told(tenant, row),
        may_notify=row.notify_at is None or row.notify_at > now,
    )


def _told(tenant: Tenant, row: Protection) -> tuple[ToldReader, ...]:
    mails = list(row.password_mails.all())
    failed = undelivered_among(tenant, [mail.notice for mail in mails])
    return tuple(ToldReader(each.recipient, each.sent_at, each.notice in failed) for each in mails)
