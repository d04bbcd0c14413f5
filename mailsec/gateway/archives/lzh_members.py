"""The members of an LZH archive, which Japanese offices sent each other for twenty years.

libarchive gives up at names in CP932, so the headers (levels 0 to 2) are read here, and each
member's packed bytes are handed to it behind a header of our own.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace

from mailsec.gateway.archives import libarchive_members
from mailsec.gateway.archives.budget import Budget
from mailsec.gateway.archives.members import Label, Member, Problem
from mailsec.gateway.archives.zip_records import decode_name

_DIRECTORY = b"-lhd-"
_NAME, _FOLDER = 0x01, 0x02  # extended headers
_unpacked = libarchive_members.reader(("lha",))


@dataclass(frozen=True, slots=True)
class _Entry:
    method: bytes
    name: bytes
    folder: bytes
    size: int
    crc: bytes
    data: int
    end: int

    @property
    def path(self) -> str:
        """With slashes; in CP932 a backslash may be half of a character, so it is decoded first."""
        pieces = (self.folder + self.name).split(b"\xff")
        return "/".join(decode_name(piece, 0) for piece in pieces).replace("\\", "/")


def read(content: bytes, _label: Label, budget: Budget) -> Iterator[Member]:
    """Every member in order; DAMAGED where a header makes no sense or the end mark is missing."""
    at = 0
    while at < len(content) and content[at]:
        entry = _entry(content, at)
        if entry is None or entry.end <= at:
            yield Member("", b"", Problem.DAMAGED)
            return
        at = entry.end
        if entry.method == _DIRECTORY:
            budget.take_file()
        else:
            yield _member(content, entry, budget)
    if at >= len(content):
        yield Member("", b"", Problem.DAMAGED)


def _member(content: bytes, entry: _Entry, budget: Budget) -> Member:
    packed = content[entry.data : entry.end]
    found = list(_unpacked(_alone(entry, packed), Label(), budget))
    whole = found[0] if found else Member("", b"", Problem.DAMAGED)
    problem = next((member.problem for member in found if member.problem), Problem.NONE)
    if not problem and len(whole.content) != entry.size:
        problem = Problem.DAMAGED
    return replace(whole, path=entry.path or "unnamed", problem=problem)


def _alone(entry: _Entry, packed: bytes) -> bytes:
    """An archive of this one member, with a header of level 0."""
    body = entry.method + struct.pack("<LLLBBB", len(packed), entry.size, 0, 0x20, 0, 1) + b"a"
    body += entry.crc
    return bytes((len(body), sum(body) & 0xFF)) + body + packed + b"\0"


def _entry(content: bytes, at: int) -> _Entry | None:
    """The member whose header starts at an offset; None where none does."""
    head = content[at : at + 26]
    if len(head) < 22 or head[2:4] != b"-l" or head[6:7] != b"-" or head[20] > 2:
        return None
    packed, size = struct.unpack_from("<LL", head, 7)
    if head[20] == 2:
        return _level_2(content, at, packed, size)
    name_end = at + 22 + head[21]
    name, crc = content[at + 22 : name_end], content[name_end : name_end + 2]
    data = at + 2 + head[0]
    entry = _Entry(head[2:7], name, b"", size, crc, data, data + packed)
    if head[20] == 1:
        # The packed size counts the extended headers, whose first size ends the basic header.
        first = int.from_bytes(content[data - 2 : data], "little")
        entry = _extended(content, entry, data, first)
    return entry if len(crc) == 2 and entry.data <= len(content) else None


def _level_2(content: bytes, at: int, packed: int, size: int) -> _Entry | None:
    total, first = (int.from_bytes(content[at + i : at + i + 2], "little") for i in (0, 24))
    data = at + total
    entry = _Entry(
        content[at + 2 : at + 7], b"", b"", size, content[at + 21 : at + 23], data, data + packed
    )
    entry = replace(_extended(content, entry, at + 26, first), data=data)
    return entry if total >= 26 and data <= len(content) else None


def _extended(content: bytes, entry: _Entry, at: int, size: int) -> _Entry:
    """With the names of the extended headers, each of which ends with the size of the next."""
    while size >= 3 and at + size <= len(content):
        kind, value = content[at], content[at + 1 : at + size - 2]
        if kind == _NAME:
            entry = replace(entry, name=value)
        elif kind == _FOLDER:
            entry = replace(entry, folder=value)
        at += size
        size = int.from_bytes(content[at - 2 : at], "little")
    return replace(entry, data=at)
