"""Notices that nobody got: an administrator sees them where the mail stands, and counted."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from accounts.models import TenantRole
from encryption.models import PasswordMail, Protection
from mailsec.gateway.hops import Outcome, Result
from quarantine import services
from quarantine.notices import (
    notices_about,
    undelivered_among,
    undelivered_since,
    with_undelivered_notices,
)
from quarantine.services import Notice, Settlement
from quarantine.services.receive import store_notice
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.console import Elements, Visitor, at_console
from tests.encryption.sent import ONE, SENDER, deliver, link, sent
from tests.quarantine.making import ready

REPLY = "550 5.1.1 no such user here"


def notice(
    tenant: Tenant, about: UUID | None, recipient: str = SENDER, *, refused: bool = False
) -> UUID:
    """A notice that the next server took, or refused."""
    now = timezone.now()
    raw = b"Subject: held\r\n\r\nA mail of yours waits.\r\n"
    with tenant_scope(tenant):
        made = store_notice(tenant, Notice(recipient, raw, "held: plans", about), now)
    (claim,) = services.claim_deliveries(tenant, made, now + timedelta(seconds=1))
    result = Result(recipient, Outcome.DELIVERED, 250, "2.0.0", "250 ok", "mx.example.com")
    if refused:
        result = Result(recipient, Outcome.REFUSED, 550, "5.1.1", REPLY, "mx.example.com")
    services.settle_deliveries(tenant, made, [Settlement(claim, result, None)], now)
    return made


def text_of(visitor: Visitor, path: str) -> str:
    return " ".join(Elements(visitor.get(path).content.decode()).text.split())


def test_those_that_failed_come_first(tenant: Tenant) -> None:
    """Of one mail's notices, with what the server said."""
    message_id = sent(tenant)
    arrived, failed = notice(tenant, message_id), notice(tenant, message_id, refused=True)
    notice(tenant, sent(tenant), refused=True)
    found = notices_about(tenant, message_id)
    assert [(copy.message_id, copy.state) for copy in found] == [
        (failed, "bounced"),
        (arrived, "delivered"),
    ]
    assert undelivered_among(tenant, [arrived, failed]) == {failed}


@pytest.mark.parametrize("role", list(TenantRole))
def test_the_queue_marks_mail_whose_sender_could_not_be_told(
    tenant: Tenant, role: TenantRole
) -> None:
    """Nobody would decide on it before its time is over."""
    told, untold = sent(tenant, subject="told"), sent(tenant, subject="untold")
    notice(tenant, told)
    visitor = at_console(tenant, role)
    assert "Notice not delivered" not in text_of(visitor, "/held/")
    notice(tenant, untold, refused=True)
    assert text_of(visitor, "/held/").count("Notice not delivered") == 1
    assert with_undelivered_notices(tenant, [told, untold]) == {untold}
    for path in (f"/held/{untold.hex}/", f"/messages/{untold.hex}/"):
        page = text_of(visitor, path)
        assert "Notices about this mail" in page
        assert REPLY in page


def test_the_first_page_counts_them_and_opens_their_list(tenant: Tenant) -> None:
    """Other mail that bounced is not among them."""
    message_id = sent(tenant, hold=None)
    deliver(tenant, message_id, ONE)
    notice(tenant, message_id)
    notice(tenant, None, refused=True)
    now = timezone.now()
    assert undelivered_since(tenant, now - timedelta(days=1)) == 1
    assert undelivered_since(tenant, now + timedelta(minutes=1)) == 0
    page = at_console(tenant).get("/").content.decode()
    row = page.partition("Own notices not delivered")[2].partition("</tr>")[0]
    assert ">1</a>" in row
    assert "direction=notice&amp;state=bounced" in row


def test_the_sender_sees_that_a_password_mail_reached_nobody(tenant: Tenant) -> None:
    """Notices have no sender to whom a bounce could go."""
    message_id = sent(tenant, hold=None)
    deliver(tenant, message_id)
    failed = notice(tenant, message_id, ONE, refused=True)
    path = link(tenant, message_id)
    with tenant_scope(tenant):
        protection = Protection.objects.get(message_id=message_id)
        protection.notify_at = timezone.now()
        protection.save()
        PasswordMail.objects.create(
            protection=protection, recipient=ONE, notice=failed, sent_at=timezone.now()
        )
    assert "Please tell this recipient the password in another way." in text_of(
        at_console(tenant), path
    )


def test_another_tenants_notices_are_not_seen(tenant: Tenant, other_tenant: Tenant) -> None:
    """Neither counted nor listed."""
    message_id = ready(tenant)
    failed = notice(tenant, message_id, refused=True)
    assert notices_about(other_tenant, message_id) == []
    assert undelivered_among(other_tenant, [failed]) == frozenset()
    assert with_undelivered_notices(other_tenant, [message_id]) == frozenset()
    assert undelivered_since(other_tenant, timezone.now() - timedelta(days=1)) == 0
