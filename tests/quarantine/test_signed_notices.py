"""A notice is signed where it is stored, so that none goes without and each stays as it is."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import dkim as dkimpy
import pytest

from mailsec.gateway.hops import Outcome as Attempt
from quarantine import selectors, services
from quarantine.dispatch import leaving
from quarantine.services import Notice
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.gateway.checks.making import key_record, pem
from tests.gateway.test_notice import notice
from tests.quarantine.making import NOW, arrive, outcome, settlement
from workers.courier import schedule_of
from workers.reports import notices_for

RAW = notice("件名")


@pytest.fixture
def key(settings: Any, tmp_path: Path) -> Path:
    """The file of the service's own key."""
    path = tmp_path / "signing.pem"
    path.write_bytes(pem())
    settings.SIGNING_DOMAIN, settings.SIGNING_SELECTOR = "gateway.example.org", "s1"
    settings.SIGNING_KEY, settings.MAIL_HOSTNAME = path, "gateway.example.org"
    return path


def stored(tenant: Tenant) -> UUID:
    with tenant_scope(tenant):
        return services.store_notice(tenant, Notice("a@example.jp", RAW, "件名", None), NOW)


def holds(raw: bytes) -> bool:
    answer = key_record().encode()
    return bool(dkimpy.verify(raw, dnsfunc=lambda name, timeout: answer))


@pytest.mark.usefixtures("key")
def test_each_attempt_sends_the_bytes_that_were_signed(tenant: Tenant) -> None:
    """Also days later, and the size is that of the whole."""
    message_id = stored(tenant)
    first = leaving(tenant, message_id).content
    assert first.endswith(RAW)
    assert holds(first)
    (claim,) = services.claim_deliveries(tenant, message_id, NOW)
    later = settlement(claim, Attempt.DEFERRED, NOW + timedelta(days=1))
    services.settle_deliveries(tenant, message_id, [later], NOW)
    assert services.claim_deliveries(tenant, message_id, NOW + timedelta(days=1))
    assert leaving(tenant, message_id).content == first
    assert selectors.message_row(tenant, message_id).size == len(first)


@pytest.mark.usefixtures("key")
def test_a_bounce_to_an_address_in_utf_8_is_signed(tenant: Tenant) -> None:
    """From the refusal to the bytes that leave."""
    message_id = arrive(tenant, sender="差出人@例え.jp")
    services.record_outcome(tenant, message_id, outcome(), NOW)
    (claim,) = services.claim_deliveries(tenant, message_id, NOW)
    refused = [settlement(claim, Attempt.REFUSED)]
    mail = leaving(tenant, message_id)
    found = notices_for(tenant, mail, refused, schedule_of(tenant), NOW)
    (notice_id,) = services.settle_deliveries(tenant, message_id, refused, NOW, found)
    bounce = leaving(tenant, notice_id)
    assert bounce.smtputf8
    assert "差出人@例え.jp".encode() in bounce.content
    assert holds(bounce.content)


def test_a_key_that_went_while_the_service_runs_costs_no_notice(tenant: Tenant, key: Path) -> None:
    """What it reports on is settled with it, so its fault must not undo that."""
    key.unlink()
    message_id = stored(tenant)
    assert leaving(tenant, message_id).content == RAW
