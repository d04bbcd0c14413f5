"""What changes the keys that sign mail: made, checked, put to use, deleted."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

import structlog
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.db import transaction

from accounts.models import AuditEntry
from accounts.services import SHELL, record
from encryption.choices import KeyState
from encryption.errors import (
    KeyInUse,
    KeyRetired,
    NoOutboundMail,
    NotPublished,
    TooManyKeys,
    UnknownDomain,
    UnknownKey,
)
from encryption.models import DkimKey
from encryption.selectors import forget
from mailsec.gateway.dkim import keys, publication
from mailsec.gateway.dkim.publication import Publication
from mailsec.gateway.ports import TextRecords
from quarantine.sealing import seal
from tenants.keys import key_of
from tenants.models import Tenant
from tenants.scope import scoped
from tenants.selectors import domains_of

log = structlog.get_logger(__name__)

MOST_KEYS = 20  # of one domain, retired ones included
_GENERATE = "dkim.generate"
_BITS = 2048  # RFC 8301 section 3.2; longer ones do not fit every name server
_EXPONENT = 65537


@scoped
def generate_dkim_key(
    tenant: Tenant, domain: str, now: datetime, *, author: str = SHELL, address: str | None = None
) -> DkimKey:
    """A new key for a mail domain, which signs nothing until it is activated.

    ``NoOutboundMail``, ``UnknownDomain`` and ``TooManyKeys`` where there can be none.
    """
    name = domain.strip().lower()
    if not tenant.menu.outbound:
        raise NoOutboundMail(f"Menu {tenant.menu_number} takes no outbound mail.")
    if name not in domains_of(tenant):
        raise UnknownDomain(f"{name!r} is no mail domain of this tenant.")
    private = rsa.generate_private_key(_EXPONENT, _BITS)
    with transaction.atomic():
        _hold_off_others(tenant)
        if DkimKey.objects.filter(domain=name).count() >= MOST_KEYS:
            raise TooManyKeys(f"{name} has {MOST_KEYS} keys; delete old ones first.")
        key_id = uuid4()
        row = DkimKey.objects.create(
            id=key_id,
            domain=name,
            selector=_new_selector(name, now.astimezone(tenant.zone)),
            record=keys.record_of(private.public_key()).decode("ascii"),
            private_key=seal(key_of(tenant), tenant.schema_name, key_id, _pem(private)),
            created_at=now,
            created_by=author[:254],
        )
        after = {"selector": row.selector}
        record(actor=author, action=_GENERATE, subject=name, address=address, after=after)
    return row


def _hold_off_others(tenant: Tenant) -> None:
    """One writer of the tenant's keys at a time, until the transaction ends."""
    Tenant.objects.select_for_update().get(pk=tenant.pk)


def _new_selector(domain: str, today: datetime) -> str:
    """The month and a number that it has not had yet.

    The audit log knows deleted keys too: verifiers may remember what was published under their
    names.
    """
    month = f"ms{today:%Y%m}-"
    made = AuditEntry.objects.filter(
        action=_GENERATE, subject=domain, after__selector__startswith=month
    )
    return f"{month}{made.count() + 1}"


def _pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


@scoped
def check_dkim_key(
    tenant: Tenant, key_id: UUID, records: TextRecords, now: datetime
) -> Publication:
    """Ask the domain name system for the key, and remember what it said; ``UnknownKey``."""
    row = _row(key_id)
    expected = keys.read(row.record.encode("ascii")).key
    found = publication.check(records, row.selector, row.domain, expected)
    DkimKey.objects.filter(id=key_id).update(checked_at=now, publication=found)
    return found


@scoped
def activate_dkim_key(
    tenant: Tenant,
    key_id: UUID,
    records: TextRecords,
    now: datetime,
    *,
    author: str = SHELL,
    address: str | None = None,
) -> bool:
    """Sign the domain's mail with this key from now on; False where that was so already.

    The one before is retired: its private key is removed, its record is still needed for a while.
    ``NotPublished`` where verifiers would not find the key at this moment, ``KeyRetired``,
    ``UnknownKey``; nothing is changed then.
    """
    found = check_dkim_key(tenant, key_id, records, now)
    with transaction.atomic():
        _hold_off_others(tenant)
        row = _row(key_id)
        if row.state == KeyState.ACTIVE:
            return False
        if row.state == KeyState.RETIRED:
            raise KeyRetired(f"{row.name} has signed before; make a new key.")
        if found is not Publication.FOUND:
            raise NotPublished(found)
        before = DkimKey.objects.filter(domain=row.domain, state=KeyState.ACTIVE).first()
        if before is not None:
            _retire(before, now)
        row.state, row.activated_at = KeyState.ACTIVE, now
        row.save(update_fields=["state", "activated_at"])
        record(
            actor=author,
            action="dkim.activate",
            subject=row.domain,
            address=address,
            before={"selector": before.selector if before else ""},
            after={"selector": row.selector},
        )
    forget(tenant)
    log.info("a new key signs", tenant=tenant.slug, domain=row.domain, selector=row.selector)
    return True


def _retire(row: DkimKey, now: datetime) -> None:
    row.state, row.retired_at, row.private_key = KeyState.RETIRED, now, None
    row.save(update_fields=["state", "retired_at", "private_key"])


@scoped
def retire_dkim_key(
    tenant: Tenant, key_id: UUID, now: datetime, *, author: str = SHELL, address: str | None = None
) -> bool:
    """Sign the domain's mail no longer; False where this key does not. ``UnknownKey``."""
    with transaction.atomic():
        _hold_off_others(tenant)
        row = _row(key_id)
        if row.state != KeyState.ACTIVE:
            return False
        _retire(row, now)
        before = {"selector": row.selector}
        record(
            actor=author, action="dkim.retire", subject=row.domain, address=address, before=before
        )
    forget(tenant)
    return True


@scoped
def delete_dkim_key(
    tenant: Tenant, key_id: UUID, *, author: str = SHELL, address: str | None = None
) -> None:
    """Forget a key that is not in use, yet or any more; ``KeyInUse``, ``UnknownKey``."""
    with transaction.atomic():
        _hold_off_others(tenant)
        row = _row(key_id)
        if row.state == KeyState.ACTIVE:
            raise KeyInUse(f"{row.name} signs mail at present.")
        before = {"selector": row.selector, "state": row.state}
        row.delete()
        record(
            actor=author, action="dkim.delete", subject=row.domain, address=address, before=before
        )


def _row(key_id: UUID) -> DkimKey:
    row = DkimKey.objects.filter(id=key_id).first()
    if row is None:
        raise UnknownKey("There is no such key.")
    return row
