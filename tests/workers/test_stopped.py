"""Outbound mail that goes to quarantine: its sender does not wait for an answer in vain."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.utils import timezone

from quarantine import services
from quarantine.choices import MessageState
from quarantine.models import Stop
from quarantine.permissions import Actor
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.gateway.test_pipeline import EICAR
from tests.gateway.zipping.shapes import entity, multipart, text
from tests.quarantine.test_release import row
from tests.workers.test_outbound import ADMIN, INSIDE, ONE, SENDER_ADDRESS, notices, send
from workers.sender_notices import Telling, tell_senders
from workers.tasks.sweep import sweep_tenant

HEAD = (
    b"From: sender@alpha.example.jp\r\nTo: a@example.com\r\n"
    b"Subject: plans\r\n%sMIME-Version: 1.0\r\n"
)
BODY = multipart("mixed", "b", text("hello"), entity("Content-Type: text/plain; name=a.com", EICAR))


def stopped(tenant: Tenant, fields: bytes = b"", sender: str = SENDER_ADDRESS) -> UUID:
    """A mail with a virus, from inside, in quarantine."""
    message_id = send(tenant, HEAD % fields + BODY, ONE, INSIDE, sender=sender)
    assert row(tenant, message_id).state == MessageState.QUARANTINED
    return message_id


def test_the_sender_is_told_why_and_of_whom(tenant: Tenant) -> None:
    """Once, with all recipients: none of the copies left."""
    message_id = stopped(tenant)
    sweep_tenant(tenant.slug)
    ((recipient, notice),) = notices(tenant)
    assert recipient == SENDER_ADDRESS
    assert notice.subject == "【送信停止】plans"
    for words in ("ウイルス", ONE, INSIDE, "管理者"):
        assert words in notice.text
    assert "/mail/" not in notice.text
    with tenant_scope(tenant):
        assert Stop.objects.get(message_id=message_id).told_at


@pytest.mark.parametrize(
    "fields, sender", [(b"Auto-Submitted: auto-replied\r\n", SENDER_ADDRESS), (b"", "")]
)
def test_programs_are_not_told(tenant: Tenant, fields: bytes, sender: str) -> None:
    """RFC 3834: nobody reads it, and an answer may be answered."""
    stopped(tenant, fields, sender)
    sweep_tenant(tenant.slug)
    assert notices(tenant) == []


def test_a_mailbox_is_not_filled_by_what_a_stolen_account_sends(tenant: Tenant) -> None:
    """Twenty an hour; the quarantine shows the rest."""
    made = [stopped(tenant) for _ in range(22)]
    assert len(notices(tenant)) == 20
    stopped(tenant, sender="other@alpha.example.jp")
    assert len(notices(tenant)) == 21
    with tenant_scope(tenant):
        assert not Stop.objects.filter(told_at=None).exists()
        assert Stop.objects.count() == len(made) + 1


def test_what_was_released_before_is_no_news(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lost worker's news come late, when an administrator has let the mail go."""
    monkeypatch.setattr("workers.tasks.examine.tell_senders", lambda *_: Telling())
    message_id = stopped(tenant)
    admin = Actor(ADMIN.name, ADMIN.role, ADMIN.address)
    services.release(tenant, message_id, admin, timezone.now())
    assert tell_senders(tenant, timezone.now()) == Telling()


def test_mail_that_cannot_be_treated_is_told_of_too(tenant: Tenant) -> None:
    """It leaves in no other form than was decided."""
    inner = multipart("mixed", "i", text("x"), entity("Content-Type: image/png; name=p.png", b"x"))
    raw = HEAD % b"" + entity(
        'Content-Type: multipart/mixed; boundary="i"', inner.partition(b"\r\n\r\n")[2]
    )
    message_id = send(tenant, raw, ONE)
    assert row(tenant, message_id).state == MessageState.QUARANTINED
    ((_, notice),) = notices(tenant)
    assert "送信処理を、このメールに行うことができませんでした" in notice.text
