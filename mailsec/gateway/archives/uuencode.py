"""uuencoded files in a text (POSIX.1-2017 uuencode), inline as old mail programs wrote them."""

from __future__ import annotations

import binascii
import io
import re
from collections.abc import Iterator

from mailsec.gateway.archives.budget import Budget
from mailsec.gateway.archives.members import Label, Member, Problem
from mailsec.gateway.charset import decode, decode_base64_text

_BEGIN = re.compile(rb"(?:\A|(?<=[\r\n]))begin(-base64)?[ \t]+[0-7]{3,4}[ \t]+([^\r\n]*)\r?\n?")
_END = re.compile(rb"(?:\A|(?<=[\r\n]))end[ \t]*(?=[\r\n]|\Z)")
_MARK = b"begin"
_MAX_MARKS = 20_000
_ALPHABET = bytes(range(0x20, 0x61))


def holds_uuencode(content: bytes) -> bool:
    """Whether some line opens a file and the next one is code.

    So many marks that looking costs time count as well: reading has a budget, looking has none.
    """
    if content.count(_MARK) > _MAX_MARKS:
        return True
    return _MARK in content and next(_blocks(content), None) is not None


def read(content: bytes, label: Label, budget: Budget) -> Iterator[Member]:
    """Every file in order, its name read by the charset of the text; DAMAGED without an end."""
    for begin, behind in _blocks(content, budget):
        budget.take_file()
        if begin[1]:
            data, ended = _base64(content, behind)
            budget.take_bytes(len(data), len(data), len(data))
        else:
            data, ended = _decode(content, behind, budget)
        name = decode(begin[2].strip(), label.charset).text
        yield Member(name, data, Problem.NONE if ended else Problem.DAMAGED)


def _blocks(content: bytes, budget: Budget | None = None) -> Iterator[tuple[re.Match[bytes], int]]:
    """Each opening line with the offset behind it, where code follows."""
    at = content.find(_MARK)
    while at >= 0:
        if budget is not None:
            budget.take_time()
        begin = _BEGIN.match(content, at)
        if begin is not None and (begin[1] or _is_code(_line(content, begin.end())[0])):
            yield begin, begin.end()
        at = content.find(_MARK, at + len(_MARK))


def _line(content: bytes, at: int) -> tuple[bytes, int]:
    """The line at an offset, at most 200 bytes of it, and where the next one starts."""
    end = content.find(b"\n", at)
    end = len(content) if end < 0 else end
    return content[at : min(end, at + 200)].rstrip(b"\r"), end + 1


def _is_code(line: bytes) -> bool:
    """Whether the length at the head of the line fits to what follows; blanks may be cut off."""
    if not line or not 0x20 <= line[0] <= 0x60:
        return line.rstrip() == b"end"
    size = (line[0] - 32) & 63
    if not size:
        return len(line.strip()) <= 5  # no data: an empty file
    return len(line) <= 1 + -(-size // 3) * 4 + 2 and not line.translate(None, _ALPHABET)


def _decode(content: bytes, at: int, budget: Budget) -> tuple[bytes, bool]:
    """The bytes, and whether an end follows. A line ``begin`` is no code, so blocks never lap."""
    out = io.BytesIO()
    while at < len(content):
        line, following = _line(content, at)
        if line.rstrip() == b"end":
            return out.getvalue(), True
        if not _is_code(line):
            return out.getvalue(), not line and following > at and _ends(content, following)
        data = decode_line(line)
        budget.take_bytes(len(data), 0, 1)
        out.write(data)
        at = following
    return out.getvalue(), False


def _ends(content: bytes, at: int) -> bool:
    return _line(content, at)[0].rstrip() == b"end"


def decode_line(line: bytes) -> bytes:
    """One line of code; the length at its head is believed, whatever stands behind it."""
    size = (line[0] - 32) & 63
    needed = -(-size // 3) * 4
    body = line[1 : 1 + needed].ljust(needed)
    try:
        return binascii.a2b_uu(line[:1] + body)
    except binascii.Error:
        return b""


def _base64(content: bytes, at: int) -> tuple[bytes, bool]:
    end = content.find(b"====", at)
    stop = _END.search(content, at) if end < 0 else None
    until = end if end >= 0 else stop.start() if stop else len(content)
    return decode_base64_text(content[at:until]), until < len(content)
