"""The tenant's own words in the mails about outbound mail."""

from __future__ import annotations

import pytest
from django.utils import timezone

from mailsec.gateway.policy import Language
from policies.notice_texts import NoticeKind
from policies.services import reset_notice_text, set_notice_text
from tenants.models import Tenant
from tests.workers.test_outbound import PLAIN, holding, notices, send
from workers.sender_notices import tell_senders

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
