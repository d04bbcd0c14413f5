"""Programs that open every link of every mail: nothing of the tenant's changes by it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.apps import apps
from django.utils import timezone

from policies.services import set_values
from quarantine import services
from quarantine.models import Hold, StoredMessage
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.console import Visitor, host_of
from tests.quarantine.test_release import quarantined
from tests.workers.test_outbound import ADMIN, ONE, OTHER, RAW, deliver, holding, notices, send
from workers.digests import send_digests
from workers.tasks.sweep import sweep_tenant

__all__ = ["holding"]
APPS = ("quarantine", "encryption", "policies", "accounts")
LINK = re.compile(r"https?://[^\s\"'<>]+")


def everything(tenant: Tenant) -> Mapping[str, list[Any]]:
    """Every row of the tenant's schema."""
    with tenant_scope(tenant):
        return {
            model.__name__: list(model.objects.order_by("pk").values())
            for app in APPS
            for model in apps.get_app_config(app).get_models()
        }


@pytest.mark.usefixtures("holding")
def test_no_link_of_any_notice_decides_by_being_opened(tenant: Tenant) -> None:
    """Held, reminded, approved by another, discarded by another, processed; and the digest's."""
    set_values(tenant, {"digest_hour": "0"})
    now = timezone.now()
    waiting, approved, discarded = (send(tenant, RAW, ONE, OTHER) for _ in range(3))
    services.deliver_held(tenant, approved, ADMIN, now)
    services.discard_held(tenant, discarded, ADMIN, now)
    deliver(tenant, approved)
    kept = quarantined(tenant)
    with tenant_scope(tenant):
        Hold.objects.filter(message_id=waiting).update(remind_at=now)
        StoredMessage.objects.filter(id=kept).update(received_at=now)
    sweep_tenant(tenant.slug)
    day = now.astimezone(tenant.zone).date()
    send_digests(tenant, day, now + timedelta(minutes=1), now)
    texts = [notice.text for _, notice in notices(tenant)]
    links = {link for text in texts for link in LINK.findall(text)}
    kinds = {urlsplit(link).path.split("/")[1] for link in links}
    assert kinds == {"mail", "quarantine"}
    assert len(links) >= 9, texts
    before, robot = everything(tenant), Visitor(host_of(tenant))
    for link in sorted(links):
        parts = urlsplit(link)
        for method in ("get", "head", "options", "get"):
            answer = getattr(robot, method)(f"{parts.path}?{parts.query}")
            assert answer.status_code in {200, 405}, (method, link)
    assert everything(tenant) == before
