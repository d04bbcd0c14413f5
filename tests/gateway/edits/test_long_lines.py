"""Lines become legal, contents stay."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsec.gateway.edits.long_lines import shorten
from mailsec.gateway.message import Message


def longest(raw: bytes) -> int:
    return max(len(line.removesuffix(b"\r")) for line in raw.split(b"\n"))


def test_a_mail_with_legal_lines_is_itself() -> None:
    """998 octets are legal."""
    message = Message(b"Subject: x\r\n\r\n" + b"a" * 998 + b"\r\n")
    assert shorten(message) is message


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (b"a" * 999 + b"\r\nmore\r\n", b"quoted-printable"),
        ("請求書".encode() * 400 + b"\r\n", b"base64"),
        (b"coffee caf\xe9 " * 100 + b"x", b"quoted-printable"),
        (b"lone\nline ends\r\n" + b"a" * 2000, b"base64"),
    ],
)
def test_a_text_gets_an_encoding_and_keeps_its_content(content: bytes, encoding: bytes) -> None:
    """Also one that quoted-printable could not carry exactly."""
    raw = b"Subject: x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + content
    shorter = shorten(Message(raw))
    assert longest(shorter.raw) <= 998
    assert shorter.parts[0].content() == content
    assert b"Content-Transfer-Encoding: " + encoding + b"\r\n" in shorter.raw
    assert b"MIME-Version: 1.0\r\n" in shorter.raw


def test_base64_on_one_line_is_wrapped() -> None:
    """The field that names the encoding is written once."""
    content = bytes(range(256)) * 20
    raw = (
        b"MIME-Version: 1.0\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: BASE64"
        b"\r\n\r\n" + base64.b64encode(content)
    )
    shorter = shorten(Message(raw))
    assert longest(shorter.raw) <= 76
    assert shorter.parts[0].content() == content
    assert len(shorter.all("content-transfer-encoding")) == 1


def test_only_the_part_with_the_long_line_changes() -> None:
    """Its neighbours and the boundaries stay byte for byte."""
    before = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nshort  \r\n--b\r\n"
    after = b"\r\n--b\r\nContent-Type: text/csv\r\n\r\na,b\r\n--b--"
    shorter = shorten(Message(before + b"\r\n" + b"a" * 1200 + after)).raw
    assert shorter.endswith(after)
    assert b"--b\r\n\r\nshort  \r\n--b\r\n" in shorter
    assert longest(shorter) <= 998


def test_a_field_is_folded_at_its_white_space() -> None:
    """Unfolded it is what it was; a field without white space stays."""
    addresses = b", ".join(b"<user%d@example.com>" % number for number in range(100))
    raw = b"To: " + addresses + b"\r\nX-Key: " + b"k" * 1200 + b"\r\n\r\nbody"
    shorter = shorten(Message(raw))
    to, key = shorter.headers
    assert longest(to.raw) <= 78
    assert to.raw.replace(b"\r\n ", b" ") == b"To: " + addresses + b"\r\n"
    assert key.raw == b"X-Key: " + b"k" * 1200 + b"\r\n"


def test_a_signed_part_is_left_alone() -> None:
    """Its signature is worth more than a legal line."""
    raw = (
        b"Content-Type: multipart/signed; boundary=s\r\n\r\n--s\r\n\r\n" + b"a" * 1200
        + b"\r\n--s\r\nContent-Type: application/pkcs7-signature\r\n\r\nx\r\n--s--\r\n"
    )  # fmt: skip
    assert shorten(Message(raw)).raw == raw


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.sampled_from([b"a", b" ", b"=", b".", b"\r\n", b"\xe3\x81\x82", b"\t"]), min_size=1
    ),
    st.integers(100, 400),
    st.sampled_from([b"", b"Content-Transfer-Encoding: 8bit\r\n"]),
)
def test_any_text_keeps_its_decoded_content(pieces: list[bytes], times: int, field: bytes) -> None:
    """Byte for byte, with every line within the limit."""
    content = b"".join(pieces) * times
    raw = b"Subject: x\r\n" + field + b"\r\n" + content
    shorter = shorten(Message(raw))
    assert shorter.parts[0].content() == content
    assert longest(shorter.raw) <= 998
