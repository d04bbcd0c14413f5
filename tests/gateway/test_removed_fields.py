"""A field that goes takes nothing along and lets nothing up, whoever reads the block."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsec.gateway import mime
from mailsec.gateway.edits import letter
from mailsec.gateway.edits.long_lines import shorten
from mailsec.gateway.message import Message

_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:")
Fields = list[tuple[bytes, bytes]]


def lines_of(raw: bytes) -> list[bytes]:
    return raw.splitlines(keepends=True)


def strict(raw: bytes) -> tuple[Fields, bytes]:
    """A program for which the first line that is neither field nor fold begins the body."""
    found: Fields = []
    lines = lines_of(raw)
    while lines:
        match = _FIELD.match(lines[0])
        if match:
            found.append((match[1], lines[0]))
        elif found and lines[0][:1] in b" \t" and lines[0].strip():
            found[-1] = (found[-1][0], found[-1][1] + lines[0])
        else:
            break
        lines.pop(0)
    return found, b"".join(lines)


def lenient(raw: bytes) -> tuple[Fields, bytes]:
    """A program that passes over whatever is no field, up to the first blank line."""
    found: Fields = []
    lines = lines_of(raw)
    while lines and lines[0].strip(b"\r\n"):
        line = lines.pop(0)
        match = _FIELD.match(line)
        if match:
            found.append((match[1], line))
        elif found and line[:1] in b" \t":
            found[-1] = (found[-1][0], found[-1][1] + line)
    return found, b"".join(lines)


def ours(raw: bytes) -> tuple[Fields, bytes]:
    root = Message(raw).parts[0]
    fields = [(field.name.encode("latin-1"), field.raw) for field in root.headers]
    return fields, raw[root.body_start :]


READERS = (strict, lenient, ours)
PIECES = (
    b"From: a@example.net\r\n", b"Subject: x\r\n", b"Content-Type: text/html;\r\n",
    b"Content-Type: text/plain;\r\n charset=utf-8\r\n", b"Odd: 1\r\n", b"Odd: 2;\r\n",
    b"X-Go: away\r\n", b"X-Go: away;\r\n", b"X-Go: away\r\n folded\r\n", b"X-Go:\n",
    b"=\r\n", b"junk\r\n", b"charset=utf-7\r\n", b"junk;\r\n", b"From someone\r\n", b">From x\r\n",
    b" \r\n", b"\t\r\n", b" fold\r\n", b"--b\r\n", b"\r\n", b"\n", b"body\r\n",
)  # fmt: skip


def without(fields: Fields, names: tuple[bytes, ...]) -> Fields:
    return [(name, raw) for name, raw in fields if name not in names]


def removed(raw: bytes) -> bytes:
    message = Message(raw)
    going = message.all("x-go")
    return mime.splice(raw, mime.remove_headers(message, message.parts[0], going))


@settings(max_examples=600, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=9).map(b"".join))
def test_every_reader_finds_the_other_fields_and_the_same_body(raw: bytes) -> None:
    """A program may read the block as it likes: what it showed before it shows still, and no line
    that it passed over or took for text has become a field."""
    went = {field.raw for field in Message(raw).all("x-go")}
    after = removed(raw)
    assert without(ours(after)[0], (b"X-Removed",)) == without(ours(raw)[0], (b"X-Go",))
    for reader in READERS:
        (before, body), (now, body_now) = reader(raw), reader(after)
        # What this reader takes for text may hold such a field too, which is gone then.
        if not any(field in body for field in went):
            assert without(now, (b"X-Removed", b"X-Go")) == without(before, (b"X-Go",)), reader
            assert body_now == body, reader


@pytest.mark.parametrize(
    ("raw", "out"),
    [
        (b"X-Go: 1\r\nA: 1\r\n\r\nx", b"A: 1\r\n\r\nx"),
        (b"A: 1\r\nX-Go: 1\r\n\r\nx", b"A: 1\r\n\r\nx"),
        (b"X-Go: 1\r\n\r\nx", b"\r\nx"),
        (b"A: 1\nX-Go: 1\n b\nX-Go: 2\nB: 1\n\n", b"A: 1\nB: 1\n\n"),
        (b"A: 1\r\nX-Go: 1", b"A: 1\r\n"),
    ],
)
def test_a_field_among_fields_leaves_nothing_behind(raw: bytes, out: bytes) -> None:
    """As every sound mail has it."""
    assert removed(raw) == out


@pytest.mark.parametrize(
    "raw",
    [
        b"X-Go: 1\r\n=\r\nSubject: x\r\n\r\n",  # junk would come on top
        b"Content-Type: a/b;\r\nX-Go: 1\r\ncharset=utf-7\r\nTo: x\r\n\r\n",  # a parameter
        b"A: 1\r\njunk\r\nX-Go: 1\r\nOdd: 1\r\n\r\n",  # by this field the junk ends nothing
        b"Content-Type: a/b;\r\nX-Go: 1\r\nbody\r\n",  # the body has no blank line in front
        b"X-Go: 1\r\n \r\nbody\r\n",  # a line of blanks is the blank line
        b"X-Go: 1\r\nFrom someone\r\nSubject: x\r\n\r\n",  # the separator of an mbox file
    ],
)
def test_beside_junk_a_field_of_its_name_stays(raw: bytes) -> None:
    """Without its value."""
    message = Message(removed(raw))
    assert message.raw == raw.replace(b"X-Go: 1\r\n", b"X-Removed: X-Go\r\n")
    assert [f.name for f in message.headers if f.name != "X-Removed"] == [
        f.name for f in Message(raw).headers if f.name != "X-Go"
    ]


def test_thousands_of_fields_go_in_one_pass() -> None:
    """The block is gone through once, not once for each of them: 30,000 fields are no work."""
    raw = b"X-Go: 1\r\n" * 30_000 + b"A: 1\r\n\r\n"
    assert removed(raw) == b"A: 1\r\n\r\n"


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=7).map(b"".join), st.integers(0, 7))
def test_a_new_encoding_hides_no_field_and_makes_none(block: bytes, at: int) -> None:
    """The edit that found this out: a long line, and its encoding named above junk."""
    lines = lines_of(block)
    lines.insert(at, b"Content-Transfer-Encoding: x-uuencode\r\n")
    raw = b"".join(lines).rstrip(b"\r\n") + b"\r\n\r\n" + b"a" * 1200 + b"\r\n"
    after = shorten(Message(raw))
    known = (b"X-Removed", b"Content-Transfer-Encoding", b"MIME-Version", b"Content-Type")
    for reader in (strict, ours):
        before_fields, _ = reader(raw)
        after_fields, _ = reader(after.raw)
        assert without(after_fields, known) == without(before_fields, known)


def test_a_field_that_ends_with_the_message_may_be_replaced() -> None:
    """Its line end is missing, and no blank line may come of that."""
    message = Message(b"Subject: x\r\nContent-Type: image/x")
    root = message.parts[0]
    edits = letter.with_fields(message, root, root.all("content-type"), b"Content-Type: text/x\r\n")
    assert mime.splice(message.raw, edits) == b"Subject: x\r\nContent-Type: text/x\r\n\r\n"
