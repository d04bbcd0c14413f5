"""What senders are told, and when."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from mailsec.gateway.hops import Outcome as Attempt
from mailsec.gateway.hops import Result
from mailsec.gateway.message import Message
from mailsec.gateway.policy import Language
from policies.notice_texts import NoticeKind
from policies.services import set_notice_text
from quarantine import services
from quarantine.choices import EventKind
from quarantine.dispatch import leaving
from quarantine.services import Settlement
from tenants.models import Tenant
from tests.encryption.sent import ONE, sent
from tests.quarantine.making import NOW, RAW, arrive, outcome, settlement
from workers.courier import schedule_of
from workers.reports import notices_for


def told(
    tenant: Tenant, attempt: Attempt, hours: float, sender: str = "a@example.net"
) -> list[tuple[EventKind, Message]]:
    """The notices after one attempt that ended so many hours after arrival."""
    message_id = arrive(tenant, sender=sender)
    services.record_outcome(tenant, message_id, outcome(), NOW)
    now = NOW + timedelta(hours=hours)
    (claim,) = services.claim_deliveries(tenant, message_id, now)
    schedule = schedule_of(tenant)
    retry_at = schedule.next_attempt(5, NOW, now) if attempt is Attempt.DEFERRED else None
    result: Settlement = settlement(claim, attempt, retry_at)
    stored = replace(leaving(tenant, message_id), content=RAW)
    found = notices_for(tenant, stored, [result], schedule, now)
    services.settle_deliveries(tenant, message_id, [result], now, found)
    return [(kind, Message(notice.raw)) for kind, notice in found]


def test_a_delay_is_told_after_four_hours_and_not_before(tenant: Tenant) -> None:
    """A sender who waits hears of it once."""
    assert told(tenant, Attempt.DEFERRED, 3.9) == []
    ((kind, notice),) = told(tenant, Attempt.DEFERRED, 4.1)
    assert kind == EventKind.DELAY_SENT
    assert notice.text_of("Auto-Submitted") == "auto-replied"


def test_a_delay_is_told_once(tenant: Tenant) -> None:
    """The next deferral says nothing more."""
    message_id = arrive(tenant)
    services.record_outcome(tenant, message_id, outcome(), NOW)
    schedule, counts = schedule_of(tenant), []
    for hours in (5, 7):
        now = NOW + timedelta(hours=hours)
        (claim,) = services.claim_deliveries(tenant, message_id, now)
        result = settlement(claim, Attempt.DEFERRED, now + timedelta(minutes=1))
        stored = replace(leaving(tenant, message_id), content=RAW)
        found = notices_for(tenant, stored, [result], schedule, now)
        services.settle_deliveries(tenant, message_id, [result], now, found)
        counts.append(len(found))
    assert counts == [1, 0]


def test_after_five_days_the_mail_is_returned(tenant: Tenant) -> None:
    """The last deferral is a failure for the sender."""
    ((kind, _),) = told(tenant, Attempt.DEFERRED, 121)
    assert kind == EventKind.BOUNCE_SENT


@pytest.mark.parametrize(
    ("sender", "words"),
    [
        ("a@example.jp", "お届けできませんでした"),
        ("b@alpha.example.jp", "お届けできませんでした"),
        ("a@example.net", "could not"),
    ],
)
def test_a_bounce_speaks_the_senders_language(tenant: Tenant, sender: str, words: str) -> None:
    """Own people the tenant's, Japanese domains Japanese, the world English."""
    ((_, notice),) = told(tenant, Attempt.REFUSED, 1, sender)
    assert words in notice.text


def test_the_null_sender_is_never_answered(tenant: Tenant) -> None:
    """A bounce of a bounce would go round for ever."""
    assert told(tenant, Attempt.REFUSED, 1, sender="") == []


def test_the_sender_of_a_refused_archive_is_told_what_to_do(tenant: Tenant) -> None:
    """Which copies had one, the delivery knows."""
    message_id = sent(tenant, hold=None)
    claims = services.claim_deliveries(tenant, message_id, timezone.now())
    (locked,) = (claim for claim in claims if claim.recipient == ONE)
    refused = Result(ONE, Attempt.REFUSED, 554, "5.7.1", "554 5.7.1 no archives", "mx.example.com")
    mail = leaving(tenant, message_id, locked.form)
    schedule, now = schedule_of(tenant), timezone.now()
    for claim, expected in ((locked, True), (replace(locked, form=""), False)):
        settled = Settlement(claim, refused, None)
        ((_, notice),) = notices_for(tenant, mail, [settled], schedule, now)
        assert ("暗号化されたファイルを" in Message(notice.raw).text) is expected


def test_a_bounce_has_the_tenants_own_words(tenant: Tenant) -> None:
    """In the language that was written; the results are told in it too, and the close follows."""
    text = "{company}です。\n{results}\nお問い合わせ：{contact}"
    set_notice_text(tenant, NoticeKind.BOUNCED, Language.JAPANESE, "不達：{subject}", text)
    ((_, notice),) = told(tenant, Attempt.REFUSED, 1, "a@example.jp")
    assert notice.subject == "不達：hello"
    assert notice.text.startswith(f"{tenant.name}です。\r\n")
    assert "理由:" in notice.text
    assert "お問い合わせ" not in notice.text
    assert "このメールは自動で送信しております。" in notice.text
    ((_, other),) = told(tenant, Attempt.REFUSED, 1, "a@example.net")
    assert other.subject == "Your mail could not be delivered: hello"
