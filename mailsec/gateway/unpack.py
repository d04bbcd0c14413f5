"""Archives and containers, opened level by level within one budget.

Only bytes that really come out count, over all levels of one message; sizes that an archive claims
are never trusted. What cannot be looked into is yielded with its problem: nothing is passed over in
silence, so that no caller can take "not opened" for "clean".
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from mailsec.gateway.archives import zip_records
from mailsec.gateway.archives.budget import Budget, Limits
from mailsec.gateway.archives.decompress import METHODS, STORED, decompress, inflate
from mailsec.gateway.archives.zip_records import Entry
from mailsec.gateway.errors import BudgetExceeded, MemberTooDense, UnreadableContainer

__all__ = ["Budget", "Limits", "Member", "Problem", "unpack"]

_GZIP = b"\x1f\x8b\x08"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MAX_SIGNATURES = 20_000  # more than this in one file are put there to cost time


class Problem(StrEnum):
    """Why a member could not be looked into, or not wholly."""

    NONE = ""
    ENCRYPTED = "encrypted"
    DAMAGED = "damaged"
    OVER_BUDGET = "over-budget"


@dataclass(frozen=True, slots=True)
class Member:
    """One file inside a container; ``path`` leads to it through all levels, parted by ``/``.

    With a problem the content may be empty or only what could be read.
    """

    path: str
    content: bytes
    problem: Problem = Problem.NONE


def unpack(content: bytes, budget: Budget, name: str = "") -> Iterator[Member]:
    """All files inside ``content``, nested ones included; nothing where it is no container.

    ``name`` is the container's own name, after which a gzip stream's file is called. Ends with a
    member of problem ``over-budget`` as soon as the budget is spent.
    """
    try:
        yield from _walk(content, "", name, 1, budget)
    except BudgetExceeded:
        yield Member("", b"", Problem.OVER_BUDGET)


def _walk(content: bytes, path: str, name: str, depth: int, budget: Budget) -> Iterator[Member]:
    readers = list(_readers_for(content))
    if readers and depth > budget.limits.depth:
        yield Member(path, b"", Problem.OVER_BUDGET)
        return
    previous: bytes | None = None
    for reader in readers:
        for member in reader(content, name, budget):
            inside = f"{path}/{member.path}" if path else member.path
            yield Member(inside, member.content, member.problem)
            # The same object comes twice in a row where two records name one file differently.
            if member.content is not previous:
                yield from _walk(member.content, inside, member.path, depth + 1, budget)
            previous = member.content


def _embedded_members(content: bytes, name: str, budget: Budget) -> Iterator[Member]:
    """Archives in the sectors of an OLE file, as far as they can be read.

    Old Office files keep pictures and objects as ZIP archives, and in pieces: that some cannot be
    read says nothing about the file, which is for the analysers of its own type.
    """
    for member in _zip_members(content, name, budget):
        if member.problem is not Problem.DAMAGED:
            yield member


def _readers_for(content: bytes) -> Iterator[Callable[[bytes, str, Budget], Iterator[Member]]]:
    """All that would open it: a file can be two kinds of archive at once."""
    if content.startswith(_GZIP):
        yield _gzip_members
    if zip_records.looks_like_zip(content):
        yield _embedded_members if content.startswith(_OLE) else _zip_members


def _gzip_members(content: bytes, name: str, budget: Budget) -> Iterator[Member]:
    """The one file of a gzip stream (RFC 1952); streams that follow each other are one file."""
    budget.take_file()
    out = io.BytesIO()
    problem = Problem.NONE
    at = 0
    try:
        while content.startswith(_GZIP, at):
            at += inflate(zlib.decompressobj(31), content, out, budget, at)
    except UnreadableContainer:
        problem = Problem.DAMAGED
    except MemberTooDense:
        problem = Problem.OVER_BUDGET
    data = out.getvalue()
    for path in dict.fromkeys(_gzip_names(content, name)):
        yield Member(path, data, problem)


def _gzip_names(content: bytes, name: str) -> Iterator[str]:
    """What the file may be called once it is unpacked: as its container, or as its header says."""
    stem, dot, extension = name.rpartition(".")
    if dot and extension.lower() in {"gz", "gzip", "z"}:
        yield stem
    else:
        yield f"{stem}.tar" if extension.lower() == "tgz" else name or "content"
    flags = content[3] if len(content) > 3 else 0
    if flags & 0x0C == 0x08:  # a name, and no extra field in front of it
        yield zip_records.decode_name(content[10 : content.find(b"\0", 10, 10 + 1024)], 0)


def _zip_members(content: bytes, _name: str, budget: Budget) -> Iterator[Member]:
    """Every member that some unpacker would see: listed ones first, then hidden local headers."""
    agreed: list[tuple[int, int]] = []
    listed: set[int] = set()
    found_directory = False
    for end in zip_records.end_offsets(content):
        if _inside(end, agreed):
            continue
        found_directory = True
        for entry in zip_records.directory(content, end):
            if entry.header not in listed:
                listed.add(entry.header)
                yield from _listed(content, entry, agreed, budget)
            else:  # a second record for the same bytes: another name, and it costs as much
                yield from _extract(content, entry, budget, [])
    yield from _hidden(content, agreed, listed, budget)
    if not found_directory:
        yield Member("", b"", Problem.DAMAGED)


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
