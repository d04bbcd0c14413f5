"""The members of a ZIP archive: all that some unpacker would see."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator

from mailsec.gateway.archives import zip_records
from mailsec.gateway.archives.budget import Budget
from mailsec.gateway.archives.decompress import METHODS, OPENED, STORED, decompress
from mailsec.gateway.archives.members import Label, Member, Problem
from mailsec.gateway.archives.zip_records import Entry
from mailsec.gateway.errors import BudgetExceeded, MemberTooDense, UnreadableContainer

_MAX_SIGNATURES = 20_000  # more than this in one file are put there to cost time


def read(content: bytes, _label: Label, budget: Budget) -> Iterator[Member]:
    """Every member that some unpacker would see: listed ones first, then hidden local headers."""
    agreed: list[tuple[int, int]] = []
    listed: set[int] = set()
    found_directory = False
    for end in zip_records.end_offsets(content):
        if _inside(end, agreed) or not zip_records.is_whole_end(content, end):
            continue
        found_directory = True
        if zip_records.is_one_of_several(content, end):
            yield Member("", b"", Problem.UNSUPPORTED)
        for entry in zip_records.directory(content, end):
            if entry.header not in listed:
                listed.add(entry.header)
                yield from _listed(content, entry, agreed, budget)
            else:  # a second record for the same bytes: another name, and it costs as much
                yield from _extract(content, entry, budget, [])
    yield from _hidden(content, agreed, listed, budget)
    if not found_directory:
        yield Member("", b"", Problem.DAMAGED)


def embedded(content: bytes, label: Label, budget: Budget) -> Iterator[Member]:
    """Archives in the sectors of an OLE file, as far as they can be read.

    Old Office files keep pictures and objects as ZIP archives, and in pieces: that some cannot be
    read says nothing about the file, which is for the analysers of its own type.
    """
    for member in read(content, label, budget):
        if member.problem not in (Problem.DAMAGED, Problem.UNSUPPORTED):
            yield member


def _listed(
    content: bytes, entry: Entry, agreed: list[tuple[int, int]], budget: Budget
) -> Iterator[Member]:
    """A member of the directory, and its local header's version of it where that differs."""
    local = zip_records.local_entry(content, entry.header)
    if local is None:
        budget.take_file()
        yield Member(entry.name, b"", Problem.DAMAGED)
        return
    same = (local.method, local.encrypted) == (entry.method, entry.encrypted) and (
        local.packed == entry.packed or local.size_follows
    )
    taken: list[tuple[int, int]] = []
    last: Member | None = None
    for last in _extract(content, entry, budget, taken):
        yield last
    if same:
        agreed.extend(taken)
        if last is not None and local.name != entry.name:
            yield Member(local.name, last.content, last.problem)
        return
    yield from _extract(content, local, budget, [])
    yield Member(entry.name, b"", Problem.DAMAGED)


def _hidden(
    content: bytes, agreed: list[tuple[int, int]], listed: set[int], budget: Budget
) -> Iterator[Member]:
    """Members that only a local header shows, outside the bytes that all unpackers agree upon."""
    at = content.find(zip_records.LOCAL)
    for _ in range(_MAX_SIGNATURES):
        if at < 0:
            return
        end = _inside(at, agreed)
        local = None if end or at in listed else zip_records.local_entry(content, at)
        if local is not None and local.name and local.method in METHODS:
            taken: list[tuple[int, int]] = []
            yield from _extract(content, local, budget, taken)
            end = max((stop for _, stop in taken), default=0)
        at = content.find(zip_records.LOCAL, max(end, at + 1))
    raise BudgetExceeded("signatures")


def _inside(offset: int, ranges: list[tuple[int, int]]) -> int:
    """The end of the range that holds ``offset``; 0 where none does."""
    return next((end for start, end in ranges if start <= offset < end), 0)


def _extract(
    content: bytes, entry: Entry, budget: Budget, taken: list[tuple[int, int]]
) -> Iterator[Member]:
    """The member's bytes as they come out; ``taken`` gets the range it was read from."""
    budget.take_file()
    if entry.encrypted:
        taken.append((entry.header, entry.data + entry.packed))
        yield Member(entry.name, b"", Problem.ENCRYPTED)
        return
    if entry.name.endswith("/") and entry.packed == 0 and entry.method == STORED:
        taken.append((entry.header, entry.data))
        return
    if entry.method not in OPENED:
        taken.append((entry.header, min(len(content), entry.data + entry.packed)))
        yield Member(entry.name, b"", Problem.UNSUPPORTED)
        return
    out = io.BytesIO()
    problem = Problem.NONE
    try:
        used = decompress(content, entry, out, budget)
        taken.append((entry.header, entry.data + used))
        if not _as_claimed(entry, used, out):
            problem = Problem.DAMAGED
    except UnreadableContainer:
        problem = Problem.DAMAGED
    except MemberTooDense:
        problem = Problem.OVER_BUDGET
    yield Member(entry.name, out.getvalue(), problem)


def _as_claimed(entry: Entry, used: int, out: io.BytesIO) -> bool:
    """Whether packed size and checksum are what the record says, where it says them."""
    if entry.size_follows and entry.packed == 0 and entry.crc == 0:
        return True
    return used == entry.packed and zlib.crc32(out.getbuffer()) == entry.crc
