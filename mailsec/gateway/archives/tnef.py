"""The files in a TNEF stream (``winmail.dat``), as Outlook writes it ([MS-OXTNEF]).

An own reader: it is short, cannot raise, takes names by the stream's code page, and finds both the
long name of the MAPI properties and the short one beside them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from mailsec.gateway.archives.budget import Budget
from mailsec.gateway.archives.members import Label, Member, Problem
from mailsec.gateway.charset import decode

SIGNATURE = b"\x78\x9f\x3e\x22"
_ATTACHMENT_LEVEL = 2
_CODE_PAGE, _BEGINS, _TITLE, _DATA, _PROPERTIES = 0x9007, 0x9002, 0x8010, 0x800F, 0x9005
# MAPI property identifiers ([MS-OXPROPS]) that name the file, the long name first.
_NAMES = (0x3707, 0x3704, 0x3001)
_DATA_OBJECT = 0x3701
_FIXED = {
    0x0000: 0, 0x0001: 0, 0x0002: 4, 0x000B: 4, 0x0003: 4, 0x0004: 4, 0x000A: 4,
    0x0005: 8, 0x0006: 8, 0x0007: 8, 0x0014: 8, 0x0040: 8, 0x0048: 16,
}  # fmt: skip
_STRING8, _UNICODE, _BINARY, _OBJECT = 0x001E, 0x001F, 0x0102, 0x000D
_MULTIPLE = 0x1000
_MAX_PROPERTIES = 4096
_IDENTIFIER = 16  # an object's data begin with the identifier of its interface


@dataclass(slots=True)
class _File:
    """One attachment as it is put together from its attributes."""

    names: list[tuple[int, str]] = field(default_factory=list)  # by rank
    contents: list[bytes] = field(default_factory=list)
    whole: bool = True


def read(content: bytes, _label: Label, budget: Budget) -> Iterator[Member]:
    """Every attached file under each of its names; DAMAGED where the stream breaks off."""
    charset = "cp1252"
    file: _File | None = None
    at, whole = 6, len(content) >= 6
    while at < len(content):
        budget.take_time()
        if len(content) < at + 9:
            whole = whole and not content[at:].strip(b"\0\r\n")
            break
        level, identifier, size = struct.unpack_from("<BLL", content, at)
        data = content[at + 9 : at + 9 + size]
        at += 9 + size + 2  # a checksum follows, which programs do not heed
        if level not in (1, _ATTACHMENT_LEVEL) or at - 2 > len(content):
            whole = False
            if level != _ATTACHMENT_LEVEL:
                break
        attribute = identifier & 0xFFFF
        if attribute == _CODE_PAGE and len(data) >= 4:
            charset = f"cp{int.from_bytes(data[:4], 'little')}"
        elif attribute == _BEGINS:
            yield from _members(file, budget)
            file = _File()
        elif level == _ATTACHMENT_LEVEL:
            file = file or _File()
            _note(file, attribute, data, charset)
    yield from _members(file, budget)
    if not whole:
        yield Member("", b"", Problem.DAMAGED)


def _note(file: _File, attribute: int, data: bytes, charset: str) -> None:
    if attribute == _TITLE:
        file.names.append((len(_NAMES), _text(data, charset)))
    elif attribute == _DATA:
        file.contents.append(data)
    elif attribute == _PROPERTIES:
        file.whole = _note_properties(file, data, charset) and file.whole


def _members(file: _File | None, budget: Budget) -> Iterator[Member]:
    if file is None or not (file.names or file.contents):
        return
    budget.take_file()
    names = dict.fromkeys(name for _, name in sorted(file.names) if name) or {"untitled": None}
    problem = Problem.NONE if file.whole else Problem.DAMAGED
    for data in file.contents or [b""]:
        budget.take_bytes(len(data), len(data), len(data))
        for name in names:
            yield Member(name, data, problem)


def _note_properties(file: _File, data: bytes, charset: str) -> bool:
    """Takes names and contents out of MAPI properties; whether all could be read."""
    if len(data) < 4:
        return False
    at = 4
    for _ in range(min(int.from_bytes(data[:4], "little"), _MAX_PROPERTIES)):
        if len(data) < at + 4:
            return False
        kind, identifier = struct.unpack_from("<HH", data, at)
        values, at = _values(data, _behind_name(data, at + 4, identifier), kind)
        if at < 0:
            return False
        for value in values:
            if identifier in _NAMES and kind & 0xFFF in (_STRING8, _UNICODE):
                code = "utf-16-le" if kind & 0xFFF == _UNICODE else charset
                file.names.append((_NAMES.index(identifier), _text(value, code)))
            elif identifier == _DATA_OBJECT:
                is_object = kind == _OBJECT
                file.contents.append(value[_IDENTIFIER:] if is_object else value)
    return True


def _behind_name(data: bytes, at: int, identifier: int) -> int:
    """Properties above 0x8000 carry a name of their own: a set's GUID, and a number or a text."""
    if identifier < 0x8000:
        return at
    if data[at + 16 : at + 20] == b"\0\0\0\0":
        return at + 24
    size = int.from_bytes(data[at + 20 : at + 24], "little")
    return at + 24 + size + -size % 4


def _values(data: bytes, at: int, kind: int) -> tuple[list[bytes], int]:
    """The values of a property of variable size, and the offset behind; -1 where it breaks off."""
    base = kind & ~_MULTIPLE
    variable = base in (_STRING8, _UNICODE, _BINARY, _OBJECT)
    if base not in _FIXED and not variable:
        return [], -1
    count = 1
    if variable or kind & _MULTIPLE:
        count = int.from_bytes(data[at : at + 4], "little")
        at += 4
    if not variable:
        at += count * _FIXED[base]
        return [], at if at <= len(data) else -1
    values: list[bytes] = []
    for _ in range(count):
        size = int.from_bytes(data[at : at + 4], "little")
        if len(data) < at + 4 + size or len(values) > _MAX_PROPERTIES:
            return values, -1
        values.append(data[at + 4 : at + 4 + size])
        at += 4 + size + -size % 4
    return values, min(at, len(data))


def _text(data: bytes, charset: str) -> str:
    if charset == "utf-16-le":
        return data.decode("utf-16-le", "replace").partition("\0")[0]
    return decode(data.partition(b"\0")[0], charset).text
