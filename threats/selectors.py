"""Reading what is known of files and senders."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db.models import Count, Max, Q
from django.utils import timezone
from django_tenants.utils import get_public_schema_name, schema_context

from mailsec.gateway.lists import Lists, entries
from threats.choices import ListKind
from threats.models import BadFile, Blocklist, SenderEntry

_KEEP_SECONDS = 5.0
_kept: tuple[float, Mapping[str, str]] = (0.0, {})
# By how many entries there are and the newest one's id: rows are never changed, so no two states
# of the lists that differ share it. Then the lists, and when the first entry ends.
_senders: tuple[tuple[int, int | None], Lists, datetime | None] = ((0, None), Lists(), None)


def blocked_files() -> Mapping[str, str]:
    """The operator's list, name by SHA-256; at most five seconds old in each process."""
    global _kept
    now = time.monotonic()
    if not _kept[0] or now - _kept[0] > _KEEP_SECONDS:
        with schema_context(get_public_schema_name()):
            _kept = (now, dict(BadFile.objects.values_list("sha256", "name")))
    return _kept[1]


def forget() -> None:
    """Read the list anew next time; other processes follow within seconds."""
    global _kept, _senders
    _kept = (0.0, {})
    _senders = ((0, None), Lists(), None)


def operator_lists() -> Lists:
    """The operator's lists of senders that hold now; entries are read only where they changed."""
    global _senders
    now = timezone.now()
    with schema_context(get_public_schema_name()):
        figures = SenderEntry.objects.aggregate(count=Count("id"), newest=Max("id"))
        fingerprint = (figures["count"], figures["newest"])
        kept, lists, until = _senders
        if kept == fingerprint and (until is None or until > now):
            return lists
        rows = SenderEntry.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now)).order_by()
        found = list(rows.values_list("kind", "entry", "expires_at"))
    lists = Lists(
        allow=entries(entry for kind, entry, _ in found if kind == ListKind.ALLOW),
        block=entries(entry for kind, entry, _ in found if kind == ListKind.BLOCK),
    )
    until = min((end for _, _, end in found if end is not None), default=None)
    _senders = (fingerprint, lists, until)
    return lists


def sender_entries(kind: str = "", text: str = "") -> Sequence[SenderEntry]:
    """The operator's entries for people, ended ones too; 1,000 at most."""
    with schema_context(get_public_schema_name()):
        rows = SenderEntry.objects.filter(entry__icontains=text.strip().lower())
        return list((rows.filter(kind=kind) if kind else rows)[:1000])


def blocklists() -> Sequence[Blocklist]:
    """How the DNS block lists stand; one that is not ``working`` is an alarm."""
    with schema_context(get_public_schema_name()):
        return list(Blocklist.objects.all())
