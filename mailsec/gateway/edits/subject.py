"""Puts a tag before the subject, once, and leaves the subject's own bytes as they are."""

from __future__ import annotations

import re

from mailsec.gateway.edits.order import Order
from mailsec.gateway.message import Message
from mailsec.gateway.mime import (
    Splice,
    add_header_on_top,
    encode_header_text,
    line_end,
    splice,
    with_line_ends,
)
from mailsec.gateway.reading.headers import Header

_BLANKS = re.compile(rb"(?:[ \t]|\r?\n(?=[ \t]))*")
_WORD = re.compile(rb"=\?[^?\s]+\?[BbQq]\?")
_LINE_LIMIT = 76  # RFC 2047 section 2, for lines that hold an encoded word


def edit(message: Message, order: Order) -> Message:
    """The message with the decided tag, or itself."""
    prefix = order.decision.subject_prefix
    return tag(message, prefix) if prefix else message


def tag(message: Message, prefix: str) -> Message:
    """Every Subject field tagged, since programs differ in which of several they show."""
    subjects = message.all("subject")
    if not subjects:
        return Message(_added(message, prefix))
    splices = [
        _tagged(subject, prefix, line_end(message.raw))
        for subject in subjects
        if not subject.decoded.startswith(prefix.strip())
    ]
    return Message(splice(message.raw, splices)) if splices else message


def _tagged(subject: Header, prefix: str, end: bytes) -> Splice:
    """The tag goes behind the colon and its white space: no other byte of the field changes."""
    colon = subject.raw.index(b":") + 1
    value = subject.value_raw
    blanks = _BLANKS.match(value)
    offset = colon + (blanks.end() if blanks else 0)
    rest = subject.raw[offset:]
    at = subject.start + offset
    text = _prefix_bytes(prefix, rest, _column(subject.raw[:offset]))
    return Splice(at, at, with_line_ends(text, end))


def _prefix_bytes(prefix: str, rest: bytes, column: int) -> bytes:
    """The tag as bytes; a fold stands for its last blank where the line would grow too long."""
    before_word = _WORD.match(rest) is not None
    if prefix.isascii():
        text = prefix.encode("ascii")
    elif before_word:
        # White space between two encoded words is not shown (RFC 2047 section 6.2), so the tag's
        # own blank has to stand inside its word.
        text = encode_header_text(prefix) + b" "
    else:
        text = encode_header_text(prefix.rstrip()) + b" "
    first_line = rest.split(b"\n", 1)[0].rstrip(b"\r")
    if text.endswith(b" ") and rest.strip() and column + len(text) + len(first_line) > _LINE_LIMIT:
        return text[:-1] + b"\r\n "
    return text


def _column(before: bytes) -> int:
    return len(before) - (before.rfind(b"\n") + 1)


def _added(message: Message, prefix: str) -> bytes:
    """A Subject field of its own behind the last field, or on top where there is none."""
    bare = prefix.strip()
    text = bare.encode("ascii") if bare.isascii() else encode_header_text(bare)
    end = line_end(message.raw)
    field = b"Subject: " + with_line_ends(text, end) + end
    if not message.headers:
        return add_header_on_top(message.raw, field)
    last = message.headers[-1]
    if not last.raw.endswith(b"\n"):
        field = end + field
    return splice(message.raw, [Splice(last.end, last.end, field)])
