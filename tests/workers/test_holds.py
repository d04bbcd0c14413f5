"""Mail whose hold time is over."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from quarantine import services
from quarantine.models import Hold
from quarantine.permissions import SENDER as SENDER_ROLE
from quarantine.permissions import Actor
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.encryption.sent import SENDER, sent
from workers.holds import end_due_holds
from workers.tasks.sweep import sweep_tenant


def test_one_that_cannot_be_ended_keeps_no_other_waiting(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not in its own sweep, and not by taking the share of the next ones."""
    monkeypatch.setattr("quarantine.services.holding._MOST", 2)
    broken, *others = [sent(tenant) for _ in range(3)]
    later = timezone.now() + timedelta(days=2)
    end_hold = services.end_hold

    def breaking(tenant: Tenant, message_id: UUID, *args: object) -> bool:
        if message_id == broken:
            raise RuntimeError("no disk")
        return end_hold(tenant, message_id, *args)

    monkeypatch.setattr(services, "end_hold", breaking)
    assert end_due_holds(tenant, later) == 1
    assert end_due_holds(tenant, later) == 1
    assert end_due_holds(tenant, later) == 0
    with tenant_scope(tenant):
        assert {row.message_id for row in Hold.objects.exclude(ended_at=None)} == set(others)


def test_a_sweep_that_did_something_asks_for_the_next_and_an_idle_one_does_not(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is due goes on a share at a time, and the round ends."""
    asked: list[str] = []
    monkeypatch.setattr("workers.tasks.sweep.enqueue_sweep", asked.append)
    sweep_tenant(tenant.slug)
    assert asked == []
    message_id = sent(tenant)
    with tenant_scope(tenant):
        Hold.objects.filter(message_id=message_id).update(due_at=timezone.now())
    sweep_tenant(tenant.slug)
    assert asked == [tenant.slug]
    sweep_tenant(tenant.slug)
    assert len(asked) <= 2
    sweep_tenant(tenant.slug)
    assert len(asked) <= 2


def test_news_without_a_notice_are_a_share_of_a_sweep_too(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Senders are not told what they did themselves; many such must not wait for many rounds."""
    asked: list[str] = []
    monkeypatch.setattr("workers.tasks.sweep.enqueue_sweep", asked.append)
    monkeypatch.setattr("quarantine.services.telling._MOST", 1)
    person = Actor(SENDER, SENDER_ROLE)
    for _ in range(3):
        services.discard_held(tenant, sent(tenant, locked=False), person, timezone.now())
    with tenant_scope(tenant):
        Hold.objects.update(told_at=timezone.now())
    for told in (1, 2, 3, 3):
        sweep_tenant(tenant.slug)
        assert len(asked) == told
    assert services.untold(tenant, timezone.now()) == []
