"""What changes the operator's lists of senders, and what is noted of DNS block lists."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django_tenants.utils import get_public_schema_name, schema_context

from accounts.services import SHELL, record
from mailsec.gateway.clients.dnsbl import ZoneState
from mailsec.gateway.errors import InvalidPolicy
from mailsec.gateway.lists import canonical_entry
from threats.choices import ListKind
from threats.models import Blocklist, SenderEntry

MOST_ENTRIES = 100_000


def add_entry(
    kind: str,
    entry: str,
    *,
    author: str = SHELL,
    note: str = "",
    expires_at: datetime | None = None,
) -> SenderEntry:
    """Put an address, domain, IP address or network on the list of all tenants; what stands there
    is replaced. InvalidPolicy names what cannot be taken."""
    canonical = canonical_entry(entry)
    if expires_at is not None and expires_at <= timezone.now():
        raise InvalidPolicy("expires_at", "lies in the past")
    if len(note) > 200 or not note.isprintable():
        raise InvalidPolicy("note", "takes one line of at most 200 characters")
    with schema_context(get_public_schema_name()), transaction.atomic():
        gone, _ = SenderEntry.objects.filter(kind=_kind(kind), entry=canonical).delete()
        if not gone and SenderEntry.objects.count() >= MOST_ENTRIES:
            raise InvalidPolicy("entry", f"does not fit: the lists hold {MOST_ENTRIES} entries")
        row = SenderEntry.objects.create(
            kind=kind, entry=canonical, author=author[:254], note=note, expires_at=expires_at
        )
        until = expires_at.isoformat() if expires_at else ""
        facts = {"kind": kind, "note": note, "expires_at": until}
        record(actor=author, action="sender.add", subject=canonical, after=facts)
    return row


def remove_entry(kind: str, entry: str, *, author: str = SHELL) -> None:
    """Take an entry off the list; InvalidPolicy where it is not on it."""
    canonical = canonical_entry(entry)
    with schema_context(get_public_schema_name()), transaction.atomic():
        gone, _ = SenderEntry.objects.filter(kind=_kind(kind), entry=canonical).delete()
        if not gone:
            raise InvalidPolicy("entry", "is not on the list")
        record(actor=author, action="sender.remove", subject=canonical, before={"kind": kind})


def forget_ended(before: datetime) -> int:
    """Remove the entries that ended before this time; returns how many went."""
    with schema_context(get_public_schema_name()):
        count, _ = SenderEntry.objects.filter(expires_at__lt=before).delete()
    return count


def _kind(text: str) -> str:
    if text not in ListKind.values:
        raise InvalidPolicy("kind", "takes one of " + ", ".join(ListKind.values))
    return text


def note_blocklists(states: Iterable[ZoneState], now: datetime) -> None:
    """Keep how the block lists of the settings stand; those that are no longer asked go."""
    found = tuple(states)
    with schema_context(get_public_schema_name()), transaction.atomic():
        before = {row.zone: row for row in Blocklist.objects.select_for_update()}
        Blocklist.objects.exclude(zone__in=[state.zone for state in found]).delete()
        for state in found:
            old = before.get(state.zone)
            same = old is not None and old.working == state.working
            Blocklist.objects.update_or_create(
                zone=state.zone,
                defaults={
                    "working": state.working,
                    "problem": state.problem,
                    "since": old.since if old is not None and same else now,
                    "checked_at": now,
                    "asked": state.asked,
                    "listed": state.listed,
                    "errors": state.errors,
                    "unanswered": state.unanswered,
                },
            )
