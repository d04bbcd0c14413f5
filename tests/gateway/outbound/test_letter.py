"""What a sender wrote this time, and what counts as a file."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsec.gateway.message import Message
from mailsec.gateway.outbound.letter import has_attachment, new_text
from tests.gateway.outbound.writing import letter, multipart

PLAIN = ("Content-Type: text/plain; charset=utf-8", "new")


@pytest.mark.parametrize(
    "quoted",
    [
        "> old\n> more",
        "＞ old",
        "-----Original Message-----\nFrom: x@example.com\nold",
        "-----元のメッセージ-----\n差出人: x\nold",
        "---------- Forwarded message ---------\nold",
        "On Mon, 1 Jun 2026 at 10:00, Partner <partner@example.com> wrote:\nold",
        "On Mon, 1 Jun 2026 at 10:00, Partner\n<partner@example.com> wrote:\nold",
        "2026年6月1日(月) 10:00 取引先 <partner@example.com>:\nold",
        "差出人: partner@example.com\n送信日時: 2026年6月1日\nold",
        "From: partner@example.com\nSent: Monday\nold",
        "-- \nold",
    ],
)
def test_quoted_text_and_footers_are_left_out(quoted: str) -> None:
    """However the mail program marks them."""
    assert new_text(letter(f"new\n\n{quoted}")).strip() == "new"


@pytest.mark.parametrize(
    "quoted",
    [
        "<blockquote type='cite'>old</blockquote>",
        "<div class='gmail_quote'>old</div>",
        "<div id='divRplyFwdMsg'>old</div>",
        "<div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3pt'>old</div>",
    ],
)
def test_html_alone_is_read_without_what_it_quotes(quoted: str) -> None:
    """The marks of Apple Mail, Gmail and Outlook."""
    html = f"<p>new</p>{quoted}"
    assert new_text(multipart(("Content-Type: text/html", html), kind="alternative")) == "new"


def test_the_html_stands_in_for_an_empty_text() -> None:
    """Some programs write a blank first alternative."""
    parts = (("Content-Type: text/plain", " "), ("Content-Type: text/html", "<p>new</p>"))
    assert new_text(multipart(*parts, kind="alternative")) == "new"


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ('Content-Type: application/pdf; name="a.pdf"', True),
        ("Content-Type: text/csv\r\nContent-Disposition: attachment; filename=a.csv", True),
        ("Content-Type: message/rfc822", True),
        ('Content-Type: application/zip; name="locked.zip"', True),
        ("Content-Type: application/pkcs7-mime; smime-type=enveloped-data", True),
        ('Content-Type: application/pkcs7-signature; name="smime.p7s"', False),
        ('Content-Type: text/calendar; method=REQUEST; name="invite.ics"', False),
        ("Content-Type: text/html; charset=utf-8", False),
        ("Content-Type: image/png\r\nContent-ID: <unused>\r\nContent-Disposition: inline", True),
        ("Content-Type: image/png\r\nContent-ID: <Logo>\r\nContent-Disposition: inline", False),
    ],
)
def test_what_the_recipients_get_as_a_file_is_an_attachment(head: str, expected: bool) -> None:
    """Pictures of the letter, invitations and signatures are none; what is locked may be one."""
    shows = ("Content-Type: text/html", '<img src="cid:logo">')
    assert has_attachment(multipart(PLAIN, shows, (head, "Subject: x\r\n\r\ny"))) is expected


def test_the_parts_of_a_report_are_no_files() -> None:
    """Bounces and receipts are never held for them."""
    status = ("Content-Type: message/delivery-status", "Reporting-MTA: dns; example.com")
    original = ("Content-Type: message/rfc822", "Subject: x\r\n\r\ny")
    assert not has_attachment(multipart(PLAIN, status, original, kind="report"))


@given(st.binary(max_size=2000))
def test_any_bytes_are_read(raw: bytes) -> None:
    """Nothing is raised."""
    for message in (Message(raw), Message(b"Content-Type: text/html\r\n\r\n" + raw)):
        new_text(message)
        has_attachment(message)


@given(st.text(alphabet="-<>On:wrote 0123456789年月日\n差出人From@.", max_size=3000))
def test_any_text_is_read(text: str) -> None:
    """What is left is never longer than what was written."""
    assert len(new_text(letter(text))) <= len(text) + 4
