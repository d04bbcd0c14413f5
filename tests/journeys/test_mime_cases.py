"""The MIME cases: what hides a program, and where the notice about it stands."""

from __future__ import annotations

import base64

import pytest
from selectolax.lexbor import LexborHTMLParser

from mailsec.gateway.message import Message
from tests.journeys.mails import (
    NOTICE,
    PROGRAM,
    SENDER,
    USER,
    attachments,
    case,
    deliver,
    marker,
    plain,
    text_part,
)
from tests.service import Service

pytestmark = pytest.mark.stack

CODED = base64.encodebytes(PROGRAM).replace(b"\n", b"\r\n")
# The program's text as base64, at each of the three places it can begin.
PROGRAM_SIGNS = tuple(
    base64.b64encode(bytes(shift) + b"not a working program")[4:-4] for shift in range(3)
)


def multipart(mark: str, *parts: bytes, boundary: bytes = b"cut", behind: bytes = b"") -> bytes:
    line = b"--" + boundary
    fields = b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="' + boundary + b'"\r\n'
    body = b"".join(line + b"\r\n" + part + b"\r\n" for part in parts) + line + b"--\r\n"
    return plain(mark, body + behind, fields=fields)


TEXT = b"Content-Type: text/plain; charset=us-ascii\r\n\r\nSee the file."
HEADS = {
    "trailing blank": b'Content-Type: application/octet-stream; name="a.exe"\r\n'
    b"Content-Transfer-Encoding: base64 \r\n",
    "trailing tab": b'Content-Type: application/octet-stream; name="a.exe"\r\n'
    b"Content-Transfer-Encoding:\tbase64\t\r\n",
    "capitals": b"Content-Type: application/octet-stream\r\nCONTENT-TRANSFER-ENCODING: BASE64\r\n",
    "quoted": b'Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: "base64"\r\n',
    "with a comment": b"Content-Type: application/octet-stream\r\n"
    b"Content-Transfer-Encoding: (really) base64 (yes)\r\n",
    "with a parameter": b"Content-Type: application/octet-stream\r\n"
    b"Content-Transfer-Encoding: base64; x=y\r\n",
    "folded": b"Content-Type: application/octet-stream\r\n"
    b"Content-Transfer-Encoding:\r\n base64\r\n",
    "name=3D": b'Content-Type: application/msword; name=3D"24001.exe"\r\n'
    b"Content-Transfer-Encoding: base64\r\n",
    "a line without its indent": b"Content-Type: application/octet-stream; x-unix-mode=0600;\r\n"
    b'name="tool.exe"\r\nContent-Transfer-Encoding: base64\r\n',
    "two encodings": b"Content-Type: application/octet-stream\r\n"
    b"Content-Transfer-Encoding: base64\r\nContent-Transfer-Encoding: 7bit\r\n",
    "called an image": b'Content-Type: image/png; name="a.png"\r\n'
    b"Content-Transfer-Encoding: base64\r\nContent-ID: <1@example.net>\r\n",
    "called a text": b'Content-Type: text/plain; name="a.txt"\r\n'
    b"Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment\r\n",
}


def gone(service: Service, mark: str) -> Message | None:
    """The delivered mail without any program, None where the mail was held."""
    found = service.wait_for(lambda: service.mails("alpha", mark.encode()), 3)
    if not found:
        assert service.settled("alpha", mark)["state"] == "quarantined"
        return None
    (mail,) = found
    message = Message(mail.content)
    assert b"TVoAAAA" not in mail.raw
    assert not any(sign in mail.raw for sign in PROGRAM_SIGNS)
    assert not any(part.content().startswith(b"MZ") for part in message.parts)
    return message


def test_programs_behind_broken_fields_never_arrive(running_service: Service) -> None:
    """mime-06: all three parts are known as programs and removed; the notice says so."""
    mark = marker("mime-06")
    assert running_service.send(SENDER, [USER], case("mime-06", mark))[-1] == 250
    message = gone(running_service, mark)
    record = running_service.settled("alpha", mark)
    assert {finding["code"] for finding in record["findings"]} == {"file-type"}
    assert len(record["findings"]) >= 3
    assert message is not None
    text = text_part(message).text()
    assert "Three files." in text
    assert text.count("File: ") == 3


@pytest.mark.parametrize("kind", HEADS)
def test_a_program_is_known_however_its_fields_are_written(
    running_service: Service, kind: str
) -> None:
    """mime-06: encodings and parameters are read as leniently as mail programs do."""
    mark = marker("mime-06-kind")
    mail = multipart(mark, TEXT, HEADS[kind] + b"\r\n" + CODED)
    assert running_service.send(SENDER, [USER], mail)[-1] == 250
    message = gone(running_service, mark)
    if message is not None:
        assert NOTICE in text_part(message).text()


def test_what_lies_behind_the_last_boundary_never_arrives(running_service: Service) -> None:
    """mime-07: after.exe is gone or the mail held; lines that only begin like a boundary stay."""
    mark = marker("mime-07")
    assert running_service.send(SENDER, [USER], case("mime-07", mark))[-1] == 250
    message = gone(running_service, mark)
    if message is not None:
        text = text_part(message).content()
        assert b"visit --=_A for details\r\n--=_A-not-a-boundary\r\nlast line" in text


FILE = b'Content-Type: application/octet-stream; name="after.exe"\r\n'
FILE += b"Content-Transfer-Encoding: base64\r\n\r\n" + CODED
PLACES = {
    "a part in the epilogue": multipart(
        "@@", TEXT, behind=b"\r\n--cut\r\n" + FILE + b"--cut--\r\n"
    ),
    "without a closing line": multipart("@@", TEXT, behind=b"--cut\r\n" + FILE),
    "behind a boundary with blanks": multipart(
        "@@", TEXT, behind=b"--cut  \t\r\n" + FILE + b"--cut--\r\n"
    ),
    "in a mail in a mail": multipart(
        "@@", TEXT, b"Content-Type: message/rfc822\r\n\r\n" + multipart("inner", TEXT, FILE)
    ),
    "in the one and only part": plain(
        "@@",
        CODED,
        fields=b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n",
    ),
}


@pytest.mark.parametrize("kind", PLACES)
def test_a_program_is_found_wherever_it_stands(running_service: Service, kind: str) -> None:
    """mime-07: it never arrives; the mail does without it, or is held."""
    mark = marker("mime-07-place")
    mail = PLACES[kind].replace(b"@@", mark.encode())
    assert running_service.send(SENDER, [USER], mail)[-1] == 250
    gone(running_service, mark)


@pytest.mark.parametrize("line", [b"--cut-not", b" --cut", b"--cutting", b"--CUT", b"--cut x"])
def test_only_whole_boundary_lines_count(running_service: Service, line: bytes) -> None:
    """mime-07: a text line that begins like a boundary is text, and the mail stays as it is."""
    mark = marker("mime-07-line")
    mail = multipart(mark, TEXT + b"\r\n" + line + b"\r\nlast line")
    assert deliver(running_service, mail, mark).raw.endswith(mail)


def test_the_notice_stands_in_front_in_the_parts_charset(running_service: Service) -> None:
    """mime-09: text is notice and original by its label; HTML has it first in the real body."""
    mark = marker("mime-09")
    message = deliver(running_service, case("mime-09", mark), mark)
    files = attachments(message)
    assert list(files) == ["list.csv"]
    assert files["list.csv"] == b"a,b\r\n1,2"
    original = Message(case("mime-09", mark))
    text = text_part(message).text()
    assert "次の添付ファイルを取り除きました" in text
    assert "setup.exe" in text
    assert text.endswith(text_part(original).text())
    page = text_part(message, "text/html")
    before = text_part(original, "text/html")
    assert [field.raw for field in page.headers] == [field.raw for field in before.headers]
    assert page.charset == "iso-2022-jp"
    assert page.content().isascii()
    check_page(page.text())
    head, body = before.content().split(b'bgcolor="#ffffff">')
    assert page.content().startswith(head)
    assert page.content().endswith(body)


def check_page(html: str) -> None:
    """The page as a browser reads it."""
    assert "<!-- <body> in a comment -->" in html
    body = LexborHTMLParser(html).body
    assert body is not None
    assert body.attributes["data-note"] == "a > b"
    assert body.attributes["bgcolor"] == "#ffffff"
    first = body.child
    while first is not None and first.tag == "-text" and not first.text().strip():
        first = first.next
    assert first is not None
    assert "次の添付ファイルを取り除きました" in first.text()
    assert "お世話になっております。" in body.text()


def html_mail(mark: str, charset: str, page: str) -> bytes:
    head = (
        f"Content-Type: text/html; charset={charset}\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    )
    coded = base64.encodebytes(page.encode(charset)).replace(b"\n", b"\r\n")
    return multipart(mark, head.encode() + coded, FILE)


@pytest.mark.parametrize("charset", ["utf-8", "iso-2022-jp", "shift_jis", "euc-jp", "us-ascii"])
@pytest.mark.parametrize(
    ("opening", "name"),
    [
        ("<html><body>", "plain"),
        ("<HTML><BODY\r\n CLASS='x > y'\r\n>", "class"),
        ("<!-- <body> --><html><head><title><body></title></head><body id=a>", "id"),
        ("<html><head><script>var a = '<body>';</script></head><body lang=ja>", "lang"),
        ("", "none"),
    ],
)
def test_the_notice_is_the_first_thing_a_browser_shows(
    running_service: Service, charset: str, opening: str, name: str
) -> None:
    """mime-09: in any charset and behind any body tag; the text behind it is whole."""
    mark = marker("mime-09-kind")
    shown = "body text" if charset == "us-ascii" else "お世話になっております。"
    message = deliver(running_service, html_mail(mark, charset, f"{opening}<p>{shown}</p>"), mark)
    html = text_part(message, "text/html").text()
    body = LexborHTMLParser(html).body
    assert body is not None
    seen = body.text()
    assert 0 <= seen.index(NOTICE) < seen.index(shown)
    assert seen.strip().startswith(("-", "【"))
    if name in ("class", "id", "lang"):
        assert name in body.attributes
