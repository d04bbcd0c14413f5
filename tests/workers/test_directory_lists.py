"""What the listeners' snapshot holds of the lists, and how seldom it reads them."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

import threats.services
from mailsec.gateway.lists import Standing
from policies import services
from tenants.models import Tenant
from workers.directory import Snapshot, take_snapshot


def test_a_change_of_the_lists_reaches_the_next_snapshot(
    tenant: Tenant, other_tenant: Tenant
) -> None:
    """Of its own tenant alone."""
    first = take_snapshot(Snapshot())
    services.add_entry(tenant, "block", "example.com")
    threats.services.add_entry("allow", "192.0.2.0/24")
    second = take_snapshot(first)
    assert "alpha" not in first.lists
    assert second.lists["alpha"][1].tenant.of_address("a@example.com")[0] is Standing.BLOCKED
    assert "beta" not in second.lists
    assert second.operator.allow.holding_ip("192.0.2.1") == "192.0.2.0/24"
    services.remove_entry(tenant, "block", "example.com")
    third = take_snapshot(second)
    assert third.lists["alpha"][1].tenant.of_address("a@example.com")[0] is Standing.NONE


def test_lists_that_did_not_change_are_not_read_again(tenant: Tenant) -> None:
    """No tenant's schema is opened, and the very value is kept."""
    services.add_entry(tenant, "block", "example.com")
    first = take_snapshot(Snapshot())
    with CaptureQueriesContext(
        connection,
    ) as queries:
        second = take_snapshot(first)
    assert second.lists["alpha"][1] is first.lists["alpha"][1]
    assert not [one for one in queries.captured_queries if "policies_listentry" in one["sql"]]


def test_an_entry_that_ends_leaves_the_snapshot_by_itself(tenant: Tenant) -> None:
    """Nobody changes anything then, so no version tells."""
    end = timezone.now() + timedelta(seconds=0.3)
    services.add_entry(tenant, "block", "example.com", expires_at=end)
    first = take_snapshot(Snapshot())
    assert first.lists["alpha"][1].tenant.block.names
    while timezone.now() <= end:
        pass
    assert not take_snapshot(first).lists["alpha"][1].tenant.block.names


def test_the_switches_of_the_policy_reach_the_snapshot(tenant: Tenant) -> None:
    """As the listeners cannot open a schema for each recipient."""
    assert take_snapshot(Snapshot()).domains["alpha.example.jp"].reputation_check
    services.set_values(tenant, {"reputation_check": "no", "greylisting": "no"})
    route = take_snapshot(Snapshot()).domains["alpha.example.jp"]
    assert (route.reputation_check, route.greylisting) == (False, False)
