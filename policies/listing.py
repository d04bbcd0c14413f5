"""Reading lists, hold rules, groups and notice texts for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.core.paginator import Page, Paginator
from django.db.models import Q
from django.utils import timezone

from policies.entries import Effect, NewEntry, effect_of
from policies.models import AddressGroup, HoldRuleRow, ListEntry, OwnNoticeText
from tenants.models import Tenant
from tenants.scope import scoped

PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """What a person looks for; empty fields do not narrow. ``scope`` is company or users."""

    text: str = ""
    kind: str = ""
    scope: str = ""


@scoped
def entry_page(tenant: Tenant, wanted: EntryFilter, number: str) -> Page[ListEntry]:
    """One page of the entries that match, ended ones too; the nearest page for a wrong number."""
    rows = ListEntry.objects.all()
    if wanted.kind:
        rows = rows.filter(kind=wanted.kind)
    if wanted.scope:
        whole = Q(recipient="")
        rows = rows.filter(whole if wanted.scope == "company" else ~whole)
    for word in wanted.text.split()[:5]:
        rows = rows.filter(
            Q(entry__icontains=word)
            | Q(recipient__icontains=word)
            | Q(note__icontains=word)
            | Q(author__icontains=word)
        )
    page = Paginator(rows, PAGE_SIZE).get_page(number)
    page.object_list = list(page.object_list)
    return page


@scoped
def entry_with(tenant: Tenant, number: int) -> ListEntry | None:
    """One entry, None where it is not there any more."""
    return ListEntry.objects.filter(pk=number).first()


@scoped
def entries_in_force(tenant: Tenant) -> Sequence[ListEntry]:
    """Every entry that has not ended."""
    lasting = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    return list(ListEntry.objects.filter(lasting))


@scoped
def import_effect(tenant: Tenant, entries: Sequence[NewEntry]) -> tuple[Effect, int]:
    """What taking these in would do, and how many entries there would be; nothing is changed."""
    present = dict(_keyed(ListEntry.objects.all()))
    effect = effect_of(entries, present)
    return effect, len(present) + len(effect.added)


def _keyed(rows: Iterable[ListEntry]) -> Iterator[tuple[tuple[str, str, str], ListEntry]]:
    for row in rows:
        yield (row.kind, row.entry, row.recipient), row


@scoped
def all_rules(tenant: Tenant) -> Sequence[HoldRuleRow]:
    """Every hold rule in its order."""
    return list(HoldRuleRow.objects.all())


@scoped
def rule_with(tenant: Tenant, number: int) -> HoldRuleRow | None:
    """One hold rule, None where it is not there any more."""
    return HoldRuleRow.objects.filter(pk=number).first()


@scoped
def all_groups(tenant: Tenant) -> Sequence[AddressGroup]:
    """Every group with its members."""
    return list(AddressGroup.objects.prefetch_related("members"))


@scoped
def group_with(tenant: Tenant, number: int) -> AddressGroup | None:
    """One group with its members, None where it is not there any more."""
    return AddressGroup.objects.prefetch_related("members").filter(pk=number).first()


@scoped
def own_notice_texts(tenant: Tenant) -> dict[tuple[str, str], OwnNoticeText]:
    """The tenant's own words, by kind and language."""
    return {(row.kind, row.language): row for row in OwnNoticeText.objects.all()}
