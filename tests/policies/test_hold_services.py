"""Hold rules and groups in a tenant's schema."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEntry
from mailsec.gateway.outbound.rules import Conditions, Exceptions, HoldRule, RuleAction
from policies import listing, selectors, services
from policies.errors import InvalidRule, Problem
from policies.hold_values import Group
from policies.services import Step
from tenants.models import Tenant
from tenants.scope import tenant_scope

FULL = HoldRule(
    "all",
    RuleAction.PASS,
    Conditions(("example.com",), True, 3, ("sales@alpha.example.jp",), ("社外秘",)),
    Exceptions(("a@example.com",), ("b@alpha.example.jp",), ("広告",)),
    enabled=False,
)


def names(tenant: Tenant) -> list[str]:
    return [rule.name for rule in selectors.hold_rules(tenant)]


def number(tenant: Tenant, name: str) -> int:
    return next(int(row.pk) for row in listing.all_rules(tenant) if row.name == name)


def audited(tenant: Tenant) -> list[tuple[str, str]]:
    with tenant_scope(tenant):
        rows = AuditEntry.objects.filter(action__regex="^(hold_rule|group)").order_by("id")
        return [(row.action, row.subject) for row in rows]


def some(tenant: Tenant, *wanted: str) -> None:
    for name in wanted:
        services.add_rule(tenant, HoldRule(name))


def test_a_rule_comes_back_as_it_was_stored(tenant: Tenant) -> None:
    """With all its conditions and exceptions, and only in its tenant."""
    services.add_rule(tenant, FULL, author="admin@alpha.example.jp")
    assert selectors.hold_rules(tenant) == (FULL,)


def test_rules_keep_their_order_and_exchange_places(tenant: Tenant) -> None:
    """At the ends nothing moves; gaps of removed rules do not matter."""
    some(tenant, "a", "b", "c", "d")
    services.remove_rule(tenant, number(tenant, "b"))
    assert services.move_rule(tenant, number(tenant, "c"), Step.UP)
    assert names(tenant) == ["c", "a", "d"]
    assert not services.move_rule(tenant, number(tenant, "c"), Step.UP)
    assert services.move_rule(tenant, number(tenant, "c"), Step.DOWN)
    assert not services.move_rule(tenant, number(tenant, "d"), Step.DOWN)
    assert names(tenant) == ["a", "c", "d"]


def test_a_change_keeps_the_place(tenant: Tenant) -> None:
    """A name belongs to one rule."""
    some(tenant, "a", "b")
    services.change_rule(tenant, number(tenant, "a"), HoldRule("z", RuleAction.PASS))
    assert names(tenant) == ["z", "b"]
    services.change_rule(tenant, number(tenant, "z"), HoldRule("z", enabled=False))
    for refused in (
        lambda: services.change_rule(tenant, number(tenant, "z"), HoldRule("b")),
        lambda: services.add_rule(tenant, HoldRule("b")),
        lambda: services.replace_rules(tenant, [HoldRule("x"), HoldRule("x")]),
    ):
        with pytest.raises(InvalidRule) as error:
            refused()
        assert error.value.problem is Problem.TAKEN
    assert names(tenant) == ["z", "b"]


def test_what_is_gone_is_told(tenant: Tenant) -> None:
    """Two people at work on the same page."""
    for refused in (
        lambda: services.change_rule(tenant, 0, HoldRule("b")),
        lambda: services.move_rule(tenant, 0, Step.UP),
        lambda: services.remove_rule(tenant, 0),
        lambda: services.remove_group(tenant, "x@alpha.example.jp"),
    ):
        with pytest.raises(InvalidRule) as error:
            refused()
        assert error.value.problem is Problem.GONE


def test_there_is_a_limit(tenant: Tenant) -> None:
    """Every rule is asked for every recipient."""
    rules = [HoldRule(f"r{place}") for place in range(services.MOST_RULES + 1)]
    with pytest.raises(InvalidRule):
        services.replace_rules(tenant, rules)
    services.replace_rules(tenant, rules[:-1])
    with pytest.raises(InvalidRule) as error:
        services.add_rule(tenant, HoldRule("more"))
    assert error.value.problem is Problem.FULL


def test_every_change_is_audited(tenant: Tenant) -> None:
    """With who, what was and what is."""
    some(tenant, "a", "b")
    services.change_rule(tenant, number(tenant, "a"), FULL, author="x@alpha.example.jp")
    services.move_rule(tenant, number(tenant, "b"), Step.UP)
    services.remove_rule(tenant, number(tenant, "b"))
    services.replace_rules(tenant, [HoldRule("c")])
    services.store_groups(tenant, [Group("g@alpha.example.jp", ("a@alpha.example.jp",))])
    services.remove_group(tenant, "G@alpha.example.jp")
    assert audited(tenant) == [
        ("hold_rule.add", "a"),
        ("hold_rule.add", "b"),
        ("hold_rule.change", "all"),
        ("hold_rule.move", "b"),
        ("hold_rule.remove", "b"),
        ("hold_rule.import", ""),
        ("group.set", "g@alpha.example.jp"),
        ("group.remove", "g@alpha.example.jp"),
    ]
    with tenant_scope(tenant):
        change = AuditEntry.objects.get(action="hold_rule.change")
    assert change.actor == "x@alpha.example.jp"
    assert (change.before["name"], change.after["name"]) == ("a", "all")


def test_groups_hold_exactly_what_was_stored_last(tenant: Tenant) -> None:
    """Others stay."""
    people = [f"{name}@alpha.example.jp" for name in "abc"]
    services.store_groups(
        tenant,
        [Group("g@alpha.example.jp", tuple(people)), Group("h@alpha.example.jp", (people[0],))],
    )
    services.store_groups(tenant, [Group("G@alpha.example.jp", (people[2], people[2]))])
    assert selectors.groups(tenant) == {
        "g@alpha.example.jp": frozenset((people[2],)),
        "h@alpha.example.jp": frozenset((people[0],)),
    }
    with pytest.raises(InvalidRule):
        services.store_groups(tenant, [Group("i@alpha.example.jp", ("x@example.com",))])
    services.remove_group(tenant, "g@alpha.example.jp")
    assert list(selectors.groups(tenant)) == ["h@alpha.example.jp"]


def aged(kept: dict[str, Any], schema: str) -> None:
    """As if the two seconds were over."""
    kept[schema] = (-10.0, *kept[schema][1:])


def test_rules_and_groups_are_read_again_only_where_they_changed(tenant: Tenant) -> None:
    """No query within two seconds, one afterwards; a change by another process is seen."""
    some(tenant, "a", "b")
    services.store_groups(tenant, [Group("g@alpha.example.jp", ("a@alpha.example.jp",))])
    rules, groups = selectors.hold_rules(tenant), selectors.groups(tenant)
    with tenant_scope(tenant):
        with CaptureQueriesContext(connection) as queries:
            assert selectors.hold_rules(tenant) is rules
            assert selectors.groups(tenant) is groups
        assert not [query for query in queries if "policies_" in query["sql"]]
        for kept in (selectors._rules, selectors._groups):
            aged(kept, tenant.schema_name)
        with CaptureQueriesContext(connection) as queries:
            assert selectors.hold_rules(tenant) is rules
            assert selectors.groups(tenant) is groups
        assert len([query for query in queries if "policies_" in query["sql"]]) == 2


def test_no_change_by_another_process_is_missed(tenant: Tenant) -> None:
    """What this process keeps stays kept until the fingerprint differs: it does each time."""
    some(tenant, "a", "b", "c")
    steps = (
        lambda: services.move_rule(tenant, number(tenant, "a"), Step.DOWN),
        lambda: services.change_rule(tenant, number(tenant, "a"), HoldRule("a", RuleAction.PASS)),
        lambda: services.remove_rule(tenant, number(tenant, "c")),
        lambda: services.add_rule(tenant, HoldRule("d")),
        lambda: services.remove_rule(tenant, number(tenant, "d")),
        lambda: services.replace_rules(tenant, [HoldRule("a"), HoldRule("b")]),
        lambda: services.move_rule(tenant, number(tenant, "a"), Step.DOWN),
    )
    for step in steps:
        before = selectors.hold_rules(tenant)
        old = selectors._rules[tenant.schema_name]
        step()
        selectors._rules[tenant.schema_name] = (-10.0, *old[1:])
        assert selectors.hold_rules(tenant) != before


def test_nothing_is_seen_from_another_tenant(tenant: Tenant, other_tenant: Tenant) -> None:
    """Rules, groups, and one of them by its number."""
    services.add_rule(tenant, FULL)
    services.store_groups(tenant, [Group("g@alpha.example.jp", ("a@alpha.example.jp",))])
    assert selectors.hold_rules(other_tenant) == ()
    assert selectors.groups(other_tenant) == {}
    assert listing.all_rules(other_tenant) == listing.all_groups(other_tenant) == []
    assert listing.rule_with(other_tenant, number(tenant, "all")) is None
    group = listing.all_groups(tenant)[0].pk
    assert listing.group_with(other_tenant, group) is None
