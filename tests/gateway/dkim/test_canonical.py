"""The forms of a message that are hashed."""

from __future__ import annotations

import hashlib

import pytest
from dkim.canonicalization import Relaxed, Simple
from hypothesis import given
from hypothesis import strategies as st

from mailsec.gateway.dkim.canonical import SignedForm, relaxed_body, relaxed_field, simple_body
from mailsec.gateway.message import Message

LINES = st.lists(st.sampled_from([b"a", b" ", b"\t", b"\r\n", b"\r", b"\xe3\x81", b"."])).map(
    b"".join
)


@given(LINES)
def test_bodies_read_as_an_independent_verifier_reads_them(lines: bytes) -> None:
    """Relaxed and simple, whatever the blanks and empty lines, for bodies that end a line."""
    body = lines + b"\r\n"
    assert simple_body(body) == Simple.canonicalize_body(body)
    assert relaxed_body(body) == Relaxed.canonicalize_body(body)


@pytest.mark.parametrize(
    ("body", "relaxed", "simple"),
    [
        (b"", b"", b"\r\n"),
        (b"\r\n\r\n", b"", b"\r\n"),
        (b"a", b"a\r\n", b"a\r\n"),
        (b" C \r\nD \t E\r\n\r\n\r\n", b" C\r\nD E\r\n", b" C \r\nD \t E\r\n"),
    ],
)
def test_bodies_take_the_forms_of_the_standard(body: bytes, relaxed: bytes, simple: bytes) -> None:
    """RFC 6376 sections 3.4.3 to 3.4.5."""
    assert relaxed_body(body) == relaxed
    assert simple_body(body) == simple


@pytest.mark.parametrize(
    ("field", "relaxed"),
    [
        (b"A: X\r\n", b"a:X\r\n"),
        (b"B : Y\t\r\n\tZ  \r\n", b"b:Y Z\r\n"),
        (b"Empty:\r\n", b"empty:\r\n"),
    ],
)
def test_fields_take_the_relaxed_form_of_the_standard(field: bytes, relaxed: bytes) -> None:
    """RFC 6376 section 3.4.2."""
    assert relaxed_field(field) == relaxed


def test_files_with_other_line_ends_hash_as_they_were_sent() -> None:
    """A message saved with LF was sent with CRLF."""
    raw = b"A: 1\r\n 2\r\n\r\nbody\r\n\r\n"
    sent, saved = SignedForm(Message(raw)), SignedForm(Message(raw.replace(b"\r\n", b"\n")))
    assert sent.fields(b"a") == saved.fields(b"a") == [b"A: 1\r\n 2\r\n"]
    assert sent.body(False) == saved.body(False) == (hashlib.sha256(b"body\r\n").digest(), 6)


def test_fields_are_picked_from_the_last_one_up() -> None:
    """RFC 6376 section 5.4.2; a field that is not there counts as empty."""
    form = SignedForm(Message(b"X: 1\r\nX: 2\r\nFrom: a\r\n\r\n"))
    data = form.header([b"x", b"from", b"x", b"x", b"nothing"], False, b"S: b=")
    assert data == b"X: 2\r\nFrom: a\r\nX: 1\r\nS: b="
