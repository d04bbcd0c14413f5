"""The files of an ISO 9660 image (ECMA-119), with the names of Joliet, Rock Ridge and its own.

An image may hold several trees of names over the same files, and each system shows another of them:
all are walked, so that none hides a file. Each sector of a directory is read once a tree, and a
name may be continued a few times only, so that no image leads round in circles.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from mailsec.gateway.archives import rock_ridge, zisofs
from mailsec.gateway.archives.budget import Budget
from mailsec.gateway.archives.members import Label, Member, Problem
from mailsec.gateway.archives.zip_records import decode_name

_SECTOR = 2048
_DESCRIPTORS = range(16 * _SECTOR, (16 + 100) * _SECTOR, _SECTOR)
_PRIMARY, _SUPPLEMENTARY, _END = 1, 2, 255
_JOLIET = (b"%/@", b"%/C", b"%/E")
_UDF = (b"NSR02", b"NSR03")
_ISO, _OTHERS = b"CD001", (b"BEA01", b"TEA01", b"BOOT2", b"CDW02")
_DIRECTORY, _MORE_FOLLOWS = 0x02, 0x80
_SELF, _PARENT = b"\0", b"\1"
_VERSION = re.compile(r"\.?(?:;\d{0,5})?\Z")

_SAID_AGAIN = 4  # times: directories that were moved are led to twice, and nothing else is
_LONGEST_PATH = 4096  # the longest of any system; the end says what a file is

Extent = tuple[int, int]  # where the bytes begin, and how many the record says they are


@dataclass(slots=True)
class _Tree:
    """One volume descriptor's names. ``sound`` turns false where something cannot be read."""

    content: bytes
    at: int
    joliet: bool
    sound: bool = True
    block: int = field(init=False)
    left: int = field(init=False)  # sectors that its directories may still be said to have
    seen: set[Extent] = field(default_factory=set)

    def __post_init__(self) -> None:
        size = _little(self.content, self.at + 128, 2)
        self.block = size if size in (512, 1024, _SECTOR) else _SECTOR
        self.left = _SAID_AGAIN * len(self.content) // _SECTOR
        self.sound = _little(self.content, self.at + 80, 4) * self.block <= len(self.content)

    def extent(self, record: int) -> Extent:
        """The bytes of a record, behind its extended attributes."""
        first = _little(self.content, record + 2, 4) + self.content[record + 1]
        return first * self.block, _little(self.content, record + 10, 4)

    def folders(self, record: int, extra: rock_ridge.Extra) -> Iterator[Extent]:
        """The directory that a record is, by its own word or by Rock Ridge's."""
        if self.content[record + 25] & _DIRECTORY or extra.directory:
            yield self.extent(record)
        if extra.moved:
            begin = extra.moved * self.block
            yield begin, _little(self.content, begin + 10, 4)


@dataclass(slots=True)
class _File:
    """A file as one tree shows it; large ones have several sections."""

    path: str
    extents: tuple[Extent, ...]
    packed: bool

    @property
    def key(self) -> tuple[tuple[Extent, ...], str]:
        """What makes it the same file in another tree: its bytes, and what its name says it is."""
        return self.extents, self.path.rpartition(".")[2].lower()


def looks_like_image(content: bytes) -> bool:
    """Whether one of the first descriptors is there: systems pass over what they do not know."""
    marks = (content[at + 1 : at + 6] for at in _DESCRIPTORS[:3])
    return any(mark in (_ISO, *_UDF, *_OTHERS) for mark in marks)


def read(content: bytes, _label: Label, budget: Budget) -> Iterator[Member]:
    """Every file once, under its Joliet name where it has one; DAMAGED where something is missing,
    UNSUPPORTED where the image has UDF's names too."""
    trees, udf = _descriptors(content)
    known: set[tuple[tuple[Extent, ...], str]] = set()
    for tree in sorted(trees, key=lambda tree: not tree.joliet):
        own = set()
        for file in _files(tree, budget):
            own.add(file.key)
            if file.key not in known:
                yield from _members(content, file, budget)
        known |= own
    if udf:
        yield Member("", b"", Problem.UNSUPPORTED)
    if not (trees or udf) or not all(tree.sound for tree in trees):
        yield Member("", b"", Problem.DAMAGED)


def _descriptors(content: bytes) -> tuple[list[_Tree], bool]:
    """The trees that the image has, and whether it has one of UDF too."""
    trees, udf, ended = [], False, False
    for at in _DESCRIPTORS:
        name = content[at + 1 : at + 6]
        udf = udf or name in _UDF
        if at + _SECTOR > len(content) or (ended and name not in (_ISO, *_UDF, *_OTHERS)):
            break
        ended = ended or (name == _ISO and content[at] == _END)
        if name == _ISO and content[at] in (_PRIMARY, _SUPPLEMENTARY):
            joliet = content[at] == _SUPPLEMENTARY and content[at + 88 : at + 91] in _JOLIET
            trees.append(_Tree(content, at, joliet))
    return trees, udf


def _files(tree: _Tree, budget: Budget) -> Iterator[_File]:
    content, folders = tree.content, [("", tree.extent(tree.at + 156))]
    while folders:
        above, extent = folders.pop()
        sections: tuple[Extent, ...] = ()
        for record in _records(tree, extent, budget):
            name, flags = _raw_name(content, record), content[record + 25]
            if name in (_SELF, _PARENT):
                continue
            budget.take_file()
            extra = rock_ridge.Extra()
            if not tree.joliet:
                extra = rock_ridge.read(content, record, tree.block)
                tree.sound = tree.sound and extra.sound
            path = "/".join(filter(None, (above, extra.name or _name(name, tree.joliet))))
            path = path[-_LONGEST_PATH:]
            folders += [(path, extent) for extent in tree.folders(record, extra)]
            if flags & _DIRECTORY and not extra.regular:
                continue
            sections += (tree.extent(record),)
            if not flags & _MORE_FOLLOWS:
                yield _File(path, sections, extra.packed)
                sections = ()
        if sections:
            tree.sound = False
            yield _File(path, sections, packed=False)


def _records(tree: _Tree, extent: Extent, budget: Budget) -> Iterator[int]:
    """Where the records of a directory begin; none goes over the end of its sector."""
    content, (begin, size) = tree.content, extent
    end = min(begin + size, len(content))
    if begin + size > len(content):
        tree.sound = False
    for sector in range(begin, end, _SECTOR):
        budget.take_time()
        at, stop = sector, min(sector + _SECTOR, end)
        tree.left -= 1
        if tree.left < 0:
            tree.sound = False
            return
        if (at, stop) in tree.seen:
            continue
        tree.seen.add((at, stop))
        while at < stop and content[at]:
            length = content[at]
            if length < 34 or at + length > stop or 33 + content[at + 32] > length:
                tree.sound = False
                break
            yield at
            at += length


def _members(content: bytes, file: _File, budget: Budget) -> Iterator[Member]:
    size = sum(max(0, min(size, len(content) - begin)) for begin, size in file.extents)
    budget.take_bytes(size, size, size)
    data = b"".join(content[begin : begin + size] for begin, size in file.extents)
    whole = size == sum(size for _, size in file.extents)
    yield Member(file.path, data, Problem.NONE if whole else Problem.DAMAGED)
    if file.packed and zisofs.is_packed(data):
        yield zisofs.unpacked(file.path, data, budget, len(content))


def _raw_name(content: bytes, record: int) -> bytes:
    return content[record + 33 : record + 33 + content[record + 32]]


def _name(raw: bytes, joliet: bool) -> str:
    """The name without its version, which no system shows."""
    name = raw.decode("utf-16-be", "replace") if joliet else decode_name(raw, 0)
    return _VERSION.sub("", name) or "unnamed"


def _little(content: bytes, at: int, size: int) -> int:
    return int.from_bytes(content[at : at + size], "little")
