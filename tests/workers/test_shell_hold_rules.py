"""``manage.py tenant hold-rule`` and ``tenant group``."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from mailsec.gateway.outbound.rules import Conditions, Exceptions, HoldRule, RuleAction
from policies import selectors
from tenants.models import Tenant


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_rules_are_added_listed_and_removed(tenant: Tenant) -> None:
    """As the demo and operators do it."""
    run(
        *("tenant", "hold-rule", "add", "alpha", "files", "--attachment", "yes", "--at-least", "2"),
        *("--to", "example.com", "--to", "example.net", "--except-from", "boss@alpha.example.jp"),
    )
    run("tenant", "hold-rule", "add", "alpha", "ads", "--pass", "--off", "--keyword", "広告")
    assert selectors.hold_rules(tenant) == (
        HoldRule(
            "files",
            when=Conditions(("example.com", "example.net"), True, 2),
            unless=Exceptions(senders=("boss@alpha.example.jp",)),
        ),
        HoldRule("ads", RuleAction.PASS, Conditions(keywords=("広告",)), enabled=False),
    )
    listed = run("tenant", "hold-rule", "list", "alpha")
    assert "1  hold  files  recipients=example.com,example.net" in listed
    assert "except-senders=boss@alpha.example.jp" in listed
    assert "2  pass  ads  off  keywords=広告" in listed
    run("tenant", "hold-rule", "remove", "alpha", "files")
    assert [rule.name for rule in selectors.hold_rules(tenant)] == ["ads"]


def test_groups_are_set_listed_and_removed(tenant: Tenant) -> None:
    """With exactly the members that are given."""
    group = "sales@alpha.example.jp"
    run("tenant", "group", "set", "alpha", group, "a@alpha.example.jp", "b@alpha.example.jp")
    assert group in run("tenant", "group", "list", "alpha")
    assert len(selectors.groups(tenant)[group]) == 2
    run("tenant", "group", "remove", "alpha", group)
    assert selectors.groups(tenant) == {}


@pytest.mark.parametrize(
    "words",
    [
        ("hold-rule", "add", "alpha", "x", "--to", "nobody"),
        ("hold-rule", "remove", "alpha", "nothing"),
        ("group", "set", "alpha", "x@example.com", "a@alpha.example.jp"),
        ("group", "remove", "alpha", "x@alpha.example.jp"),
    ],
)
def test_what_cannot_be_done_is_told(tenant: Tenant, words: tuple[str, ...]) -> None:
    """And nothing is changed."""
    with pytest.raises(CommandError):
        run("tenant", *words)
    assert selectors.hold_rules(tenant) == ()
    assert selectors.groups(tenant) == {}
