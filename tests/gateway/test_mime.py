"""Editing: the edit happens, and every other byte stays."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsec.gateway import charset, mime
from mailsec.gateway.errors import EditRefused
from mailsec.gateway.message import Message
from mailsec.gateway.mime import Splice
from mailsec.gateway.reading.headers import Header

CASES = Path(__file__).parent / "eml" / "cases"


def edited(message: Message, *edits: Splice) -> Message:
    return Message(mime.splice(message.raw, edits))


def text_part(
    body: bytes, kind: bytes = b"", encoding: bytes = b"", end: bytes = b"\r\n"
) -> Message:
    lines = [b"Subject: x"]
    if kind:
        lines.append(b"Content-Type: " + kind)
    if encoding:
        lines.append(b"Content-Transfer-Encoding: " + encoding)
    return Message(end.join([*lines, b"", body]))


def header(message: Message, name: str) -> Header:
    found = message.first(name)
    assert found is not None
    return found


def test_splices_apply_in_any_order_and_leave_the_rest() -> None:
    """Insertions, replacements and removals at once."""
    edits = [Splice(4, 6, b""), Splice(0, 0, b"<"), Splice(1, 2, b"BB")]
    assert mime.splice(b"abcdefg", edits) == b"<aBBcdg"
    assert mime.splice(b"abc", []) == b"abc"


@pytest.mark.parametrize("edits", [[(0, 2), (1, 3)], [(2, 9)], [(-1, 0)], [(2, 1)]])
def test_overlapping_or_outlying_splices_are_refused(edits: list[tuple[int, int]]) -> None:
    """A wrong offset never damages a mail silently."""
    with pytest.raises(EditRefused):
        mime.splice(b"abcd", [Splice(start, end, b"") for start, end in edits])


@pytest.mark.parametrize("name", ["hdr-02", "hdr-04", "mime-01", "mime-06", "mime-07"])
def test_a_new_subject_changes_nothing_else(name: str) -> None:
    """Cases mime-01 and hdr-04: every byte outside the field stays."""
    message = Message((CASES / f"{name}.eml").read_bytes())
    field = header(message, "subject")
    out = mime.splice(message.raw, [mime.replace_header(message, field, b"new")])
    assert out[: field.start] == message.raw[: field.start]
    assert out.endswith(message.raw[field.end :])
    assert Message(out).subject == "new"
    assert b"=?utf-8?q?=3C" not in out


@pytest.mark.parametrize(
    ("raw", "out"),
    [
        (b"A: 1\r\n\r\nx", b"N: 1\r\n 2\r\nA: 1\r\n\r\nx"),
        (b"A: 1\n\nx", b"N: 1\n 2\nA: 1\n\nx"),
        (b"From a@b\nA: 1\n\n", b"From a@b\nN: 1\n 2\nA: 1\n\n"),
        (b"\r\nbody", b"N: 1\r\n 2\r\n\r\nbody"),
        (b"", b"N: 1\r\n 2\r\n"),
        (b"  body", b"N: 1\r\n 2\r\n\r\n  body"),
    ],
)
def test_a_field_goes_on_top_with_the_line_ends_of_the_message(raw: bytes, out: bytes) -> None:
    """Trace fields stand first (RFC 5321 section 4.4)."""
    assert mime.add_header_on_top(raw, b"N: 1\r\n 2") == out


@settings(max_examples=150)
@given(st.lists(st.sampled_from((b"A: 1", b"\r\n", b"\n", b"x", b"Subject: y\r\n", b":", b"\0"))))
def test_adding_and_removing_a_field_gives_the_message_back(pieces: list[bytes]) -> None:
    """The two edits are exact opposites, but for what stays where junk stands beside the field."""
    raw = b"".join(pieces)
    message = Message(mime.add_header_on_top(raw, b"X-Trace: 1"))
    found = [header(message, "x-trace")]
    removed = edited(message, *mime.remove_headers(message, message.parts[0], found)).raw
    assert removed.replace(b"X-Removed: X-Trace" + mime.line_end(message.raw), b"", 1) == raw


@pytest.mark.parametrize("encoding", [b"", b"7bit", b"8bit", b"base64", b"quoted-printable"])
@pytest.mark.parametrize("label", ["iso-2022-jp", "shift_jis", "euc-jp", "utf-8", "us-ascii", ""])
@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
@pytest.mark.parametrize("text", ["plain =20 text\n", "件①: 本文\nend", "naïve 🙂\n", ""])
def test_a_new_text_reads_as_written_in_every_code(
    encoding: bytes, label: str, end: bytes, text: str
) -> None:
    """In the part's own code where it fits, else relabelled UTF-8; it reads the same."""
    kind = b"text/plain; charset=" + label.encode() if label else b""
    message = text_part(b"old" + end, kind, encoding, end)
    new = edited(message, *mime.set_text(message, 0, text))
    part = new.parts[0]
    assert part.text().replace("\r\n", "\n").rstrip("\n") == text.rstrip("\n")
    assert new.subject == "x"
    assert (b"\r\n" in new.raw) == (end == b"\r\n")
    if charset.encode(text, label) is not None:
        assert part.charset == label
    assert part.transfer_encoding != "7bit" or part.body().isascii()
    assert not part.decoded().problem


def test_a_text_that_fits_keeps_label_and_encoding_byte_for_byte() -> None:
    """Only the body changes."""
    message = text_part(b"\x1b$B4A\x1b(B", b'text/plain; charset="ISO-2022-JP"; x=y', b"7bit")
    new = edited(message, *mime.set_text(message, 0, "漢字"))
    assert new.raw == message.raw[: message.header_end] + b"\x1b$B4A;z\x1b(B"


def test_relabelling_touches_only_the_two_values() -> None:
    """Other parameters, their order and spacing stay."""
    message = text_part(b"x", b'text/html; a=b;\r\n\tcharset="us-ascii"; c=d', b"7bit")
    new = edited(message, *mime.set_text(message, 0, "é"))
    assert b'Content-Type: text/html; a=b;\r\n\tcharset="utf-8"; c=d\r\n' in new.raw
    assert b"Content-Transfer-Encoding: base64\r\n" in new.raw
    assert new.text == "é"


def test_fields_are_added_where_a_part_has_none() -> None:
    """Also to a part that starts with its blank line."""
    message = Message(
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nold\r\n"
        b"--b\r\n\r\ntwo\r\n--b--\r\n"
    )
    new = edited(message, *mime.set_text(message, 1, "é"))
    assert (new.parts[1].text(), new.parts[2].text()) == ("é", "two")
    assert new.raw.endswith(b"\r\n--b\r\n\r\ntwo\r\n--b--\r\n")


def test_a_part_is_replaced_between_its_boundary_lines() -> None:
    """The boundary lines and all other parts stay."""
    message = Message((CASES / "mime-06.eml").read_bytes())
    part = message.parts[3]
    edit = mime.replace_part(message, 3, b"Content-Type: text/plain\n\nremoved")
    new = edited(message, edit)
    assert [p.name for p in new.attachments] == ["setup.exe", "tool.exe"]
    assert new.parts[3].text() == "removed"
    assert new.raw[: part.start] == message.raw[: part.start]
    assert new.raw.endswith(message.raw[part.body_end :])


def test_signed_encoded_and_unreadable_parts_are_refused() -> None:
    """What an edit would break or cannot reach is left alone."""
    signed = Message(b"Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--")
    with pytest.raises(EditRefused):
        mime.set_text(signed, 1, "y")
    inner = Message(
        b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        b"U3ViamVjdDogeA0KDQp5"
    )
    with pytest.raises(EditRefused):
        mime.set_text(inner, 1, "y")
    damaged = text_part(
        "あいうえおかきくけこ".encode() + b"\xff", b"text/plain; charset=utf-8", b"8bit"
    )
    with pytest.raises(EditRefused):
        mime.set_text(damaged, 0, "new " + damaged.text)
    with pytest.raises(EditRefused):
        mime.remove_headers(inner, inner.parts[1], inner.parts[1].headers[:1])


@settings(max_examples=200)
@given(
    st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=120),
    st.sampled_from(("utf-8", "iso-2022-jp")),
    st.integers(min_value=2, max_value=70),
)
def test_encoded_header_text_is_exact_and_well_formed(text: str, label: str, used: int) -> None:
    """Case hdr-09: words of at most 75, lines of at most 76, the same text comes out."""
    text = " ".join(text.split()).translate(charset.japanese.MICROSOFT_VARIANTS).lstrip("\ufeff")
    value = mime.encode_header_text(text, label, used)
    lines = value.split(b"\r\n")
    assert len(lines[0]) + used <= 76
    assert all(len(line) <= 76 and line.startswith(b" ") for line in lines[1:])
    assert all(len(word) <= 75 for word in re.findall(rb"=\?\S+\?=", value))
    assert b"?==?" not in value
    assert value.isascii()
    assert charset.decode_words(b" " + value) == text.strip()


@settings(max_examples=100)
@given(
    st.text(
        st.characters(exclude_categories=("Cs",), exclude_characters="\0\r\x1b\x0e\x0f\ufeff"),
        max_size=200,
    ),
    st.sampled_from(("base64", "quoted-printable", "8bit", "7bit")),
)
def test_any_text_survives_being_set(text: str, encoding: str) -> None:
    """Whatever the text, the part decodes to it."""
    message = text_part(b"x\r\n", b"text/plain; charset=utf-8", encoding.encode())
    new = edited(message, *mime.set_text(message, 0, text))
    assert new.parts[0].text().replace("\r\n", "\n").rstrip("\n") == text.rstrip("\n")
