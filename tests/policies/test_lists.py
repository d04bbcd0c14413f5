"""The tenant's allow and block lists, and those of its users."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import AuditEntry
from mailsec.gateway.errors import InvalidPolicy
from mailsec.gateway.lists import Standing
from policies import selectors, services
from policies.services import lists
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tenants.selectors import tenant_named

USER = "user@alpha.example.jp"


def test_entries_reach_the_policy_in_their_one_form(tenant: Tenant) -> None:
    """Of the tenant and of its users, each in its place."""
    services.add_entry(tenant, "block", " Example.COM ")
    services.add_entry(tenant, "block", "192.0.2.7/24")
    services.add_entry(tenant, "allow", "friend@example.net", recipient="User@alpha.example.jp")
    policy = selectors.current_policy(tenant)
    assert policy.lists.of_address("a@mail.example.com") == (Standing.BLOCKED, "example.com")
    assert policy.lists.of_ip("192.0.2.200") == (Standing.BLOCKED, "192.0.2.0/24")
    assert policy.lists.of_address("friend@example.net")[0] is Standing.NONE
    own = policy.user_entries[USER]
    assert own.of_address("friend@example.net")[0] is Standing.ALLOWED


def test_each_change_tells_the_listeners_and_the_audit_log(tenant: Tenant) -> None:
    """Who put what there, and who took it off."""
    before = tenant_named("alpha").lists_version
    services.add_entry(tenant, "block", "example.com", author="admin@alpha.example.jp", note="spam")
    services.remove_entry(tenant, "block", "EXAMPLE.com", author="admin@alpha.example.jp")
    assert tenant_named("alpha").lists_version == before + 2
    assert selectors.current_policy(tenant).lists.of_address("a@example.com")[0] is Standing.NONE
    with tenant_scope(tenant):
        rows = AuditEntry.objects.filter(action__startswith="list.").order_by("id")
        found = [(row.action, row.subject, row.actor) for row in rows]
    assert found == [
        ("list.add", "example.com", "admin@alpha.example.jp"),
        ("list.remove", "example.com", "admin@alpha.example.jp"),
    ]


def test_an_entry_that_is_there_already_is_replaced(tenant: Tenant) -> None:
    """A new note and a new end, and still one row."""
    services.add_entry(tenant, "block", "example.com", note="one")
    services.add_entry(tenant, "block", "example.com", note="two")
    with tenant_scope(tenant):
        assert [row.note for row in selectors.list_entries(tenant)] == ["two"]
        assert not selectors.list_entries(tenant, kind="allow").exists()
        assert selectors.list_entries(tenant, recipient=None, text="EXAMPLE").count() == 1


def test_an_entry_counts_until_it_ends(tenant: Tenant) -> None:
    """To the second, without anybody's doing; a month later it is removed."""
    end = timezone.now() + timedelta(seconds=0.3)
    services.add_entry(tenant, "block", "example.com", expires_at=end)
    found = selectors.tenant_lists(tenant)
    assert found.until == end
    assert found.tenant.of_address("a@example.com")[0] is Standing.BLOCKED
    while timezone.now() <= end:
        pass
    assert selectors.tenant_lists(tenant).tenant.of_address("a@example.com")[0] is Standing.NONE
    assert services.forget_ended(tenant, end) == 0
    assert services.forget_ended(tenant, end + timedelta(days=1)) == 1


@pytest.mark.parametrize(
    ("kind", "entry", "options"),
    [
        ("deny", "example.com", {}),
        ("block", "com", {}),
        ("block", "example.com", {"recipient": "user@example.org"}),
        ("block", "example.com", {"recipient": "nobody"}),
        ("block", "example.com", {"note": "x" * 201}),
        ("block", "example.com", {"note": "two\nlines"}),
        ("block", "example.com", {"expires_at": timezone.now() - timedelta(days=1)}),
    ],
)
def test_what_cannot_be_taken_is_said(
    tenant: Tenant, kind: str, entry: str, options: dict[str, object]
) -> None:
    """And nothing is stored."""
    with pytest.raises(InvalidPolicy):
        services.add_entry(tenant, kind, entry, **options)  # type: ignore[arg-type]
    with tenant_scope(tenant):
        assert not selectors.list_entries(tenant, recipient=None).exists()


def test_the_lists_have_an_end(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    """One more is refused with the limit in words; replacing goes on."""
    monkeypatch.setattr(lists, "MOST_ENTRIES", 2)
    for entry in ("one.example.com", "two.example.com"):
        services.add_entry(tenant, "block", entry)
    with pytest.raises(InvalidPolicy, match="2 entries"):
        services.add_entry(tenant, "block", "three.example.com")
    services.add_entry(tenant, "block", "two.example.com", note="again")


def test_taking_off_what_is_not_there_is_an_error(tenant: Tenant) -> None:
    """A mistyped entry would else seem to be gone."""
    with pytest.raises(InvalidPolicy):
        services.remove_entry(tenant, "block", "example.com")


def test_one_tenants_lists_are_not_anothers(tenant: Tenant, other_tenant: Tenant) -> None:
    """Neither in the database nor in what a process keeps."""
    services.add_entry(tenant, "block", "example.com")
    assert selectors.current_policy(tenant).lists.block.names
    assert not selectors.current_policy(other_tenant).lists.block.names
    with tenant_scope(other_tenant):
        assert not selectors.list_entries(other_tenant, recipient=None).exists()
