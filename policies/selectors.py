"""Reading what a tenant wants."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from django.db.models import Count, Max, Q, QuerySet
from django.utils import timezone

from mailsec.gateway.lists import Lists, TenantLists, entries
from mailsec.gateway.outbound.rules import HoldRule
from mailsec.gateway.policy import Language, Policy
from policies.hold_values import rule_of
from policies.models import (
    Address,
    GroupMember,
    HoldRuleRow,
    ListEntry,
    OwnNoticeText,
    PolicyVersion,
)
from policies.notice_texts import NoticeKind, NoticeText, default_text
from policies.settings_keys import KEYS, build
from tenants.models import Tenant
from tenants.scope import scoped
from tenants.selectors import domains_of
from threats.choices import ListKind

_KEEP_SECONDS = 2.0
# How many entries there are and the newest one's id: rows are never changed, so no two states of
# a list that differ share it.
Fingerprint = tuple[int, int | None]
# Rules are changed in their rows, and each change is of a greater revision.
RulesFingerprint = tuple[int, int | None, int | None]
Row = tuple[str, str, str, datetime | None]

# Keyed by schema: a policy must never be found under another tenant's name.
_kept: dict[str, tuple[float, Policy]] = {}
_lists: dict[str, tuple[Fingerprint, TenantLists]] = {}
_rules: dict[str, tuple[float, RulesFingerprint, tuple[HoldRule, ...]]] = {}
_groups: dict[str, tuple[float, Fingerprint, Mapping[str, frozenset[str]]]] = {}


@scoped
def current_policy(tenant: Tenant) -> Policy:
    """The policy that holds now, at most two seconds old; without a version, the defaults."""
    kept_at, policy = _kept.get(tenant.schema_name, (0.0, None))
    now = time.monotonic()
    if policy is not None and now - kept_at < _KEEP_SECONDS:
        return policy
    row = PolicyVersion.objects.first()
    policy = build(row.pk, row.values) if row else Policy(language=Language(tenant.language))
    lists = tenant_lists(tenant)
    policy = replace(
        policy,
        own_domains=tuple(sorted(domains_of(tenant))),
        # What is not bought is not done, whatever was chosen under another menu.
        zip=policy.zip and tenant.menu.zip,
        lists=lists.tenant,
        user_entries=lists.users,
    )
    _kept[tenant.schema_name] = (now, policy)
    return policy


def forget(tenant: Tenant) -> None:
    """Read the policy anew next time; other processes follow within two seconds."""
    _kept.pop(tenant.schema_name, None)
    _lists.pop(tenant.schema_name, None)
    _rules.pop(tenant.schema_name, None)
    _groups.pop(tenant.schema_name, None)


@scoped
def tenant_lists(tenant: Tenant) -> TenantLists:
    """The allow and block lists that hold now. Entries are read only where they changed."""
    now = timezone.now()
    figures = ListEntry.objects.aggregate(count=Count("id"), newest=Max("id"))
    fingerprint = (figures["count"], figures["newest"])
    kept = _lists.get(tenant.schema_name)
    if kept and kept[0] == fingerprint and (kept[1].until is None or kept[1].until > now):
        return kept[1]
    rows = ListEntry.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now)).order_by()
    lists = _built(rows.values_list("kind", "entry", "recipient", "expires_at"))
    _lists[tenant.schema_name] = (fingerprint, lists)
    return lists


def _built(rows: Iterable[Row]) -> TenantLists:
    owners: dict[str, dict[str, list[str]]] = {}
    until: datetime | None = None
    for kind, entry, owner, expires_at in rows:
        owners.setdefault(owner, {}).setdefault(kind, []).append(entry)
        if expires_at is not None and (until is None or expires_at < until):
            until = expires_at
    lists = {owner: _lists_of(kinds) for owner, kinds in owners.items()}
    return TenantLists(lists.pop("", Lists()), MappingProxyType(lists), until)


def _lists_of(kinds: Mapping[str, list[str]]) -> Lists:
    return Lists(entries(kinds.get(ListKind.ALLOW, ())), entries(kinds.get(ListKind.BLOCK, ())))


@scoped
def hold_rules(tenant: Tenant) -> tuple[HoldRule, ...]:
    """The hold rules in their order, those that are switched off too; at most two seconds old."""
    kept = _rules.get(tenant.schema_name)
    now = time.monotonic()
    if kept and now - kept[0] < _KEEP_SECONDS:
        return kept[2]
    figures = HoldRuleRow.objects.aggregate(
        count=Count("id"), newest=Max("id"), last=Max("revision")
    )
    fingerprint = (figures["count"], figures["newest"], figures["last"])
    same = kept is not None and kept[1] == fingerprint
    rules = kept[2] if kept and same else tuple(map(rule_of, HoldRuleRow.objects.all()))
    _rules[tenant.schema_name] = (now, fingerprint, rules)
    return rules


@scoped
def groups(tenant: Tenant) -> Mapping[str, frozenset[str]]:
    """The members of each group by its address; at most two seconds old."""
    kept = _groups.get(tenant.schema_name)
    now = time.monotonic()
    if kept and now - kept[0] < _KEEP_SECONDS:
        return kept[2]
    figures = GroupMember.objects.aggregate(count=Count("id"), newest=Max("id"))
    fingerprint = (figures["count"], figures["newest"])
    found = kept[2] if kept and kept[1] == fingerprint else _members()
    _groups[tenant.schema_name] = (now, fingerprint, found)
    return found


def _members() -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for group, address in GroupMember.objects.order_by().values_list("group__address", "address"):
        found.setdefault(group, set()).add(address)
    return MappingProxyType({group: frozenset(members) for group, members in found.items()})


@scoped
def list_entries(
    tenant: Tenant, *, kind: str = "", recipient: str | None = "", text: str = ""
) -> QuerySet[ListEntry]:
    """Entries for people, ended ones too: of the tenant, of one user, or of all (None).

    Evaluate it inside the tenant's scope.
    """
    rows = ListEntry.objects.filter(entry__icontains=text.strip().lower())
    if kind:
        rows = rows.filter(kind=kind)
    return rows if recipient is None else rows.filter(recipient=recipient.strip().lower())


@scoped
def stored_policy(tenant: Tenant) -> Policy:
    """The policy as it stands in the database at this moment, for those who are to change it."""
    _kept.pop(tenant.schema_name, None)
    return current_policy(tenant)


@scoped
def last_version(tenant: Tenant) -> PolicyVersion | None:
    """Who changed the policy last, and when; None where the defaults hold still."""
    return PolicyVersion.objects.first()


@scoped
def policy_values(tenant: Tenant) -> Mapping[str, Any]:
    """Every setting with the value that holds now, for people."""
    policy = current_policy(tenant)
    return {key: getattr(policy, key) for key in sorted(KEYS)}


@scoped
def address_count(tenant: Tenant) -> int:
    """How many addresses are registered."""
    return Address.objects.count()


@scoped
def notice_text(tenant: Tenant, kind: NoticeKind, language: Language) -> NoticeText:
    """The words of a notice: the tenant's own where it has written some, else the product's."""
    own = OwnNoticeText.objects.filter(kind=kind.value, language=language.value).first()
    return NoticeText(own.subject, own.body) if own else default_text(kind, language)
