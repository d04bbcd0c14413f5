"""Bounces and delay notices, read back with the parser of the standard library."""

from __future__ import annotations

import email
import email.policy
import os
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email.header import decode_header, make_header
from email.message import Message
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsec.gateway.dsn import (
    Origin,
    Report,
    ReportKind,
    build_report,
    header_block,
    should_report,
)
from mailsec.gateway.hops import Outcome, Result
from mailsec.gateway.policy import Language

TOKYO = timezone(timedelta(hours=9))
ORIGINAL = (
    b"From: sender@example.jp\r\nTo: gone@example.com\r\nSubject: hello\r\n"
    b"Message-ID: <1@example.jp>\r\n\r\nThe secret body.\r\n"
)
REFUSED = Result(
    "gone@example.com",
    Outcome.REFUSED,
    550,
    "5.1.1",
    "550 5.1.1 no such user here",
    "mx.example.com",
    "TLSv1.3",
)
LATE = Result("late@example.com", Outcome.DEFERRED, 0, "4.4.1", "No connection", "mx.example.com")
REPORT = Report(
    kind=ReportKind.FAILED,
    original=ORIGINAL,
    sender="sender@example.jp",
    results=(REFUSED,),
    origin=Origin("gateway.example.net", "mailer-daemon@gateway.example.net"),
    arrived_at=datetime(2026, 4, 1, 10, 0, tzinfo=TOKYO),
    now=datetime(2026, 4, 1, 10, 1, tzinfo=TOKYO),
    message_id="report-1@gateway.example.net",
    subject="hello",
)
TEXTS = st.text(
    st.characters(codec="utf-8") | st.sampled_from("\r\n\t\0 =?_あ件\u3000"),
    max_size=80,
)


def parsed(report: Report) -> Message:
    return email.message_from_bytes(build_report(report))


def parts(report: Report) -> list[Message]:
    found = parsed(report).get_payload()
    assert isinstance(found, list)
    return [part for part in found if isinstance(part, Message)]


def human(report: Report) -> str:
    payload = parts(report)[0].get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode("utf-8")


def status(report: Report) -> list[Message]:
    groups = parts(report)[1].get_payload()
    assert isinstance(groups, list)
    return [group for group in groups if isinstance(group, Message)]


def subject_of(message: Message) -> str:
    return str(make_header(decode_header(message["Subject"])))


def test_the_frame_is_a_report_that_nobody_answers() -> None:
    message = parsed(REPORT)
    assert message.get_content_type() == "multipart/report"
    assert message.get_param("report-type") == "delivery-status"
    assert message["To"] == "<sender@example.jp>"
    assert "<mailer-daemon@gateway.example.net>" in message["From"]
    assert message["Auto-Submitted"] == "auto-replied"
    assert message["X-Auto-Response-Suppress"] == "All"
    assert message["Message-ID"] == "<report-1@gateway.example.net>"
    assert message["Date"] == "Wed, 01 Apr 2026 10:01:00 +0900"
    kinds = [part.get_content_type() for part in parts(REPORT)]
    assert kinds == ["text/plain", "message/delivery-status", "text/rfc822-headers"]


def test_a_bounce_states_each_recipient_for_programs() -> None:
    """RFC 3464: one group for the message, one for each recipient."""
    late = replace(REPORT, results=(REFUSED, LATE), envelope_id="abc")
    about, first, second = status(late)
    assert about["Reporting-MTA"] == "dns; gateway.example.net"
    assert about["Original-Envelope-Id"] == "abc"
    assert about["Arrival-Date"] == "Wed, 01 Apr 2026 10:00:00 +0900"
    assert first["Final-Recipient"] == "rfc822; gone@example.com"
    assert (first["Action"], first["Status"]) == ("failed", "5.1.1")
    assert first["Remote-MTA"] == "dns; mx.example.com"
    assert first["Diagnostic-Code"] == "smtp; 550 5.1.1 no such user here"
    assert (second["Status"], second["Diagnostic-Code"]) == ("4.4.1", None)


def test_a_delay_notice_says_until_when_it_is_tried() -> None:
    until = datetime(2026, 4, 6, 10, 0, tzinfo=TOKYO)
    delayed = replace(REPORT, kind=ReportKind.DELAYED, results=(LATE,), retry_until=until)
    _, group = status(delayed)
    assert group["Action"] == "delayed"
    assert group["Will-Retry-Until"] == "Mon, 06 Apr 2026 10:00:00 +0900"
    assert "2026年04月06日 10:00" in human(delayed)
    assert "再度お送りいただく必要はございません" in human(delayed)


def test_people_read_it_in_their_language() -> None:
    japanese = human(REPORT)
    assert "お届けできませんでした" in japanese
    assert "宛先のメールアドレスが存在しません" in japanese
    english = replace(REPORT, language=Language.ENGLISH)
    assert "The address does not exist. (5.1.1)" in human(english)
    for text in (japanese, human(english)):
        assert "gone@example.com" in text
        assert "550 5.1.1 no such user here" in text
        assert "hello" in text
    assert subject_of(parsed(REPORT)) == "メールをお届けできませんでした: hello"
    assert subject_of(parsed(english)) == "Your mail could not be delivered: hello"


def test_people_are_told_that_an_ambiguous_mail_may_have_arrived() -> None:
    maybe = replace(REPORT, results=(replace(LATE, ambiguous=True),))
    assert "届いている可能性もございます" in human(maybe)


def test_who_sent_an_archive_that_was_refused_is_told_what_to_do() -> None:
    """In both languages, for this recipient alone, and not where the answer speaks of the size."""
    refused = replace(REFUSED, code=552, enhanced="5.7.0", reply="552 5.7.0 blocked")
    locked = replace(REPORT, results=(refused,), locked=frozenset({"gone@example.com"}))
    assert "暗号化されたファイルを" in human(locked)
    assert "may not take" in human(replace(locked, language=Language.ENGLISH))
    assert "暗号化" not in human(replace(locked, locked=frozenset({"other@example.com"})))
    too_big = replace(refused, enhanced="5.3.4", reply="552 5.3.4 too big")
    assert "暗号化" not in human(replace(locked, results=(too_big,)))


def test_the_original_s_headers_come_back_but_never_its_body() -> None:
    assert parts(REPORT)[2].get_payload() == ORIGINAL.decode().partition("\r\n\r\n")[0] + "\r\n"
    assert b"secret" not in build_report(REPORT)


def test_a_message_without_an_empty_line_does_not_give_its_body_away() -> None:
    assert header_block(b"Subject: x\r\nThe secret body.\r\n") == b"Subject: x\r\n"
    assert header_block(b"The secret body.\r\n") == b""


def test_returned_headers_are_bounded() -> None:
    many = b"".join(b"X-Line-%d: %s\r\n" % (i, b"y" * 60) for i in range(5000))
    assert 15_000 < len(header_block(many)) <= 16 * 1024
    assert len(build_report(replace(REPORT, original=many))) < 25_000


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ("Subject: 件名\r\n".encode(), "message/global-headers"),
        ("Subject: 件名\r\n".encode("cp932"), "text/rfc822-headers"),
        (b"Subject: " + b"x" * 2000 + b"\r\n", "text/rfc822-headers"),
        (b"Subject: \0\r\n", "text/rfc822-headers"),
    ],
)
def test_headers_that_are_not_plain_ascii_travel_encoded(headers: bytes, kind: str) -> None:
    report = replace(REPORT, original=headers + b"\r\n")
    assert b"Content-Type: " + kind.encode() + b"\r\n" in build_report(report)
    # The parser of the standard library would take message/… for a message to look into.
    data = build_report(report).replace(b"message/global-headers", b"text/rfc822-headers")
    part = email.message_from_bytes(data).get_payload()[2]  # type: ignore[index]
    assert isinstance(part, Message)
    assert part["Content-Transfer-Encoding"] == "quoted-printable"
    assert part.get_payload(decode=True) == headers


def test_international_recipients_are_written_in_their_seven_bit_form() -> None:
    """RFC 6533 section 3: any server can carry such a report."""
    report = replace(REPORT, results=(replace(REFUSED, recipient="花@example.com"),))
    assert status(report)[1]["Final-Recipient"] == r"utf-8; \x{82B1}@example.com"
    assert build_report(report).isascii()
    assert "花@example.com" in human(report)


def test_a_report_to_an_international_sender_needs_smtputf8() -> None:
    report = replace(REPORT, sender="花@example.jp")
    assert "To: <花@example.jp>\r\n".encode() in build_report(report)


def test_line_ends_in_the_subject_do_not_become_fields() -> None:
    """Case hdr-03, attack: encoded CR and LF in the original's subject."""
    evil = replace(REPORT, subject="注文確認\r\nBcc: leak@example.net\r\nX-Injected: 1")
    message = parsed(evil)
    assert message["Bcc"] is None
    assert message["X-Injected"] is None
    assert subject_of(message).endswith("注文確認  Bcc: leak@example.net  X-Injected: 1")


def test_line_ends_in_replies_and_addresses_do_not_become_fields() -> None:
    """Attack: the remote server and the envelope are hostile too."""
    evil = replace(
        REFUSED,
        recipient="a\r\nBcc: x@example.net@example.com",
        reply="550 no\r\n\r\nAction: delivered",
        host="mx\r\nStatus: 2.0.0",
    )
    report = replace(
        REPORT, results=(evil,), sender="a\r\nBcc: leak@example.net", envelope_id="\n\nx"
    )
    assert parsed(report)["Bcc"] is None
    groups = status(report)
    assert len(groups) == 2
    assert groups[1].get_all("Action") == ["failed"]
    assert groups[1].get_all("Status") == ["5.1.1"]


def test_the_original_cannot_end_the_report_early() -> None:
    """Attack: the original repeats the boundary of a report that it has seen."""
    boundary = parsed(REPORT).get_boundary()
    assert boundary is not None
    field = f"X-Evil: 1\r\n --{boundary}--\r\n\r\n".encode()
    report = replace(REPORT, original=field)
    assert len(parts(report)) == 3


def case_subjects() -> list[str]:
    folder = Path(os.environ.get("MAILSEC_CASES", Path(__file__).parents[3] / "shared" / "cases"))
    file = folder / "hdr-09.txt"
    return file.read_text("utf-8").splitlines() if file.exists() else []


@pytest.mark.parametrize(
    "subject", case_subjects() or [pytest.param("", marks=pytest.mark.skip("no cases"))]
)
def test_the_original_subject_is_carried_exactly(subject: str) -> None:
    """Case hdr-09."""
    check_subject(subject)


@given(TEXTS)
@settings(max_examples=150)
def test_any_subject_is_carried_exactly_in_well_formed_words(subject: str) -> None:
    check_subject(re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", " ", subject))


def check_subject(subject: str) -> None:
    for language in Language:
        data = build_report(replace(REPORT, subject=subject, language=language))
        message = email.message_from_bytes(data)
        assert subject in subject_of(message)
        head = data.partition(b"\r\n\r\n")[0]
        assert all(len(line) <= 78 for line in data.split(b"\r\n"))
        assert all(len(word) <= 75 for word in re.findall(rb"=\?[^ \r]*\?=", head))
        assert b"?==?" not in data


@given(TEXTS, TEXTS, TEXTS, st.binary(max_size=300))
@settings(max_examples=150)
def test_no_foreign_text_adds_a_field_or_a_part(
    subject: str, reply: str, address: str, original: bytes
) -> None:
    """The report has the same fields and parts whatever the message and the servers say."""
    result = replace(REFUSED, recipient=address + "@example.com", reply=reply)
    report = replace(REPORT, subject=subject, results=(result,), original=original)
    message = parsed(report)
    assert message.keys() == parsed(REPORT).keys()
    assert len(parts(report)) == 3
    assert len(status(report)) == 2
    assert build_report(report).isascii()
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", build_report(report))


@pytest.mark.parametrize(
    ("sender", "expected"),
    [
        ("sender@example.jp", True),
        ("花@example.jp", True),
        ("", False),
        ("mailer-daemon@example.jp", False),
        ("MAILER-DAEMON@example.jp", False),
        ("not an address", False),
        ("a@b>\r\nRCPT TO:<c@d", False),
        ("@example.jp", False),
    ],
)
def test_reports_go_to_real_senders_alone(sender: str, expected: bool) -> None:
    assert should_report(sender, ORIGINAL) is expected


@pytest.mark.parametrize(
    ("headers", "delayed"),
    [
        (b"Subject: x\r\n\r\nAuto-Submitted: auto-replied\r\n", True),
        (b"Auto-Submitted: no\r\n\r\n", True),
        (b"Auto-Submitted: auto-generated\r\n\r\n", False),
        (b"AUTO-SUBMITTED:\r\n auto-replied; x=y\r\n\r\n", False),
        (b"Precedence: bulk\r\n\r\n", False),
    ],
)
def test_a_delay_is_not_told_to_programs(headers: bytes, delayed: bool) -> None:
    """RFC 3834; a final failure is told to them, since nobody else would know."""
    assert should_report("a@example.jp", headers, ReportKind.DELAYED) is delayed
    assert should_report("a@example.jp", headers, ReportKind.FAILED)


def test_times_are_shown_in_the_zone_they_have() -> None:
    utc = replace(REPORT, arrived_at=datetime(2026, 4, 1, 1, 0, tzinfo=UTC))
    assert "2026年04月01日 10:00 (+0900)" in human(REPORT)
    assert "2026年04月01日 01:00 (+0000)" in human(utc)
