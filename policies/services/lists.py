"""What changes a tenant's allow and block lists, and those of its users."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.services import SHELL, record
from mailsec.gateway.errors import InvalidPolicy
from mailsec.gateway.lists import canonical_entry
from policies.models import ListEntry
from policies.selectors import forget
from tenants.models import Tenant
from tenants.scope import scoped
from tenants.selectors import domains_of
from tenants.services import mark_lists_changed
from threats.choices import ListKind

MOST_ENTRIES = 20_000


@scoped
def add_entry(
    tenant: Tenant,
    kind: str,
    entry: str,
    *,
    recipient: str = "",
    author: str = SHELL,
    note: str = "",
    expires_at: datetime | None = None,
) -> ListEntry:
    """Put an address, domain, IP address or network on a list; what stands there is replaced.

    ``recipient`` makes it one user's own. InvalidPolicy names what cannot be taken: a wrong kind or
    entry, a recipient outside the tenant's domains, a time that is over, or more than 20,000.
    """
    canonical = canonical_entry(entry)
    kind, owner = _kind(kind), _recipient(tenant, recipient)
    if expires_at is not None and expires_at <= timezone.now():
        raise InvalidPolicy("expires_at", "lies in the past")
    if len(note) > 200 or not note.isprintable():
        raise InvalidPolicy("note", "takes one line of at most 200 characters")
    with transaction.atomic():
        # First of all: it holds off other writers, so that the limit and the replacing are exact.
        mark_lists_changed(tenant)
        old = ListEntry.objects.filter(kind=kind, entry=canonical, recipient=owner).first()
        if old is not None:
            old.delete()
        elif ListEntry.objects.count() >= MOST_ENTRIES:
            raise InvalidPolicy("entry", f"does not fit: the lists hold {MOST_ENTRIES} entries")
        row = ListEntry.objects.create(
            kind=kind,
            entry=canonical,
            recipient=owner,
            author=author[:254],
            note=note,
            expires_at=expires_at,
        )
        record(
            actor=author,
            action="list.add",
            subject=canonical,
            before=_facts(old) if old is not None else None,
            after=_facts(row),
        )
    forget(tenant)
    return row


@scoped
def remove_entry(
    tenant: Tenant, kind: str, entry: str, *, recipient: str = "", author: str = SHELL
) -> None:
    """Take an entry off a list; InvalidPolicy where it is not on it."""
    canonical = canonical_entry(entry)
    with transaction.atomic():
        mark_lists_changed(tenant)
        row = ListEntry.objects.filter(
            kind=_kind(kind), entry=canonical, recipient=recipient.strip().lower()
        ).first()
        if row is None:
            raise InvalidPolicy("entry", "is not on the list")
        before = _facts(row)
        row.delete()
        record(actor=author, action="list.remove", subject=canonical, before=before)
    forget(tenant)


def _kind(text: str) -> str:
    if text not in ListKind.values:
        raise InvalidPolicy("kind", "takes one of " + ", ".join(ListKind.values))
    return text


def _recipient(tenant: Tenant, text: str) -> str:
    address = text.strip().lower()
    local, _, domain = address.rpartition("@")
    if address and not (local and domain in domains_of(tenant) and len(address) <= 254):
        raise InvalidPolicy("recipient", "takes an address of the tenant's mail domains")
    return address


def _facts(row: ListEntry) -> dict[str, str]:
    until = row.expires_at.isoformat() if row.expires_at else ""
    return {
        "kind": row.kind,
        "recipient": row.recipient,
        "note": row.note,
        "expires_at": until,
    }


@scoped
def forget_ended(tenant: Tenant, before: datetime) -> int:
    """Remove the entries that ended before this time; returns how many went."""
    count, _ = ListEntry.objects.filter(expires_at__lt=before).delete()
    return count
