"""Archives and containers, opened level by level within one budget.

Only bytes that really come out count, over all levels of one message; sizes that an archive claims
are never trusted. What cannot be looked into is yielded with its problem: nothing is passed over in
silence, so that no caller can take "not opened" for "clean".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Protocol

from mailsec.gateway.archives import (
    iso_members,
    libarchive_members,
    lzh_members,
    mime_fragments,
    onenote,
    rar_members,
    streams,
    tar_members,
    tnef,
    uuencode,
    zip_members,
    zip_records,
)
from mailsec.gateway.archives.budget import Budget, Limits
from mailsec.gateway.archives.members import Label, Member, Problem, Reader
from mailsec.gateway.errors import BudgetExceeded
from mailsec.gateway.message import Message

__all__ = [
    "Budget",
    "Label",
    "Limits",
    "Member",
    "Problem",
    "Unpack",
    "is_container",
    "looks_like_mail",
    "unpack",
]

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PROGRAM = b"MZ"
_SFX_WITHIN = 2 * 1024 * 1024
_MAIL = re.compile(
    rb"(?is)\A\s{0,100}(?:From [^\n]{1,200}\n)?(?:[a-z][a-z0-9-]{1,40}:[^\n]{0,2000}\n"
    rb"(?:[ \t][^\n]{0,2000}\n){0,20}){0,100}?(?:mime-version|content-type)[ \t]*:"
)

_libarchive = libarchive_members.reader
_SEVEN_ZIP = _libarchive(("7zip",))
_RAR = rar_members.read if rar_members.available() else _libarchive(("rar", "rar5"))
# (offset, signature, reader)
_SIGNATURES: tuple[tuple[int, bytes, Reader], ...] = (
    (0, streams.GZIP, streams.gzip),
    (0, streams.BZIP2, streams.bzip2),
    (0, streams.XZ, streams.xz),
    (0, tnef.SIGNATURE, tnef.read),
    (0, rar_members.MARK, _RAR),
    (0, b"7z\xbc\xaf\x27\x1c", _SEVEN_ZIP),
    (0, b"MSCF", _libarchive(("cab",))),
    (2, b"-lh", lzh_members.read),
    (2, b"-lz", lzh_members.read),
    (0, b"\x28\xb5\x2f\xfd", _libarchive(("raw",), ("zstd",))),
    (0, b"\x1f\x9d", _libarchive(("raw",), ("compress",))),
    (0, b"LZIP", _libarchive(("raw",), ("lzip",))),
    (0, b"\x04\x22\x4d\x18", _libarchive(("raw",), ("lz4",))),
    (0, b"070701", _libarchive(("cpio",))),
    (0, b"070702", _libarchive(("cpio",))),
    (0, b"070707", _libarchive(("cpio",))),
    (0, b"\xc7\x71", _libarchive(("cpio",))),
    (0, b"\x71\xc7", _libarchive(("cpio",))),
    (0, onenote.SIGNATURE, onenote.read),
    (0, b"!<arch>\n", _libarchive(("ar",))),
    (0, b"\xed\xab\xee\xdb", _libarchive(("cpio",), ("rpm", "gzip", "xz", "zstd", "bzip2"))),
)
# What self-extracting programs carry behind their own code.
_CARRIED: tuple[tuple[bytes, Reader], ...] = (
    (rar_members.MARK, _RAR),
    (b"7z\xbc\xaf\x27\x1c\x00", _SEVEN_ZIP),
)


class Unpack(Protocol):
    """All files inside a content, nested ones included; nothing where it is no container."""

    def __call__(
        self,
        content: bytes,
        budget: Budget,
        label: Label = Label(),  # noqa: B008 - a value
    ) -> Iterator[Member]: ...


def unpack(
    content: bytes,
    budget: Budget,
    label: Label = Label(),  # noqa: B008 - a frozen value
) -> Iterator[Member]:
    """All files inside ``content``, nested ones included; nothing where it is no container.

    ``label`` tells the container's own name, after which a packed stream's file is called. Ends
    with a member of problem ``over-budget`` as soon as the budget is spent.
    """
    try:
        yield from _walk(content, "", label, 1, budget)
    except BudgetExceeded:
        yield Member("", b"", Problem.OVER_BUDGET)


def is_container(content: bytes) -> bool:
    """Whether some reader would open it: a look at signatures, without opening anything."""
    return next(_readers_for(content), None) is not None


def _walk(content: bytes, path: str, label: Label, depth: int, budget: Budget) -> Iterator[Member]:
    readers = list(_readers_for(content))
    if readers and depth > budget.limits.depth:
        yield Member(path, b"", Problem.OVER_BUDGET)
        return
    previous: bytes | None = None
    for reader in readers:
        for member in reader(content, label, budget):
            inside = "/".join(filter(None, (path, member.path)))
            yield Member(inside, member.content, member.problem)
            # The same object comes twice in a row where two records name one file differently.
            if member.content and member.content is not previous:
                inner = Label(member.path, label.charset)
                yield from _walk(member.content, inside, inner, depth + 1, budget)
            previous = member.content


def _readers_for(content: bytes) -> Iterator[Reader]:
    """All that would open it: a file can be two kinds of archive at once."""
    for offset, signature, reader in _SIGNATURES:
        if content.startswith(signature, offset):
            yield reader
    if content.startswith(_PROGRAM):
        for signature, reader in _CARRIED:
            if content.find(signature, 0, _SFX_WITHIN) > 0:
                yield reader
    if iso_members.looks_like_image(content):
        yield iso_members.read
    if tar_members.looks_like_tar(content):
        yield tar_members.read
    if streams.looks_like_lzma(content):
        yield streams.lzma_alone
    if zip_records.looks_like_zip(content):
        yield zip_members.embedded if content.startswith(_OLE) else zip_members.read
    if uuencode.holds_uuencode(content):
        yield uuencode.read
    if mime_fragments.holds_fragments(content):
        yield mime_fragments.read
    if looks_like_mail(content):
        yield _mail_members


def looks_like_mail(content: bytes) -> bool:
    """Whether it begins with header fields, one of them MIME's."""
    return _MAIL.match(content) is not None


def _mail_members(content: bytes, _label: Label, budget: Budget) -> Iterator[Member]:
    """The parts of a message that lies in an archive as a file, text bodies included."""
    message = Message(content)
    for part in message.parts:
        if part.is_multipart:
            continue
        budget.take_file()
        data = part.content()
        if data == content:  # no header field was one: nothing is inside
            continue
        budget.take_bytes(len(data), len(data), len(data))
        for name in part.names or (f"part-{part.index}",):
            yield Member(name, data)
    if {"too-deep", "too-many-parts"}.intersection(message.defects):
        yield Member("", b"", Problem.OVER_BUDGET)
