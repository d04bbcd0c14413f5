"""The tenant's own words in the mails about outbound mail."""

from __future__ import annotations

import pytest
from django.utils import timezone

from encryption.models import Protection
from mailsec.gateway.policy import Language
from policies.notice_texts import NoticeKind
from policies.services import reset_notice_text, set_notice_text
from quarantine import services
from quarantine.models import Delivery, Processing, StoredMessage
from quarantine.services import News
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.workers.test_outbound import ONE, PERSON, PLAIN, RAW, holding, notices, send
from workers.sender_notices import tell_senders
from workers.tasks.sweep import sweep_tenant

__all__ = ["holding"]
HELD = (NoticeKind.HELD, Language.JAPANESE)
GREEDY = PLAIN.replace(b"Subject: hi", b"Subject: {link} {sender} <b>hi</b>")


@pytest.mark.usefixtures("holding")
def test_a_notice_has_the_tenants_own_words(tenant: Tenant) -> None:
    """And the product's again after a reset."""
    set_notice_text(tenant, *HELD, "お知らせ：{subject}", "弊社の文面です。\n\n{link}")
    send(tenant, PLAIN)
    tell_senders(tenant, timezone.now())
    ((_, first),) = notices(tenant)
    assert first.subject == "お知らせ：hi"
    assert "弊社の文面です。" in first.text and "/mail/" in first.text
    reset_notice_text(tenant, *HELD)
    send(tenant, PLAIN)
    tell_senders(tenant, timezone.now())
    assert notices(tenant)[-1][1].subject == "【送信保留】hi"


@pytest.mark.usefixtures("holding")
def test_variables_in_a_mails_subject_stay_words(tenant: Tenant) -> None:
    """Whatever a sender writes there, the link stands where the text asks for it alone."""
    set_notice_text(tenant, *HELD, "{subject}", "<i>{subject}</i>\n\n{link}")
    send(tenant, GREEDY)
    tell_senders(tenant, timezone.now())
    ((_, notice),) = notices(tenant)
    assert notice.subject == "{link} {sender} <b>hi</b>"
    assert "<i>{link} {sender} <b>hi</b></i>" in notice.text
    assert notice.text.count("/mail/") == 1


def test_one_notice_that_cannot_be_made_holds_up_neither_the_others_nor_the_sweep(
    tenant: Tenant,
) -> None:
    """A password that cannot be read any more: the fault is logged, all else goes on."""
    broken, sound = send(tenant, RAW, ONE), send(tenant, PLAIN, ONE)
    with tenant_scope(tenant):
        Protection.objects.filter(message_id=broken).update(password=b"damaged")
        Processing.objects.filter(message_id=broken).update(told_at=None)
        Delivery.objects.filter(message_id=sound).update(sweep_at=timezone.now())
    other = send(tenant, RAW, ONE)
    told = len(notices(tenant))
    with tenant_scope(tenant):
        Processing.objects.filter(message_id=other).update(told_at=None)
    sweep_tenant(tenant.slug)
    assert len(notices(tenant)) == told + 1
    with tenant_scope(tenant):
        assert Delivery.objects.get(message_id=sound).sweep_at > timezone.now()


def test_what_cannot_be_told_takes_no_share_of_the_next_sweep(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sweep tells so many; those that fail time and again would keep it from all others."""
    monkeypatch.setattr("quarantine.services.telling._MOST", 1)
    broken, sound = send(tenant, RAW, ONE), send(tenant, RAW, ONE)
    with tenant_scope(tenant):
        Protection.objects.filter(message_id=broken).update(password=b"damaged")
        Processing.objects.update(told_at=None)
    told = len(notices(tenant))
    tell_senders(tenant, timezone.now())
    assert len(notices(tenant)) == told
    tell_senders(tenant, timezone.now())
    assert len(notices(tenant)) == told + 1
    with tenant_scope(tenant):
        assert Processing.objects.get(message_id=sound).told_at
        assert Processing.objects.get(message_id=broken).told_at is None


def test_what_is_set_aside_stands_in_no_queue_of_news(tenant: Tenant) -> None:
    """An operator sends it through the examination again, however long that takes."""
    message_id = send(tenant, RAW, ONE)
    with tenant_scope(tenant):
        Processing.objects.update(told_at=None)
        Delivery.objects.filter(message_id=message_id).update(state="pending")
        StoredMessage.objects.filter(id=message_id).update(state="shunted")
    assert services.untold(tenant, timezone.now()) == []


@pytest.mark.usefixtures("holding")
def test_what_is_still_held_stands_in_no_queue_of_news(tenant: Tenant) -> None:
    """Else the mails that wait would keep those that left from being told of."""
    message_id = send(tenant, RAW, ONE)
    assert services.untold(tenant, timezone.now()) == []
    services.deliver_held(tenant, message_id, PERSON, timezone.now())
    assert services.untold(tenant, timezone.now()) == [
        (message_id, News.ENDED),
        (message_id, News.PROCESSED),
    ]


def test_an_examining_worker_tells_of_its_own_mails_alone(tenant: Tenant) -> None:
    """The sweep tells of all others; a worker's task costs the same with many tenants' news."""
    earlier = send(tenant, RAW, ONE)
    with tenant_scope(tenant):
        Processing.objects.filter(message_id=earlier).update(told_at=None)
    told = len(notices(tenant))
    send(tenant, PLAIN, ONE)
    assert len(notices(tenant)) == told
    tell_senders(tenant, timezone.now())
    assert len(notices(tenant)) == told + 1
