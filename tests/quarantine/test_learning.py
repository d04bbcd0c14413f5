"""Spam, not spam, and back: each message counts once, and each lesson can be taken back."""

from __future__ import annotations

from uuid import UUID

import pytest

from accounts.models import AuditEntry, TenantRole
from quarantine import kept, services
from quarantine.choices import EventKind
from quarantine.errors import ContentGone, NotPermitted
from quarantine.permissions import Actor
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.quarantine.fake_model import FakeModel
from tests.quarantine.making import NOW, RAW, ready, settlement
from tests.quarantine.test_release import ADMIN, quarantined, row


def lessons(tenant: Tenant) -> list[str]:
    """What the tenant's model knows; none where it has none."""
    kept.forget_models()
    model = kept.tenant_spam_model(tenant)
    return [each.split()[1] for each in FakeModel.from_bytes(model.data).lessons] if model else []


def steps(tenant: Tenant, message_id: UUID) -> list[str]:
    events = row(tenant, message_id).events.all()
    return [each.kind for each in events if each.kind in {EventKind.LEARNED, EventKind.UNLEARNED}]


def test_a_message_counts_once(tenant: Tenant) -> None:
    """The second "spam" changes nothing."""
    message_id = quarantined(tenant)
    assert services.learn(tenant, message_id, True, ADMIN, NOW, FakeModel)
    assert not services.learn(tenant, message_id, True, ADMIN, NOW, FakeModel)
    assert lessons(tenant) == ["True"]
    assert steps(tenant, message_id) == [EventKind.LEARNED]
    with tenant_scope(tenant):
        assert AuditEntry.objects.filter(action="quarantine.learned").count() == 1


def test_the_opposite_lesson_takes_the_others_place(tenant: Tenant) -> None:
    """The model never knows both."""
    message_id = quarantined(tenant)
    services.learn(tenant, message_id, True, ADMIN, NOW, FakeModel)
    assert services.learn(tenant, message_id, False, ADMIN, NOW, FakeModel)
    assert lessons(tenant) == ["False"]


def test_a_lesson_is_taken_back_whatever_was_learned_since(tenant: Tenant) -> None:
    """Only that one, and once; also when the content is gone."""
    first, second = quarantined(tenant), quarantined(tenant, raw=RAW + b"more\r\n")
    services.learn(tenant, first, True, ADMIN, NOW, FakeModel)
    services.learn(tenant, second, False, ADMIN, NOW, FakeModel)
    services.delete(tenant, first, ADMIN, NOW)
    assert services.undo_lesson(tenant, first, ADMIN, NOW, FakeModel)
    assert not services.undo_lesson(tenant, first, ADMIN, NOW, FakeModel)
    assert lessons(tenant) == ["False"]
    assert kept.lesson_in_force(tenant, first) is None
    assert kept.lesson_in_force(tenant, second) is not None


def test_every_change_has_a_number(tenant: Tenant) -> None:
    """A worker that keeps a model sees that there is a newer one."""
    message_id = quarantined(tenant)
    assert kept.tenant_spam_model(tenant) is None
    numbers = []
    for is_spam in (True, False, True):
        services.learn(tenant, message_id, is_spam, ADMIN, NOW, FakeModel)
        kept.forget_models()
        model = kept.tenant_spam_model(tenant)
        assert model is not None
        numbers.append(model.version)
    assert numbers == sorted(set(numbers))


def test_delivered_mail_is_not_there_to_learn_from(tenant: Tenant) -> None:
    """Its content was removed at once."""
    message_id = ready(tenant)
    claims = services.claim_deliveries(tenant, message_id, NOW)
    services.settle_deliveries(tenant, message_id, [settlement(claims[0])], NOW)
    with pytest.raises(ContentGone):
        services.learn(tenant, message_id, True, ADMIN, NOW, FakeModel)
    assert lessons(tenant) == []


def test_auditors_teach_nothing(tenant: Tenant) -> None:
    """They change nothing at all."""
    message_id = quarantined(tenant)
    actor = Actor("x@alpha.example.jp", TenantRole.AUDITOR)
    with pytest.raises(NotPermitted):
        services.learn(tenant, message_id, True, actor, NOW, FakeModel)
    with pytest.raises(NotPermitted):
        services.undo_lesson(tenant, message_id, actor, NOW, FakeModel)


def test_one_tenants_lessons_are_not_anothers(tenant: Tenant, other_tenant: Tenant) -> None:
    """Each has a model of its own."""
    services.learn(tenant, quarantined(tenant), True, ADMIN, NOW, FakeModel)
    assert lessons(other_tenant) == []
    assert lessons(tenant) == ["True"]
