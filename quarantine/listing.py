"""Pages of the message list: the same cost for every page, however many messages there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.db.models import Count, Exists, Min, OuterRef, Q

from quarantine.choices import DeliveryState
from quarantine.models import Delivery, FindingRow, StoredMessage
from quarantine.selectors import MessageFilter, messages_with
from tenants.models import Tenant
from tenants.scope import scoped

_COUNTED = ("total", "delivered", "deferred", "bounced", "withheld", "discarded")


@dataclass(frozen=True, slots=True)
class Copies:
    """How many copies a message has, how many stand where, and whom the first one is for.

    ``originals`` counts the messages that send its original; the lists of other mail leave it out.
    """

    total: int = 0
    delivered: int = 0
    deferred: int = 0
    bounced: int = 0
    withheld: int = 0
    first: str = ""
    originals: int = 0
    discarded: int = 0

    @property
    def others(self) -> int:
        """How many recipients there are besides the first."""
        return self.total - 1


@dataclass(frozen=True, slots=True)
class Line:
    """One message of a list: its row, its copies in figures, how bad what was found is."""

    message: StoredMessage
    copies: Copies
    severities: frozenset[str]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, newest first; the identifiers are where the neighbouring pages begin."""

    lines: tuple[Line, ...]
    newer: UUID | None
    older: UUID | None


@scoped
def message_page(
    tenant: Tenant,
    wanted: MessageFilter,
    *,
    before: UUID | None = None,
    after: UUID | None = None,
    size: int = 50,
) -> Page:
    """Messages older than ``before``, or newer than ``after``, or else the newest ones.

    Pages begin at an identifier, not at a number: none is slower than the first one, nothing is
    counted, and mail that comes in meanwhile moves no row from one page to another.
    """
    rows = messages_with(tenant, wanted).prefetch_related(None)
    if after is not None:
        found = list(rows.filter(id__gt=after).order_by("id")[: size + 1])
        more_newer, more_older = len(found) > size, True
        found = found[:size][::-1]
    else:
        found = list((rows.filter(id__lt=before) if before else rows)[: size + 1])
        more_newer, more_older = before is not None, len(found) > size
        found = found[:size]
    return Page(
        _lines(found, with_originals=bool(wanted.kept)),
        newer=found[0].id if found and more_newer else None,
        older=found[-1].id if found and more_older else None,
    )


def _lines(messages: Sequence[StoredMessage], *, with_originals: bool) -> tuple[Line, ...]:
    """A message may have 1,000 copies, so the database counts them: few queries for any page."""
    ids = [message.id for message in messages]
    copies, severities = _copies(ids), _severities(ids)
    for message_id, number in _originals(ids) if with_originals else ():
        copies[message_id] = replace(copies[message_id], originals=number)
    return tuple(
        Line(message, copies.get(message.id, Copies()), frozenset(severities[message.id]))
        for message in messages
    )


def _copies(ids: Sequence[UUID]) -> dict[UUID, Copies]:
    rows = Delivery.objects.filter(message_id__in=ids).values("message_id").order_by()
    counted = rows.annotate(
        total=Count("id"),
        delivered=Count("id", filter=Q(state=DeliveryState.DELIVERED)),
        deferred=Count("id", filter=Q(state=DeliveryState.DEFERRED)),
        bounced=Count("id", filter=Q(state=DeliveryState.BOUNCED)),
        withheld=Count("id", filter=Q(state=DeliveryState.WITHHELD)),
        discarded=Count("id", filter=Q(state=DeliveryState.DISCARDED)),
        first=Min("id"),
    ).values_list("message_id", "first", *_COUNTED)
    figures = list(counted)
    firsts = Delivery.objects.filter(id__in=[first for _, first, *_ in figures])
    names = dict(firsts.values_list("id", "recipient"))
    return {
        message_id: Copies(**dict(zip(_COUNTED, counts, strict=True)), first=names.get(first, ""))
        for message_id, first, *counts in figures
    }


def _originals(ids: Sequence[UUID]) -> list[tuple[UUID, int]]:
    """How many messages send the original of each; what was refused does not count."""
    refused = Delivery.objects.filter(message_id=OuterRef("id"), state=DeliveryState.WITHHELD)
    rows = StoredMessage.objects.filter(~Exists(refused), release_of__in=ids).order_by()
    return list(rows.values_list("release_of").annotate(Count("id")))


def _severities(ids: Sequence[UUID]) -> dict[UUID, set[str]]:
    found: defaultdict[UUID, set[str]] = defaultdict(set)
    rows = FindingRow.objects.filter(message_id__in=ids).order_by()
    for message_id, severity in rows.values_list("message_id", "severity").distinct():
        found[message_id].add(severity)
    return found
