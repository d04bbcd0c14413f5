"""What changes a tenant's groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.services import SHELL, record
from policies.errors import InvalidRule, Problem
from policies.hold_values import Group, checked_group
from policies.models import AddressGroup, GroupMember
from policies.selectors import forget
from tenants.models import Tenant
from tenants.scope import scoped
from tenants.selectors import domains_of

MOST_GROUPS = 1_000


@scoped
def store_groups(
    tenant: Tenant,
    groups: Sequence[Group],
    *,
    author: str = SHELL,
    address: str | None = None,
) -> None:
    """Have these groups with exactly these members, all or none; others stay as they are.

    InvalidRule names what cannot be taken; more than 1,000 groups are one such thing.
    """
    domains = domains_of(tenant)
    kept = {group.address: group for group in (checked_group(each, domains) for each in groups)}
    with transaction.atomic():
        Tenant.objects.select_for_update().get(pk=tenant.pk)
        before = _facts(list(kept))
        _store(kept, author)
        if AddressGroup.objects.count() > MOST_GROUPS:
            raise InvalidRule("groups", Problem.FULL)
        for group in kept.values():
            record(
                actor=author,
                action="group.set",
                subject=group.address,
                address=address,
                before=before.get(group.address),
                after={"name": group.name, "members": list(group.members)},
            )
    forget(tenant)


def _store(groups: Mapping[str, Group], author: str) -> None:
    now = timezone.now()
    AddressGroup.objects.bulk_create(
        [
            AddressGroup(address=each.address, name=each.name, author=author[:254], changed_at=now)
            for each in groups.values()
        ],
        update_conflicts=True,
        unique_fields=["address"],
        update_fields=["name", "author", "changed_at"],
    )
    rows = {row.address: row.pk for row in AddressGroup.objects.filter(address__in=list(groups))}
    wanted = {(rows[each.address], member) for each in groups.values() for member in each.members}
    present = {
        (row.group_id, row.address): row.pk
        for row in GroupMember.objects.filter(group__in=list(rows.values()))
    }
    gone = [number for key, number in present.items() if key not in wanted]
    GroupMember.objects.filter(id__in=gone).delete()
    GroupMember.objects.bulk_create(
        [
            GroupMember(group_id=group, address=member)
            for group, member in sorted(wanted - present.keys())
        ],
        batch_size=5_000,
    )


def _facts(addresses: Sequence[str]) -> dict[str, dict[str, Any]]:
    rows = AddressGroup.objects.filter(address__in=addresses).prefetch_related("members")
    return {
        row.address: {"name": row.name, "members": [each.address for each in row.members.all()]}
        for row in rows
    }


@scoped
def remove_group(
    tenant: Tenant, group: str, *, author: str = SHELL, address: str | None = None
) -> None:
    """Take a group out; InvalidRule where there is none of this address."""
    with transaction.atomic():
        Tenant.objects.select_for_update().get(pk=tenant.pk)
        before = _facts([group.strip().lower()])
        row = AddressGroup.objects.filter(address=group.strip().lower()).first()
        if row is None:
            raise InvalidRule("address", Problem.GONE, group)
        row.delete()
        record(
            actor=author,
            action="group.remove",
            subject=row.address,
            address=address,
            before=before[row.address],
        )
    forget(tenant)
