"""Each verdict on inbound mail, from the SMTP client to what the customer's server receives.

epsilon has the product's defaults. The wanted mails are ordinary letters in both languages; spam is
written so that nobody could take it for anything else.
"""

from __future__ import annotations

import pytest

from mailsec.gateway.message import Message
from tests.journeys.mails import PROGRAM, arrived, below_trace, marker, plain, text_part, with_file
from tests.service import Service

pytestmark = pytest.mark.stack

SENDER, USER = "buyer@example.net", "user@epsilon.example.jp"
LETTERS = {
    "en": "Good morning,\r\n\r\nthank you for the meeting on Monday. The minutes are below; please"
    " tell me by Friday if I have left anything out.\r\n\r\nKind regards\r\n",
    "ja": "いつもお世話になっております。\r\n先日の打ち合わせの議事録をお送りいたします。"
    "内容に相違がございましたら、金曜日までにご連絡ください。\r\nよろしくお願いいたします。\r\n",
}
SPAM = {
    "en": "Congratulations dear friend!!!\r\nYou have been selected to receive $$$ 1,500,000 CASH."
    " 100% FREE, no obligation, act now!\r\nCheap Viagra, Cialis and weight loss pills - lowest"
    " prices, order now.\r\nClick here: http://pills.example.net/buy?id=77123\r\nMake money fast"
    " working from home.\r\nTo be removed click http://pills.example.net/remove\r\n",
    "ja": "【至急】あなたの口座に現金5,000,000円の当選金をお振込みいたします。\r\n"
    "完全無料・即日入金・誰でも簡単に副収入が得られます。\r\n今すぐ下記の専用ページからお手続きください。\r\n"
    "http://win.example.net/uketori?id=8841\r\n出会い・副業・即金・無料ポイントプレゼント中！\r\n"
    "おめでとうございます！厳正なる抽選の結果、高額当選者に選ばれました。\r\n"
    "※本日24時までにお手続きがない場合は権利が無効になります。\r\n"
    "今だけ完全無料！スマホだけで誰でも月収100万円、必ず儲かる副業を紹介します。\r\n"
    "配信停止はこちら http://win.example.net/stop\r\n",
}
SUBJECTS = {
    "en": "FREE CASH!!! Lowest price pills, act now",
    "ja": "【緊急】当選金500万円の受け取りについて【無料】",
}
UTF8 = b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
LANGUAGES = pytest.mark.parametrize("language", ["ja", "en"])


def letter(mark: str, text: str, fields: bytes = UTF8) -> bytes:
    return plain(mark, text.encode(), SENDER, USER, fields)


def spam(mark: str, language: str) -> bytes:
    """Spam whose subject, in raw UTF-8, says so too."""
    subject = f"Subject: {SUBJECTS[language]} {mark}".encode()
    return letter(mark, SPAM[language]).replace(f"Subject: {mark}".encode(), subject, 1)


def deliver(service: Service, raw: bytes, mark: str, sender: str = SENDER) -> bytes:
    """What the customer's server receives."""
    assert service.send(sender, [USER], raw)[-1] == 250
    return arrived(service, "alpha", mark).content


@LANGUAGES
def test_wanted_mail_arrives_byte_for_byte(running_service: Service, language: str) -> None:
    """Below our own fields; its record says that nothing was found."""
    mark = marker(f"wanted-{language}")
    raw = letter(mark, LETTERS[language])
    assert below_trace(deliver(running_service, raw, mark)) == raw
    record = running_service.settled("epsilon", mark)
    assert (record["state"], record["changed"]) == ("closed", False)


@LANGUAGES
def test_spam_over_the_quarantine_threshold_stays_here(
    running_service: Service, language: str
) -> None:
    """With what speaks for spam among its findings."""
    mark = marker(f"spam-{language}")
    assert running_service.send(SENDER, [USER], spam(mark, language))[-1] == 250
    record = running_service.settled("epsilon", mark)
    assert record["state"] == "quarantined"
    codes = {finding["code"] for finding in record["findings"]}
    assert "spam" in codes
    assert any(code.startswith("spam-words") for code in codes)
    assert not running_service.mails("alpha", mark.encode())


@LANGUAGES
def test_spam_is_tagged_and_otherwise_untouched_where_the_tenant_wants_no_quarantine(
    running_service: Service, language: str
) -> None:
    """Only the subject has other bytes."""
    policy = ("tenant", "policy", "epsilon", "set")
    running_service.manage(*policy, "above_quarantine_score=tag")
    try:
        running_service.wait_for(lambda: False, 3)  # every process has read the policy by then
        mark = marker(f"tagged-{language}")
        raw = spam(mark, language)
        content = below_trace(deliver(running_service, raw, mark))
    finally:
        running_service.manage(*policy, "above_quarantine_score=quarantine")
        running_service.wait_for(lambda: False, 3)
    assert Message(content).subject == f"[SPAM] {SUBJECTS[language]} {mark}"
    # What our seal puts on top is not the sender's.
    rest = raw[raw.index(b"Subject: ") :].replace(b"Subject: ", b"Subject: [SPAM] ", 1)
    # A fold may stand for the tag's blank where the line would grow too long.
    assert content.replace(b"[SPAM]\r\n ", b"[SPAM] ", 1).endswith(rest)


def test_a_suspicious_mail_carries_the_reasons_at_its_head(running_service: Service) -> None:
    """In both languages, the tenant's first."""
    mark = marker("suspicious")
    link = '<a href="http://files.example.org/x">https://example.com/x</a>'
    paragraphs = "".join(f"<p>{line}</p>" for line in LETTERS["en"].split("\r\n"))
    html = f"<html><body>{paragraphs}<p>{link}</p></body></html>\r\n".encode()
    fields = UTF8.replace(b"text/plain", b"text/html")
    content = deliver(running_service, plain(mark, html, SENDER, USER, fields), mark)
    text = text_part(Message(content), "text/html").text()
    assert "There is something suspicious about this message." in text
    assert text.index("<body>") < text.index("suspicious") < text.index("files.example.org")
    record = running_service.settled("epsilon", mark)
    assert "link-mismatch" in {finding["code"] for finding in record["findings"]}


def test_two_authors_are_tagged_and_recorded(running_service: Service) -> None:
    """hdr-07: whichever of them a program shows, the reader is warned."""
    mark = marker("two-authors")
    raw = letter(mark, LETTERS["en"], b"From: accounts@example.com\r\n" + UTF8)
    assert Message(deliver(running_service, raw, mark)).subject == f"[SPAM] {mark}"
    record = running_service.settled("epsilon", mark)
    (found,) = [each for each in record["findings"] if each["code"] == "several-authors"]
    assert "accounts@example.com" in found["detail"]["senders"]
    assert SENDER in found["detail"]["senders"]


def test_a_blocked_author_is_kept_and_an_unproved_allowed_one_gains_nothing(
    running_service: Service,
) -> None:
    """The block names the author in From; anybody can write an allowed name there."""
    add = ("tenant", "sender", "add", "epsilon")
    running_service.manage(*add, "block", "blocked@example.org")
    running_service.manage(*add, "allow", "winner@example.org")
    running_service.wait_for(lambda: False, 3)
    for author, text, code in (
        ("blocked@example.org", LETTERS["en"], "blocked"),
        ("winner@example.org", SPAM["en"], "spam"),
    ):
        mark = marker("listed")
        raw = plain(mark, text.encode(), author, USER, UTF8)
        assert running_service.send("bounce@example.net", [USER], raw)[-1] == 250
        record = running_service.settled("epsilon", mark)
        assert record["state"] == "quarantined"
        assert code in {finding["code"] for finding in record["findings"]}


def test_a_program_is_taken_out_and_told_beside_a_tag(running_service: Service) -> None:
    """Contents come first, whoever writes: the file goes in every case."""
    mark = marker("program")
    raw = with_file(mark, "setup.exe", PROGRAM, LETTERS["en"].encode(), SENDER, USER)
    message = Message(deliver(running_service, raw, mark))
    assert [part.name for part in message.attachments] == []
    assert "setup.exe" in text_part(message).text()
