"""One packed file without a directory: gzip, bzip2, xz and lzma streams."""

from __future__ import annotations

import bz2
import io
import lzma
import zlib
from collections.abc import Callable, Iterator

from mailsec.gateway.archives import zip_records
from mailsec.gateway.archives.budget import Budget
from mailsec.gateway.archives.decompress import Decoder, Span, inflate, pump
from mailsec.gateway.archives.members import Label, Member, Problem
from mailsec.gateway.errors import MemberTooDense, UnreadableContainer

GZIP = b"\x1f\x8b\x08"
BZIP2 = b"BZh"
XZ = b"\xfd7zXZ\x00"
_MEMORY = 128 * 1024 * 1024
_ENDINGS = {
    "gz": "", "gzip": "", "z": "", "bz2": "", "bz": "", "xz": "", "lzma": "", "zst": "",
    "lz": "", "lz4": "", "tgz": ".tar", "taz": ".tar", "tbz": ".tar", "tbz2": ".tar",
    "tb2": ".tar", "txz": ".tar", "tlz": ".tar", "tzst": ".tar", "svgz": ".svg", "emz": ".emf",
}  # fmt: skip


def gzip(content: bytes, label: Label, budget: Budget) -> Iterator[Member]:
    """The one file of a gzip stream (RFC 1952); streams that follow each other are one file."""

    def unpack(out: io.BytesIO) -> None:
        at = 0
        while content.startswith(GZIP, at):
            if at:
                budget.take_file()  # else a million empty streams cost nothing
            at += inflate(zlib.decompressobj(31), content, out, budget, at)

    member = _unpacked(unpack, budget)
    for path in dict.fromkeys(_gzip_names(content, label.name)):
        yield Member(path, member.content, member.problem)


def bzip2(content: bytes, label: Label, budget: Budget) -> Iterator[Member]:
    """The one file of a bzip2 stream, or of several one after the other."""
    yield _of_streams(content, label, budget, BZIP2, bz2.BZ2Decompressor)


def xz(content: bytes, label: Label, budget: Budget) -> Iterator[Member]:
    """The one file of an xz stream, or of several one after the other."""
    yield _of_streams(
        content, label, budget, XZ, lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, _MEMORY)
    )


def lzma_alone(content: bytes, label: Label, budget: Budget) -> Iterator[Member]:
    """The one file of the format that came before xz."""
    yield _of_streams(
        content, label, budget, b"", lambda: lzma.LZMADecompressor(lzma.FORMAT_ALONE, _MEMORY)
    )


def looks_like_lzma(content: bytes) -> bool:
    """Whether the 13 bytes of header are what writers make: known size or none, round dictionary.

    The format has no signature (LZMA specification, "Lzma file format").
    """
    if len(content) < 18 or content[0] != 0x5D or content[13] != 0:
        return False
    dictionary, size = int.from_bytes(content[1:5], "little"), content[5:13]
    round_number = dictionary >= 4096 and dictionary & (dictionary - 1) == 0
    return round_number and (size == b"\xff" * 8 or size[5:] == b"\0\0\0")


def without_ending(name: str) -> str:
    """What a packed file is called once it is unpacked."""
    stem, dot, extension = name.rpartition(".")
    if dot and extension.lower() in _ENDINGS:
        return stem + _ENDINGS[extension.lower()]
    return name or "content"


def _of_streams(
    content: bytes, label: Label, budget: Budget, magic: bytes, decoder: Callable[[], Decoder]
) -> Member:
    def unpack(out: io.BytesIO) -> None:
        used = pump(decoder(), content, Span(0, len(content)), out, budget)
        while magic and content.startswith(magic, used):
            budget.take_file()  # else a million empty streams cost nothing
            used += pump(decoder(), content, Span(used, len(content)), out, budget)

    member = _unpacked(unpack, budget)
    return Member(without_ending(label.name), member.content, member.problem)


def _unpacked(unpack: Callable[[io.BytesIO], None], budget: Budget) -> Member:
    budget.take_file()
    out = io.BytesIO()
    problem = Problem.NONE
    try:
        unpack(out)
    except UnreadableContainer:
        problem = Problem.DAMAGED
    except MemberTooDense:
        problem = Problem.OVER_BUDGET
    return Member("", out.getvalue(), problem)


def _gzip_names(content: bytes, name: str) -> Iterator[str]:
    """What the file may be called once it is unpacked: as its container, or as its header says."""
    yield without_ending(name)
    flags = content[3] if len(content) > 3 else 0
    at = 10
    if flags & 0x04:  # an extra field stands in front of the name
        at += 2 + int.from_bytes(content[10:12], "little")
    if flags & 0x08:
        yield zip_records.decode_name(content[at : at + 1024].partition(b"\0")[0], 0)
