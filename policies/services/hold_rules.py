"""What changes a tenant's hold rules."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from django.db import transaction
from django.db.models import Max

from accounts.services import SHELL, record
from mailsec.gateway.outbound.rules import HoldRule
from policies.errors import InvalidRule, Problem
from policies.hold_values import checked, columns_of, rule_of
from policies.models import HoldRuleRow
from policies.selectors import forget
from tenants.models import Tenant
from tenants.scope import scoped

MOST_RULES = 200


class Step(IntEnum):
    """Which way a rule moves by one place."""

    UP = -1
    DOWN = 1


@scoped
def add_rule(
    tenant: Tenant, rule: HoldRule, *, author: str = SHELL, address: str | None = None
) -> HoldRuleRow:
    """Put a rule behind all others. InvalidRule where it cannot be taken, its name is another's, or
    there are 200."""
    rule = checked(rule)
    with transaction.atomic():
        revision = _locked(tenant)
        if HoldRuleRow.objects.count() >= MOST_RULES:
            raise InvalidRule("rules", Problem.FULL)
        _refuse_taken(rule.name)
        last = HoldRuleRow.objects.aggregate(last=Max("position"))["last"] or 0
        row = HoldRuleRow.objects.create(
            **columns_of(rule), position=last + 1, revision=revision, author=author[:254]
        )
        record(
            actor=author,
            action="hold_rule.add",
            subject=rule.name,
            address=address,
            after=columns_of(rule),
        )
    forget(tenant)
    return row


@scoped
def change_rule(
    tenant: Tenant,
    number: int,
    rule: HoldRule,
    *,
    author: str = SHELL,
    address: str | None = None,
) -> None:
    """Put another rule in the place of this one; InvalidRule as above, and where it is gone."""
    rule = checked(rule)
    with transaction.atomic():
        revision = _locked(tenant)
        row = _row(number)
        _refuse_taken(rule.name, but=row)
        before = columns_of(rule_of(row))
        for column, value in columns_of(rule).items():
            setattr(row, column, value)
        row.revision, row.author = revision, author[:254]
        row.save()
        record(
            actor=author,
            action="hold_rule.change",
            subject=rule.name,
            address=address,
            before=before,
            after=columns_of(rule),
        )
    forget(tenant)


@scoped
def move_rule(
    tenant: Tenant,
    number: int,
    step: Step,
    *,
    author: str = SHELL,
    address: str | None = None,
) -> bool:
    """Exchange a rule with its neighbour; False where it has none on that side. InvalidRule where
    it is gone."""
    with transaction.atomic():
        revision = _locked(tenant)
        row = _row(number)
        others = HoldRuleRow.objects.exclude(pk=row.pk)
        other = (
            others.filter(position__lt=row.position).last()
            if step is Step.UP
            else others.filter(position__gt=row.position).first()
        )
        if other is None:
            return False
        before = row.position
        row.position, other.position = other.position, row.position
        for each in (row, other):
            each.revision = revision
            each.save(update_fields=["position", "revision"])
        record(
            actor=author,
            action="hold_rule.move",
            subject=row.name,
            address=address,
            before={"position": before},
            after={"position": row.position, "exchanged_with": other.name},
        )
    forget(tenant)
    return True


@scoped
def remove_rule(
    tenant: Tenant, number: int, *, author: str = SHELL, address: str | None = None
) -> None:
    """Take a rule out; InvalidRule where it is gone."""
    with transaction.atomic():
        _locked(tenant)
        row = _row(number)
        before = columns_of(rule_of(row))
        row.delete()
        record(
            actor=author,
            action="hold_rule.remove",
            subject=row.name,
            address=address,
            before=before,
        )
    forget(tenant)


@scoped
def replace_rules(
    tenant: Tenant,
    rules: Sequence[HoldRule],
    *,
    author: str = SHELL,
    address: str | None = None,
) -> None:
    """Have exactly these rules in this order, all or none; InvalidRule as above."""
    kept = [checked(rule) for rule in rules]
    names = [rule.name for rule in kept]
    if len(kept) > MOST_RULES:
        raise InvalidRule("rules", Problem.FULL)
    if len(set(names)) < len(names):
        raise InvalidRule("name", Problem.TAKEN)
    with transaction.atomic():
        revision = _locked(tenant)
        before = [columns_of(rule_of(row)) for row in HoldRuleRow.objects.all()]
        HoldRuleRow.objects.all().delete()
        HoldRuleRow.objects.bulk_create(
            HoldRuleRow(
                **columns_of(rule), position=position, revision=revision, author=author[:254]
            )
            for position, rule in enumerate(kept, 1)
        )
        record(
            actor=author,
            action="hold_rule.import",
            address=address,
            before={"rules": before},
            after={"rules": [columns_of(rule) for rule in kept]},
        )
    forget(tenant)


def _locked(tenant: Tenant) -> int:
    """Hold off every other writer until the transaction ends; the revision for what is written."""
    Tenant.objects.select_for_update().get(pk=tenant.pk)
    return (HoldRuleRow.objects.aggregate(last=Max("revision"))["last"] or 0) + 1


def _row(number: int) -> HoldRuleRow:
    row = HoldRuleRow.objects.filter(pk=number).first()
    if row is None:
        raise InvalidRule("rule", Problem.GONE, str(number))
    return row


def _refuse_taken(name: str, but: HoldRuleRow | None = None) -> None:
    others = HoldRuleRow.objects.filter(name=name)
    if (others.exclude(pk=but.pk) if but else others).exists():
        raise InvalidRule("name", Problem.TAKEN, name)
