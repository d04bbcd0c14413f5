"""Notices as mails, read back with the parser of the standard library."""

from __future__ import annotations

import email
import email.policy
import re
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage, Message
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsec.gateway.notice import Notice, build_notice
from mailsec.gateway.policy import Language

CASE = Path(__file__).parents[1] / "journeys" / "cases" / "hdr-09.txt"
WHEN = datetime(2026, 4, 1, 8, 0, tzinfo=UTC)
# Further ones of the kinds that other makers of subjects get wrong.
SUBJECTS = [
    "4/30 送付 期日の件 送付（案） まで",
    "御中 の件 お見積書 2024年度 Fwd: —",
    "【重要】株式会社サンプル 第2営業部 御中 お見積書送付の件（案件番号 ABC-2024-0001）" * 6,
    "two  blanks and = signs =?utf-8?B?eA==?=",
]
TEXTS = st.text(
    st.characters(codec="utf-8") | st.sampled_from("\r\n\t\0 =?_あ件\u3000"), max_size=80
)


def notice(subject: str, name: str = "Company security", recipient: str = "a@example.jp") -> bytes:
    return build_notice(
        Notice(
            recipient=recipient,
            from_address="notice@gateway.example.org",
            from_name=name,
            subject=subject,
            text="text\nあ\n",
            html="<p>あ</p>",
            now=WHEN,
            message_id="1@gateway.example.org",
            language=Language.JAPANESE,
        )
    )


def subject_of(raw: bytes) -> str:
    found: Message = email.message_from_bytes(raw)
    return str(make_header(decode_header(found["Subject"].replace("\r\n", ""))))


def lines() -> list[str]:
    return [*CASE.read_text(encoding="utf-8").splitlines(), *SUBJECTS]


@pytest.mark.parametrize("subject", lines())
def test_the_subject_is_exact_and_well_formed(subject: str) -> None:
    """Case hdr-09: words apart, none over 75 columns, no line over 78."""
    raw = notice(subject)
    assert subject_of(raw) == subject
    assert b"?==?" not in raw
    assert max(len(line) for line in raw.split(b"\r\n")) <= 78
    assert all(len(word) <= 75 for word in re.findall(rb"=\?\S+?\?=(?=\s)", raw))


def test_programs_do_not_answer_it_and_read_both_forms() -> None:
    """Automatic, with a text and an HTML part."""
    found = email.message_from_bytes(notice("x"), policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    assert found["Auto-Submitted"] == "auto-generated"
    assert found["X-Auto-Response-Suppress"] == "All"
    assert found["Message-ID"] == "<1@gateway.example.org>"
    assert found["From"].addresses[0].addr_spec == "notice@gateway.example.org"
    assert found["From"].addresses[0].display_name == "Company security"
    plain, html = found.iter_parts()
    assert plain.get_content() == "text\r\nあ\r\n"
    assert html.get_content_type() == "text/html"
    assert html.get_content() == "<p>あ</p>"


@pytest.mark.parametrize("name", ['A "quoted" one', "back\\slash", "株式会社サンプル", "a, b; c"])
def test_any_name_stands_in_from(name: str) -> None:
    """A comma in it makes no second author."""
    found = email.message_from_bytes(notice("x", name), policy=email.policy.default)
    (address,) = found["From"].addresses
    assert address.display_name == name
    assert address.addr_spec == "notice@gateway.example.org"


def test_an_internationalized_recipient_stands_as_it_is() -> None:
    """It goes out with SMTPUTF8."""
    assert "To: <受付@example.jp>".encode() in notice("x", recipient="受付@example.jp")


@given(TEXTS, TEXTS)
@settings(max_examples=100)
def test_no_text_breaks_out_of_its_field(subject: str, name: str) -> None:
    """Line ends of a stranger make no header of ours."""
    raw = notice(subject, name)
    head = raw.partition(b"\r\n\r\n")[0]
    names = [line.partition(b":")[0] for line in head.split(b"\r\n") if line[:1] not in b" \t"]
    assert (
        names
        == (
            b"Date From To Subject Message-ID Auto-Submitted X-Auto-Response-Suppress MIME-Version "
            b"Content-Language Content-Type"
        ).split()
    )
    assert head.isascii()
