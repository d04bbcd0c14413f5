"""The members of a TAR archive (POSIX.1-1988 ustar, GNU and pax), read header by header.

The standard library's reader follows sparse maps and links and gives up at the first fault; here
every header with a right checksum counts, and a link is a name and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from mailsec.gateway.archives.budget import Budget
from mailsec.gateway.archives.members import Label, Member, Problem
from mailsec.gateway.archives.zip_records import decode_name

_BLOCK = 512
_ZERO = bytes(_BLOCK)
_NUMBER = re.compile(rb"[ \0]*([0-7]+)[ \0]*")
_LONG_NAME, _LONG_LINK, _PAX, _PAX_GLOBAL, _SPARSE = b"L", b"K", b"x", b"g", b"S"
_WITHOUT_DATA = frozenset((b"1", b"2", b"3", b"4", b"5", b"6"))
_DIRECTORY = b"5"
_MAX_NAME = 64 * 1024


@dataclass(slots=True)
class _Header:
    """One header block, with what extended headers in front of it said."""

    name: str
    kind: bytes
    size: int
    data: int


@dataclass(slots=True)
class _Ahead:
    """What extended headers say of the member that follows."""

    names: list[str] = field(default_factory=list)
    size: int | None = None
    sparse: bool = False


def looks_like_tar(content: bytes) -> bool:
    """Whether the first block is a header with a right checksum."""
    return len(content) >= _BLOCK and _is_header(content, 0)


def read(content: bytes, _label: Label, budget: Budget) -> Iterator[Member]:
    """Every member in order; DAMAGED where the archive breaks off or has no end."""
    at, ended, ahead = 0, False, _Ahead()
    while at + _BLOCK <= len(content):
        budget.take_time()
        if content.startswith(_ZERO, at):
            # Some programs go on behind the end mark, as archives are put together by ``cat``.
            at, ended = _behind_zeros(content, at), True
            continue
        if not _is_header(content, at):
            break
        header, ended = _read_header(content, at), False
        at = header.data + -(-header.size // _BLOCK) * _BLOCK
        if header.kind in (_LONG_NAME, _LONG_LINK, _PAX, _PAX_GLOBAL):
            budget.take_file()
            _note(content, header, ahead)
            continue
        if ahead.size is not None:
            header.size = ahead.size
            at = header.data + -(-header.size // _BLOCK) * _BLOCK
        yield from _member(content, header, ahead, budget)
        ahead = _Ahead()
    if not ended:
        yield Member("", b"", Problem.DAMAGED)


def _member(content: bytes, header: _Header, ahead: _Ahead, budget: Budget) -> Iterator[Member]:
    budget.take_file()
    if header.kind == _DIRECTORY or (header.name.endswith("/") and not header.size):
        return
    data, problem = b"", Problem.NONE
    if header.kind not in _WITHOUT_DATA:
        data = content[header.data : header.data + header.size]
        budget.take_bytes(len(data), len(data), len(data))
        if len(data) < header.size:
            problem = Problem.DAMAGED
        elif header.kind == _SPARSE or ahead.sparse:
            problem = Problem.UNSUPPORTED  # the holes are missing, so this is not the file
    for name in dict.fromkeys((*ahead.names, header.name)):
        yield Member(name, data, problem)


def _note(content: bytes, header: _Header, ahead: _Ahead) -> None:
    """Takes over what an extended header says of the next member."""
    data = content[header.data : header.data + min(header.size, _MAX_NAME)]
    if header.kind == _LONG_NAME:
        ahead.names.append(decode_name(data.partition(b"\0")[0], 0))
    elif header.kind == _PAX:
        for key, value in _records(data):
            if key in (b"path", b"GNU.sparse.name"):
                ahead.names.insert(0, decode_name(value, 0))
            elif key == b"size" and value.isdigit() and len(value) < 16:
                ahead.size = int(value)
            ahead.sparse = ahead.sparse or key.startswith(b"GNU.sparse.")


def _records(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The records ``length key=value`` of a pax header (POSIX.1-2001)."""
    at = 0
    while at < len(data):
        digits = data[at : data.find(b" ", at, at + 10) + 1].strip()
        if not digits.isdigit() or int(digits) < 5:
            return
        record = data[at + len(digits) + 1 : at + int(digits) - 1]
        key, equals, value = record.partition(b"=")
        if equals:
            yield key, value
        at += int(digits)


def _read_header(content: bytes, at: int) -> _Header:
    block = content[at : at + _BLOCK]
    name = block[:100].partition(b"\0")[0]
    prefix = block[345:500].partition(b"\0")[0]
    if block[257:263] == b"ustar\0" and prefix:
        name = prefix + b"/" + name
    return _Header(decode_name(name, 0), block[156:157], _size(block[124:136]), at + _BLOCK)


def _size(field_: bytes) -> int:
    if field_[0] & 0x80:  # base 256, a GNU extension for large files
        return int.from_bytes(field_[1:])
    found = _NUMBER.fullmatch(field_)
    return int(found[1], 8) if found else 0


def _is_header(content: bytes, at: int) -> bool:
    """Whether the sum of all bytes is the one that the block states, its own field as blanks."""
    found = _NUMBER.fullmatch(content[at + 148 : at + 156])
    if found is None:
        return False
    rest = content[at : at + 148] + content[at + 156 : at + _BLOCK]
    stated, total = int(found[1], 8), sum(rest) + 8 * 0x20
    signed = total - 256 * sum(byte > 0x7F for byte in rest)
    return stated in (total, signed) and content[at] != 0


def _behind_zeros(content: bytes, at: int) -> int:
    """The block in which the zeros end."""
    while content.startswith(_ZERO, at):
        at += _BLOCK
    return at
