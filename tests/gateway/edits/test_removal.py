"""Condemned parts go, everything else stays byte for byte."""

from __future__ import annotations

import base64
import os
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsec.gateway.edits.removal import remove
from mailsec.gateway.errors import EditRefused
from mailsec.gateway.message import Message
from tests.gateway.trees import messages

CASES = Path(os.environ.get("MAILSEC_CASES", Path(__file__).parents[4] / "shared" / "cases"))

TWO = (
    b'Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
    b"preamble\r\n--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n"
    b'--b\r\nContent-Type: application/octet-stream; name="a.exe"\r\n\r\nMZ\r\n'
    b'--b\r\nContent-Type: text/csv; name="list.csv"\r\n\r\na,b\r\n--b--\r\nepilogue'
)
SIGNED = (
    b"MIME-Version: 1.0\r\nContent-Type: multipart/signed; boundary=s; protocol=x/y\r\n\r\n"
    b"--s\r\nContent-Type: application/octet-stream; name=a.exe\r\n\r\nMZ\r\n"
    b"--s\r\nContent-Type: application/pkcs7-signature\r\n\r\nsig\r\n--s--\r\n"
)


def case(name: str) -> bytes:
    path = CASES / name
    if not path.exists():
        pytest.skip("the collected cases are not beside this checkout")
    return path.read_bytes()


def test_a_part_goes_with_its_boundary_line() -> None:
    """Nothing else of the message changes."""
    edited = remove(Message(TWO), {2: "gone"}).raw
    part = b'--b\r\nContent-Type: application/octet-stream; name="a.exe"\r\n\r\nMZ\r\n'
    assert edited == TWO.replace(part, b"")


def test_the_last_part_and_several_parts_go() -> None:
    """What remains is a whole multipart."""
    edited = remove(Message(TWO), {2: "", 3: ""})
    assert edited.raw.endswith(b"hello\r\n--b--\r\nepilogue")
    assert [part.content_type for part in edited.parts] == ["multipart/mixed", "text/plain"]


def test_an_unclosed_multipart_loses_its_part_too() -> None:
    """The missing end is no way to keep a file."""
    raw = TWO[: TWO.index(b"--b\r\nContent-Type: text/csv")]
    edited = remove(Message(raw), {2: ""}).raw
    assert edited == raw[: raw.index(b"\r\n--b\r\nContent-Type: application")]
    more = raw + b"--b\r\n\r\nthird\r\n"
    assert remove(Message(more), {2: "", 3: ""}).raw == edited


def test_when_all_parts_go_an_empty_text_stays() -> None:
    """A multipart without parts would be no mail that programs can show."""
    edited = remove(Message(TWO), {1: "", 2: "", 3: ""})
    assert [part.content_type for part in edited.parts] == ["multipart/mixed", "text/plain"]
    assert edited.parts[1].content() == b""


def test_a_mail_that_is_one_file_becomes_an_empty_text() -> None:
    """Its Content fields go, all others stay byte for byte."""
    raw = (
        b"Subject: x\r\nContent-Type: application/zip;\r\n\tname=a.zip\r\n"
        b"Content-Transfer-Encoding: base64\r\nTo: b@example.com\r\n\r\nUEsDBA==\r\n"
    )
    edited = remove(Message(raw), {0: ""})
    assert edited.raw.startswith(b"Subject: x\r\nTo: b@example.com\r\nContent-Type: text/plain")
    assert edited.parts[0].content() == b""
    assert len(edited.parts) == 1


def test_the_body_of_an_attached_message_gives_way_to_the_text() -> None:
    """The attached letter keeps its own header."""
    raw = (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n"
        b"\r\nSubject: inner\r\nContent-Type: application/octet-stream; name=a.exe\r\n\r\nMZ\r\n"
        b"--b--\r\n"
    )
    edited = remove(Message(raw), {2: "取り除きました"})
    assert edited.parts[2].text().strip() == "取り除きました"
    assert b"Subject: inner" in edited.raw
    assert b"MZ" not in edited.raw


def test_a_part_inside_an_encoded_message_takes_that_message_along() -> None:
    """It has no place of its own in the bytes."""
    inner = base64.encodebytes(TWO).replace(b"\n", b"\r\n")
    raw = (
        b"Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n\r\nhello\r\n--o\r\n"
        b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + inner
        + b"--o--\r\n"
    )
    message = Message(raw)
    program = next(part for part in message.parts if part.name == "a.exe")
    edited = remove(message, {program.index: ""})
    assert [part.content_type for part in edited.parts] == ["multipart/mixed", "text/plain"]


def test_a_part_behind_the_closing_boundary_goes() -> None:
    """mime-07: some programs show it."""
    message = Message(case("mime-07.eml"))
    program = next(part for part in message.parts if part.name == "after.exe")
    edited = remove(message, {program.index: ""})
    assert b"after.exe" not in edited.raw
    text = next(part for part in edited.parts if part.content_type == "text/plain").text()
    assert "visit --=_A for details" in text
    assert "--=_A-not-a-boundary" in text


def test_nothing_signed_is_touched() -> None:
    """Refused, so that the caller keeps the whole message back."""
    with pytest.raises(EditRefused):
        remove(Message(SIGNED), {1: ""})


def test_a_signed_message_as_a_whole_attachment_can_go() -> None:
    """What is removed whole is not altered."""
    raw = (
        b"Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n\r\nhello\r\n--o\r\n"
        b"Content-Type: message/rfc822\r\n\r\n" + SIGNED + b"--o--\r\n"
    )
    assert b"MZ" not in remove(Message(raw), {2: ""}).raw


@settings(max_examples=100, deadline=None)
@given(messages(), st.data())
def test_untouched_parts_stay_byte_equal(raw: bytes, data: st.DataObject) -> None:
    """Whatever is taken out of whatever tree, all other leaves keep header and body."""
    message = Message(raw)
    leaves = [part for part in message.parts if not part.is_multipart]
    chosen = data.draw(st.sets(st.sampled_from([part.index for part in leaves]), min_size=1))
    edited = remove(message, dict.fromkeys(chosen, ""))
    kept = [part for part in leaves if not _gone(message, part.index, chosen)]
    entities = [edited.raw[part.start : part.body_end] for part in edited.parts]
    for part in kept:
        if part.content_type != "message/rfc822":
            assert raw[part.start : part.body_end] in entities
    names = Counter(part.name for part in edited.parts if part.name)
    assert names == Counter(part.name for part in kept if part.name)


def _gone(message: Message, index: int | None, chosen: set[int]) -> bool:
    while index is not None:
        if index in chosen:
            return True
        index = message.parts[index].parent
    return False
