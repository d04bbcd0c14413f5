"""The header block: its fields by offset, and where the body starts."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mailsec.gateway import charset

_FIELD = re.compile(rb"([!-9;-~]{1,998})[ \t]*:")
# A line without a colon is noise between fields only where one of these follows.
_KNOWN_FIELD = re.compile(
    rb"(?i)(?:content-[a-z-]+|mime-version|x-[!-9;-~]+|received|subject|from|to|cc|date|message-id"
    rb"|reply-to|sender|return-path|references|in-reply-to|dkim-signature|arc-[a-z-]+"
    rb"|authentication-results)[ \t]*:"
)

_DASH = ord("-")  # a boundary line: the blank line before it is missing


@dataclass(frozen=True, slots=True)
class Header:
    """One header field with its folds. ``start`` is -1 where the block lies in encoded content."""

    name: str
    raw: bytes
    start: int
    end: int

    @property
    def value_raw(self) -> bytes:
        """The bytes after the colon, folds included, without the last line end."""
        value = self.raw.partition(b":")[2]
        if value.endswith(b"\n"):
            value = value[:-1]
        return value.removesuffix(b"\r")

    @property
    def decoded(self) -> str:
        """The value as one line of text, without control characters."""
        return charset.decode_words(self.value_raw)


@dataclass(frozen=True, slots=True)
class HeaderBlock:
    """The fields of one block, the offset behind its blank line, and what was wrong with it."""

    headers: tuple[Header, ...]
    body_start: int
    defects: tuple[str, ...]


def read_block(raw: bytes, start: int, end: int, shift: int | None = 0) -> HeaderBlock:
    """Read the block at ``start``; offsets in the fields are moved by ``shift`` (None: unknown)."""
    fields: list[tuple[str, int, int]] = []
    defects: dict[str, None] = {}
    position, body_start = _skip_envelope_line(raw, start, end), end
    while position < end:
        line_end = raw.find(b"\n", position, end) + 1 or end
        match = _FIELD.match(raw, position, line_end)
        first = raw[position]
        if first in b"\r\n" and not raw[position:line_end].strip(b"\r\n"):
            body_start = line_end
            break
        if first in b" \t" and not fields and not raw[position:line_end].strip():
            defects["junk-in-header"] = None
        elif first in b" \t" and fields and _ends_block(raw, position, line_end, end):
            body_start = line_end
            defects["blanks-in-blank-line"] = None
            break
        elif first in b" \t" and fields:
            fields[-1] = (fields[-1][0], fields[-1][1], line_end)
        elif match is not None:
            fields.append((match[1].decode("latin-1"), position, line_end))
        elif fields and raw[max(start, position - 80) : position].rstrip().endswith(b";"):
            # Mail programs still read a parameter line that lost its indent.
            fields[-1] = (fields[-1][0], fields[-1][1], line_end)
            defects["unindented-continuation"] = None
        elif first != _DASH and _KNOWN_FIELD.match(raw, line_end, end):
            defects["junk-in-header"] = None
        else:
            body_start = position
            defects["missing-blank-line"] = None
            break
        position = line_end
    return HeaderBlock(
        tuple(
            Header(name, raw[a:b], *((-1, -1) if shift is None else (a + shift, b + shift)))
            for name, a, b in fields
        ),
        body_start,
        tuple(defects),
    )


def _ends_block(raw: bytes, start: int, line_end: int, end: int) -> bool:
    """Whether a line of blanks was meant as the blank line: no field and no fold follows it."""
    if raw[start:line_end].strip() or line_end >= end:
        return False
    return raw[line_end] not in b" \t\r\n" and _FIELD.match(raw, line_end, end) is None


def _skip_envelope_line(raw: bytes, start: int, end: int) -> int:
    """Behind the separator line of an mbox file, which is no header field (as ``From :`` is)."""
    separator = raw.startswith((b"From ", b">From "), start, end)
    if separator and not _FIELD.match(raw, start, end):
        return raw.find(b"\n", start, end) + 1 or end
    return start


def first(headers: tuple[Header, ...], name: str) -> Header | None:
    """The first field of that name, in any case."""
    wanted = name.lower()
    return next((header for header in headers if header.name.lower() == wanted), None)


def every(headers: tuple[Header, ...], name: str) -> tuple[Header, ...]:
    """All fields of that name, in order."""
    wanted = name.lower()
    return tuple(header for header in headers if header.name.lower() == wanted)
