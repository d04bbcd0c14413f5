"""What Rock Ridge says of a file in an ISO 9660 image (IEEE P1282), behind its record's name.

The entries may go on in another place, and from there in a further one: an endless chain of them is
what spins other readers.
"""

from __future__ import annotations

from dataclasses import dataclass

from mailsec.gateway.archives.zip_records import decode_name

_CONTINUATIONS = 8
_MOST = 1000  # entries of a file, and bytes of its name
_XA = 14  # the length of CD-ROM XA's own field, which may stand in front
_CURRENT_OR_PARENT = 0x06
_KIND, _REGULAR, _DIRECTORY = 0o170000, 0o100000, 0o040000


@dataclass(slots=True)
class Extra:
    """``name`` is empty where there is none; ``packed`` files are of zisofs; ``moved`` is the block
    where a directory really stands, 0 for none; ``sound`` is false where the entries lead nowhere
    or do not end."""

    name: str = ""
    packed: bool = False
    regular: bool = False
    directory: bool = False
    moved: int = 0
    sound: bool = True


def read(content: bytes, record: int, block: int) -> Extra:
    """What the record's entries say, as far as they can be read."""
    length, name_length = content[record], content[record + 32]
    at, end = record + 33 + name_length + (name_length + 1) % 2, record + length
    if content[at + 6 : at + 8] == b"XA":
        at += _XA
    found, name, entries = Extra(), b"", 0
    for _ in range(_CONTINUATIONS + 1):
        following: tuple[int, int] | None = None
        while at + 4 <= end and (size := content[at + 2]) >= 4 and at + size <= end:
            entry = content[at : at + size].ljust(28, b"\0")
            kind, entries, at = entry[:2], entries + 1, at + size
            if kind == b"NM" and not entry[4] & _CURRENT_OR_PARENT:
                name += entry[5:size]
            elif kind == b"CE":
                begin = _little(entry, 4) * block + _little(entry, 12)
                following = begin, begin + _little(entry, 20)
            elif kind == b"ST" or max(entries, len(name)) > _MOST:
                break
            else:
                _note(kind, entry, found)
        found.name = decode_name(name[:_MOST], 0)
        if following is None:
            found.sound = max(entries, len(name)) <= _MOST
            return found
        at, end = following
        if end > len(content):
            break
    found.sound = False
    return found


def _note(kind: bytes, entry: bytes, found: Extra) -> None:
    if kind == b"PX":
        found.regular = _little(entry, 4) & _KIND == _REGULAR
        found.directory = _little(entry, 4) & _KIND == _DIRECTORY
    elif kind == b"CL":
        found.moved = _little(entry, 4)
    elif kind == b"ZF" and entry[4:6] == b"pz":
        found.packed = True


def _little(entry: bytes, at: int) -> int:
    return int.from_bytes(entry[at : at + 4], "little")
