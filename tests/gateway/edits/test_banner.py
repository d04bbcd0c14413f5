"""The notice is the first thing a reader sees, and the letter stays whole."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest
from hypothesis import given, settings

from mailsec.gateway.edits.banner import put_on_top, words_of
from mailsec.gateway.edits.letter import bodies
from mailsec.gateway.message import Message
from tests.gateway.trees import JAPANESE, messages

CASES = Path(os.environ.get("MAILSEC_CASES", Path(__file__).parents[4] / "shared" / "cases"))
NOTICE = "【お知らせ】 <b> & 添付を取り除きました"


def put(raw: bytes, text: str = NOTICE) -> Message:
    return put_on_top(Message(raw), words_of(text))


def text_mail(label: str, content: bytes, encoding: str = "") -> bytes:
    field = f"Content-Transfer-Encoding: {encoding}\r\n" if encoding else ""
    kind = f"Content-Type: text/plain; charset={label}\r\n" if label else ""
    return f"Subject: x\r\nMIME-Version: 1.0\r\n{kind}{field}\r\n".encode() + content


@pytest.mark.parametrize(
    ("label", "code", "encoding"),
    [
        ("iso-2022-jp", "iso-2022-jp", "7bit"),
        ("Shift_JIS", "cp932", "8bit"),
        ("euc-jp", "euc-jp", "8bit"),
        ("utf-8", "utf-8", "8bit"),
    ],
)
def test_a_letter_keeps_its_code_and_its_bytes(label: str, code: str, encoding: str) -> None:
    """Notice and blank line in the part's own code, the original bytes behind them."""
    original = "お世話になっております。\r\n".encode(code)
    raw = text_mail(label, original, encoding)
    edited = put(raw)
    head, _, _ = raw.partition(b"\r\n\r\n")
    assert edited.raw == head + b"\r\n\r\n" + f"{NOTICE}\r\n\r\n".encode(code) + original


def test_a_letter_in_ascii_becomes_utf8() -> None:
    """With the label and the transfer encoding that this needs."""
    edited = put(text_mail("us-ascii", b"hello\r\n", "7bit"))
    assert edited.parts[0].charset == "utf-8"
    assert edited.parts[0].text() == f"{NOTICE}\r\n\r\nhello\r\n"
    assert edited.raw.isascii()


def test_a_notice_that_does_not_fit_the_code_makes_the_letter_utf8() -> None:
    """ISO-2022-JP has no place for a Korean file name."""
    original = "見積書です\r\n"
    edited = put(text_mail("iso-2022-jp", original.encode("iso-2022-jp"), "7bit"), "파일.exe")
    assert edited.parts[0].charset == "utf-8"
    assert edited.parts[0].text() == "파일.exe\r\n\r\n" + original


def test_a_letter_without_a_label_is_read_and_labelled() -> None:
    """ISO-2022-JP by its escapes; plain old mail without any MIME field."""
    raw = b"Subject: x\r\n\r\n" + "見積書です\r\n".encode("iso-2022-jp")
    edited = put(raw)
    assert edited.parts[0].text() == f"{NOTICE}\r\n\r\n見積書です\r\n"
    assert edited.text_of("mime-version") == "1.0"


@pytest.mark.parametrize(
    "raw",
    [
        b"Subject: no body at all\r\nX-Other: x\r\n",
        b"Subject: no line end either",
        b"Subject: x\r\nno blank line before this\r\n",
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\n--b\n\nsecond\n--b--\n",
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n--b--\n",
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n--b--\n",
        b"",
    ],
)
def test_a_body_that_is_not_parted_from_its_fields_is_told_too(raw: bytes) -> None:
    """The notice is read as text, never as a field."""
    before, edited = Message(raw), put(raw)
    assert len(edited.parts) == len(before.parts)
    assert edited.text.startswith("【お知らせ】")
    assert edited.text.endswith(before.text)


def test_a_letter_in_an_unknown_code_keeps_its_bytes_under_an_ascii_notice() -> None:
    """Guessing could spoil it."""
    original = b"\xe9\xff\x81 caf\xe9 \xfe\xff\r\n"
    edited = put(text_mail("us-ascii", original, "8bit"))
    assert edited.raw.endswith(b"\r\n\r\n" + original)
    assert b"<b> &" in edited.raw


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable"])
def test_an_encoded_letter_keeps_its_encoding(encoding: str) -> None:
    """Decoded it is notice and original."""
    original = "見積書です = \r\n長い行" + "あ" * 100
    coded = (
        base64.encodebytes(original.encode())
        if encoding == "base64"
        else b"".join(b"=%02X" % byte for byte in original.encode())
    )
    edited = put(text_mail("utf-8", coded.replace(b"\n", b"\r\n"), encoding))
    assert edited.parts[0].transfer_encoding == encoding
    assert edited.parts[0].text() == f"{NOTICE}\r\n\r\n{original}"


def test_text_and_html_are_both_told() -> None:
    """mime-09: in front of the text, behind the real body tag; all else stays."""
    path = CASES / "mime-09.eml"
    if not path.exists():
        pytest.skip("the collected cases are not beside this checkout")
    raw = path.read_bytes()
    edited = put(raw)
    text, html = edited.parts[2], edited.parts[3]
    old_text, old_html = Message(raw).parts[2], Message(raw).parts[3]
    assert text.text().split() == (NOTICE + " " + old_text.text()).split()
    assert 'bgcolor="#ffffff"><div style=' in html.text()
    assert "&lt;b&gt; &amp; &#28155;" in html.text()
    start = html.text().index("<div style=")
    stop = html.text().index("</div>") + len("</div>")
    assert (html.text()[:start] + html.text()[stop:]).split() == old_html.text().split()
    for before, after in zip(Message(raw).parts[4:], edited.parts[4:], strict=True):
        assert before.body() == after.body()


def tree(kind: str, *parts: tuple[str, str]) -> bytes:
    """A multipart of this kind with these parts, each a type and its text."""
    head = f"MIME-Version: 1.0\r\nContent-Type: multipart/{kind}; boundary=b\r\n\r\n"
    pieces = [f"--b\r\nContent-Type: {type_}\r\n\r\n{text}\r\n" for type_, text in parts]
    return (head + "".join(pieces) + "--b--\r\n").encode()


def test_every_choice_of_an_alternative_is_told() -> None:
    """Attack: an empty HTML part in front, and programs show the last one they can."""
    raw = tree("alternative", ("text/plain", "a"), ("text/html", ""), ("text/html", "<p>b"))
    edited = put(raw)
    assert [("&lt;b&gt;" in part.text() or NOTICE in part.text()) for part in edited.parts[1:]] == [
        True,
        True,
        True,
    ]
    mixed = put(raw.replace(b"alternative", b"mixed"))
    assert mixed.parts[3].body() == b"<p>b"


@pytest.mark.parametrize("kind", ["alternative", "related"])
def test_a_choice_or_a_page_without_a_text_is_put_behind_one(kind: str) -> None:
    """In front of the others it would be the choice that nobody is shown, or their page."""
    raw = tree(kind, ("application/json", "{}"), ("text/calendar", "BEGIN:VCALENDAR"))
    edited = put(raw)
    assert [part.content_type for part in edited.parts] == [
        "multipart/mixed",
        "text/plain",
        f"multipart/{kind}",
        "application/json",
        "text/calendar",
    ]
    assert edited.parts[1].text() == NOTICE + "\r\n"
    assert [part.body() for part in edited.parts[3:]] == [b"{}", b"BEGIN:VCALENDAR"]


def test_no_style_sheet_hides_the_notice() -> None:
    """Attack: div:first-child {display: none !important}; an inline rule of that rank is above."""
    html = put(tree("mixed", ("text/html", "<body><p>x"))).parts[1].text()
    style = html.partition('style="')[2].partition('"')[0]
    for rule in ("display:block", "visibility:visible", "opacity:1", "position:static"):
        assert f"{rule}!important" in style


def test_html_in_two_byte_units_is_told_too() -> None:
    """UTF-16 becomes UTF-8, its label with it."""
    content = base64.encodebytes("<html><body><p>手紙</p></body></html>".encode("utf-16"))
    raw = b"MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-16\r\n"
    raw += b"Content-Transfer-Encoding: base64\r\n\r\n" + content.replace(b"\n", b"\r\n")
    html = put(raw).parts[0]
    assert html.charset == "utf-8"
    assert "<body><div style=" in html.text()
    assert "<p>手紙</p></body></html>" in html.text()


def test_a_multipart_without_a_text_gets_one_in_front() -> None:
    """Its parts stay byte for byte behind it."""
    raw = (
        b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        b"Content-Type: application/zip; name=a.zip\r\n\r\nPK\r\n--b--\r\n"
    )
    edited = put(raw)
    assert edited.parts[1].text() == NOTICE + "\r\n"
    assert edited.raw.endswith(raw[raw.index(b"--b\r\n") :])


def test_a_mail_that_is_one_file_is_put_behind_a_text() -> None:
    """The file keeps its fields and its bytes."""
    raw = (
        b"Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: application/zip; name=a.zip\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\nUEsDBA==\r\n"
    )
    edited = put(raw)
    assert [part.content_type for part in edited.parts] == [
        "multipart/mixed",
        "text/plain",
        "application/zip",
    ]
    assert edited.parts[1].text() == NOTICE + "\r\n"
    assert edited.parts[2].body() == b"UEsDBA==\r\n"
    assert edited.parts[2].name == "a.zip"
    assert edited.subject == "x"


def test_a_multipart_that_nobody_can_divide_is_told_as_the_text_that_it_is() -> None:
    """In ASCII, since it has no character code."""
    raw = b"Content-Type: multipart/mixed; boundary=gone\r\n\r\n--other\r\nhello\r\n"
    edited = put(raw)
    assert edited.raw == raw.replace(
        b"--other", NOTICE.encode("ascii", "replace") + b"\r\n\r\n--other"
    )


@pytest.mark.parametrize(
    "field",
    [
        b"Content-Type: multipart/signed; boundary=b; protocol=x/y",
        b"Content-Type: multipart/encrypted; boundary=b; protocol=x/y",
        b"Content-Type: application/pkcs7-mime; name=smime.p7m",
        b"Content-Type: text/calendar; method=REQUEST",
    ],
)
def test_signed_encrypted_and_calendar_mail_stays_as_it_is(field: bytes) -> None:
    """Not one byte changes."""
    raw = b"MIME-Version: 1.0\r\n" + field + b"\r\n\r\n--b\r\n\r\nhello\r\n--b--\r\n"
    assert put(raw).raw == raw


def test_an_attached_message_is_somebody_elses_letter() -> None:
    """The notice goes into a part of its own in front."""
    raw = (
        b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        b"Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nhello\r\n--b--\r\n"
    )
    edited = put(raw)
    assert edited.raw.endswith(raw[raw.index(b"--b\r\n") :])
    assert edited.parts[1].text() == NOTICE + "\r\n"


@settings(max_examples=150, deadline=None)
@given(messages(), JAPANESE.filter(str.strip))
def test_every_letter_is_notice_and_original(raw: bytes, notice: str) -> None:
    """In every tree: shown bodies begin with the notice, all other leaves are byte-equal."""
    message = Message(raw)
    edited = put_on_top(message, words_of(notice))
    shown = {part.index for part in bodies(message)}
    if not shown:
        assert edited.parts[1].text() == notice + "\r\n"
        return
    assert len(edited.parts) == len(message.parts)
    for before, after in zip(message.parts, edited.parts, strict=True):
        if before.index in shown and before.content_type == "text/plain":
            assert after.text() == notice + "\r\n\r\n" + before.text().replace("\0", "")
        elif before.index in shown:
            assert after.content().startswith(b"<html><body class='x'><div style=")
            assert after.text().endswith(before.text().removeprefix("<html><body class='x'>"))
        elif not before.is_multipart:
            assert before.body() == after.body()
