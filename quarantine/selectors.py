"""Reading messages: for the workers, the console and the operator's shell."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet

from mailsec.gateway.outbound.treatment import LOCKED_FORMS
from quarantine.choices import ContentKind, DeliveryState, DirectionChoice, MessageState
from quarantine.cleaning import clean
from quarantine.dispatch import content, leaving
from quarantine.identifiers import first_id_at
from quarantine.models import Delivery, FindingRow, Refusal, StoredMessage
from quarantine.treated import TREATED
from tenants.models import Tenant
from tenants.scope import scoped

CONDEMNED = ("malicious", "forbidden")
# What the figures of unwanted mail count, by the one word that a message was given.
JUDGED = {"spam": ("spam",), "forged": ("forged", "blocked"), "suspicious": ("suspicious",)}
# What the quarantine's list shows: held whole, let go by somebody, or delivered without a part.
KEPT: Mapping[str, Q] = {
    "held": Q(state=MessageState.QUARANTINED),
    "released": Q(keep_original=True) & ~Q(released_at=None),
    "removed": Q(keep_original=True, released_at=None) & ~Q(state=MessageState.QUARANTINED),
    "all": Q(state=MessageState.QUARANTINED) | Q(keep_original=True),
}


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """What a person looks for; empty fields do not narrow. ``kept`` is a key of ``KEPT``."""

    text: str = ""
    state: str = ""
    direction: str = ""
    since: datetime | None = None
    until: datetime | None = None
    found: str = ""
    verdict: str = ""
    kept: str = ""


@scoped
def original(tenant: Tenant, message_id: UUID) -> bytes:
    """The bytes as received; ContentGone where they are not kept any more."""
    return content(tenant, message_id, ContentKind.ORIGINAL)


@scoped
def outgoing(tenant: Tenant, message: StoredMessage) -> bytes:
    """The bytes that leave: the stored outgoing form, or the original below its trace header."""
    return leaving(tenant, message.id).content


@scoped
def message_row(tenant: Tenant, message_id: UUID) -> StoredMessage:
    """One message that is surely there, as a worker that claimed it knows."""
    return StoredMessage.objects.get(id=message_id)


@scoped
def message_with(tenant: Tenant, message_id: UUID) -> StoredMessage | None:
    """One message with its copies, findings and events, and what was done to its copies."""
    return (
        StoredMessage.objects.filter(id=message_id)
        .select_related("processing")
        .prefetch_related("deliveries", "findings", "events")
        .first()
    )


@scoped
def messages_with(tenant: Tenant, wanted: MessageFilter) -> QuerySet[StoredMessage]:
    """Messages that match, newest first. Evaluate it inside the tenant's scope."""
    rows = StoredMessage.objects.prefetch_related(
        Prefetch("deliveries", Delivery.objects.order_by("id"))
    )
    rows = rows.filter(_in_state(wanted.state), _with_finding(wanted.found))
    if wanted.found:  # each mail once, as the tallies count it
        rows = rows.filter(release_of=None)
    if wanted.kept:
        rows = rows.filter(KEPT[wanted.kept])
    if wanted.verdict:
        rows = rows.filter(verdict=wanted.verdict)
    if wanted.direction:
        rows = rows.filter(direction=wanted.direction)
    if wanted.since:
        # Identifiers sort by time, so their index ends the search; clocks differ by less than this.
        bound = first_id_at(wanted.since - timedelta(hours=1))
        rows = rows.filter(id__gte=bound, received_at__gte=wanted.since)
    if wanted.until:
        rows = rows.filter(received_at__lt=wanted.until)
    for word in wanted.text.split()[:5]:
        rows = rows.filter(_matches(word))
    return rows.order_by("-id")


@scoped
def has_corresponded(tenant: Tenant, sender: str, recipients: Sequence[str]) -> bool:
    """Whether mail of this sender reached one of these before, or one of these wrote to it.

    An author counts by the whole address, and not by a name that looks like one.
    """
    sender = clean(sender, 320)
    if not sender:
        return False
    written = rf"(^|[\s<,]){re.escape(sender)}($|[\s>,])"
    received = Delivery.objects.filter(
        recipient__in=recipients,
        state=DeliveryState.DELIVERED,
        message__direction=DirectionChoice.INBOUND,
    ).filter(Q(message__sender=sender) | Q(message__header_from__iregex=written))
    wrote = Delivery.objects.filter(
        recipient=sender,
        message__direction=DirectionChoice.OUTBOUND,
        message__sender__in=recipients,
    )
    return received.exists() or wrote.exists()


def _in_state(state: str) -> Q:
    """A state of the message, or what its copies make of it: deferred, bounced, delivered."""
    copies = Delivery.objects.filter(message_id=OuterRef("pk"))
    if state == DeliveryState.DEFERRED:
        return Q(Exists(copies.filter(state=DeliveryState.DEFERRED)))
    if state == DeliveryState.BOUNCED:
        return Q(Exists(copies.filter(state=DeliveryState.BOUNCED)))
    if state == DeliveryState.DELIVERED:
        other = Exists(copies.exclude(state=DeliveryState.DELIVERED))
        return Q(state=MessageState.CLOSED) & ~Q(other)
    return Q(state=state) if state else Q()


def _with_finding(found: str) -> Q:
    """Messages with what the daily tallies count under this name, or with this kind of finding."""
    if found == "changed":
        return Q(changed=True)
    if not found:
        return Q()
    if found in TREATED:
        return TREATED[found]
    if found in JUDGED:
        return Q(verdict__in=JUDGED[found])
    rows = FindingRow.objects.filter(message_id=OuterRef("pk"))
    if found == "unexamined":
        return Q(Exists(rows.filter(severity="unexamined")))
    if found == "condemned":
        return Q(Exists(rows.filter(severity__in=CONDEMNED)))
    return Q(Exists(rows.filter(code=found, severity__in=CONDEMNED)))


def _matches(word: str) -> Q:
    recipients = Delivery.objects.filter(recipient__icontains=word).values("message_id")
    match = (
        Q(subject__icontains=word)
        | Q(header_from__icontains=word)
        | Q(sender__icontains=word)
        | Q(message_id__icontains=word)
        | Q(id__in=recipients)
    )
    if re.fullmatch(r"[0-9a-f]{32}", word):
        match |= Q(id=UUID(word))
    try:
        match |= Q(client_ip=str(ip_address(word)))
    except ValueError:
        return match
    return match


@scoped
def tally(tenant: Tenant, since: datetime, until: datetime) -> Mapping[str, int]:
    """Figures over the messages received in this time: by direction, state and finding."""
    rows = StoredMessage.objects.filter(received_at__gte=since, received_at__lt=until)
    # What is found again in an original that follows its mail is no second finding.
    firsts = Q(release_of=None)
    figures: dict[str, int] = rows.aggregate(
        inbound=Count("id", filter=Q(direction="inbound")),
        outbound=Count("id", filter=Q(direction="outbound")),
        notices=Count("id", filter=Q(direction="notice")),
        quarantined=Count("id", filter=Q(state=MessageState.QUARANTINED)),
        shunted=Count("id", filter=Q(state=MessageState.SHUNTED)),
        changed=Count("id", filter=Q(changed=True) & firsts),
        **{
            name: Count("id", filter=Q(verdict__in=labels) & firsts)
            for name, labels in JUDGED.items()
        },
    )
    found = rows.filter(firsts, findings__severity__in=CONDEMNED)
    figures["viruses"] = found.filter(findings__code="virus").distinct().count()
    figures["file_types"] = found.filter(findings__code="file-type").distinct().count()
    return figures


@scoped
def open_work(tenant: Tenant) -> Mapping[str, int]:
    """How many messages have not come to their end, by state."""
    rows = StoredMessage.objects.exclude(
        state__in=(MessageState.CLOSED, MessageState.QUARANTINED)
    ).values_list("state")
    return dict(rows.annotate(Count("id")).order_by())


@dataclass(frozen=True, slots=True)
class RefusalFilter:
    """What a person looks for among refused mail; empty fields do not narrow."""

    text: str = ""
    reason: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class RefusalPage:
    """One page of refusals, newest first; the numbers are where the neighbouring pages begin."""

    rows: tuple[Refusal, ...]
    newer: int | None = None
    older: int | None = None


@scoped
def refusals(
    tenant: Tenant,
    wanted: RefusalFilter,
    *,
    before: int | None = None,
    after: int | None = None,
    size: int = 50,
) -> RefusalPage:
    """Refused mail older than ``before``, or newer than ``after``, or else the newest."""
    rows = Refusal.objects.filter(*_refusal_conditions(wanted))
    if after is not None:
        found = list(rows.filter(id__gt=after).order_by("id")[: size + 1])
        more_newer, more_older = len(found) > size, True
        found = found[:size][::-1]
    else:
        rows = rows.order_by("-id")
        found = list((rows.filter(id__lt=before) if before is not None else rows)[: size + 1])
        more_newer, more_older = before is not None, len(found) > size
        found = found[:size]
    return RefusalPage(
        tuple(found),
        newer=found[0].pk if found and more_newer else None,
        older=found[-1].pk if found and more_older else None,
    )


def _refusal_conditions(wanted: RefusalFilter) -> list[Q]:
    conditions = [Q(reason=wanted.reason)] if wanted.reason else []
    if wanted.since:
        conditions.append(Q(at__gte=wanted.since))
    if wanted.until:
        conditions.append(Q(at__lt=wanted.until))
    return conditions + [_refusal_matches(word) for word in wanted.text.split()[:5]]


def _refusal_matches(word: str) -> Q:
    match = (
        Q(sender__icontains=word)
        | Q(recipient__icontains=word)
        | Q(helo__icontains=word)
        | Q(reference=word.lower())
    )
    try:
        match |= Q(client_ip=str(ip_address(word)))
    except ValueError:
        return match
    return match


@scoped
def delivered_copies(tenant: Tenant) -> QuerySet[Delivery]:
    """Copies whose files went out locked up and that a server has taken.

    Evaluate it inside the tenant's scope.
    """
    return Delivery.objects.filter(state=DeliveryState.DELIVERED, form__in=LOCKED_FORMS)


@scoped
def delivered_to(tenant: Tenant, message_id: UUID, *, locked: bool = False) -> list[str]:
    """Whose copies a server has taken: all, or those whose files went out locked up."""
    copies = Delivery.objects.filter(message_id=message_id, state=DeliveryState.DELIVERED)
    if locked:
        copies = copies.filter(form__in=LOCKED_FORMS)
    return list(copies.order_by("id").values_list("recipient", flat=True))
