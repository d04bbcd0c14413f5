"""The records of a ZIP archive, read without trusting any of them (APPNOTE.TXT 6.3.10).

Programs disagree on which record counts: some read the central directory, some the local headers
from the first byte on, some search for either. An attacker hides a file in that gap, so here both
are read, and a member counts as soon as one program could see it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

LOCAL = b"PK\x03\x04"
CENTRAL = b"PK\x01\x02"
END = b"PK\x05\x06"

_LOCAL_HEADER = struct.Struct("<4s5H3L2H")
_CENTRAL_HEADER = struct.Struct("<4s6H3L5H2L")
_END_RECORD = struct.Struct("<4s4H2LH")
_MAX_END_RECORDS = 16
_UTF8_FLAG = 0x0800
_ENCRYPTED_FLAGS = 0x0041  # classic and strong encryption
_AES_METHOD = 99
_DESCRIPTOR_FLAG = 0x0008
_OVERFLOW = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Entry:
    """One member as one record describes it; the sizes are claims, never facts."""

    name: str
    flags: int
    method: int
    crc: int
    packed: int
    header: int  # offset of the local header
    data: int  # offset of the packed bytes

    @property
    def encrypted(self) -> bool:
        return bool(self.flags & _ENCRYPTED_FLAGS) or self.method == _AES_METHOD

    @property
    def size_follows(self) -> bool:
        """Whether size and checksum stand behind the data, so that the local header has none."""
        return bool(self.flags & _DESCRIPTOR_FLAG)


def looks_like_zip(content: bytes) -> bool:
    """Whether some program would open this as a ZIP, data in front of it (SFX) included."""
    if content.startswith((LOCAL, END, b"PK00" + LOCAL, b"PK\x07\x08" + LOCAL)):
        return True
    at = content.rfind(END)
    if at < 0 or len(content) < at + _END_RECORD.size:
        return False
    end = _END_RECORD.unpack_from(content, at)
    size = end[5]
    return bool(end[4]) and (
        size == _OVERFLOW or (0 < size <= at and content.startswith(CENTRAL, at - size))
    )


def end_offsets(content: bytes) -> list[int]:
    """Where the end records stand, last first, since the last one is what most programs take."""
    found: list[int] = []
    at = content.rfind(END)
    while at >= 0 and len(found) < _MAX_END_RECORDS:
        found.append(at)
        at = content.rfind(END, 0, at)
    return found


def is_whole_end(content: bytes, end: int) -> bool:
    """Whether all of the end record is there."""
    return len(content) >= end + _END_RECORD.size


def is_one_of_several(content: bytes, end: int) -> bool:
    """Whether a whole end record says that the archive is split over several files."""
    record = _END_RECORD.unpack_from(content, end)
    return 0 < int(record[1]) < 0xFFFF


def directory(content: bytes, end: int) -> Iterator[Entry]:
    """The entries of the central directory that belongs to the end record at ``end``.

    Offsets are corrected by what stands in front of the archive, as unpackers of self-extracting
    files do.
    """
    if len(content) < end + _END_RECORD.size:
        return
    record = _END_RECORD.unpack_from(content, end)
    size, offset = record[5], record[6]
    first, shift = _locate(content, end, size, offset)
    at = first
    while content.startswith(CENTRAL, at) and len(content) >= at + _CENTRAL_HEADER.size:
        entry, at = _central_entry(content, at, shift)
        yield entry


def _locate(content: bytes, end: int, size: int, offset: int) -> tuple[int, int]:
    """Where the directory really begins, and by how much all offsets are off."""
    before = end - size
    if size != _OVERFLOW and before >= 0 and content.startswith(CENTRAL, before):
        return before, before - offset if offset != _OVERFLOW else 0
    if content.startswith(CENTRAL, offset):
        return offset, 0
    # ZIP64, or a false size: the directory ends where the (ZIP64) end records begin.
    zip64 = content.rfind(b"PK\x06\x06", 0, end)
    if zip64 >= 0 and len(content) >= zip64 + 56:
        size64, offset64 = struct.unpack_from("<QQ", content, zip64 + 40)
        begin = zip64 - size64
        if begin >= 0 and content.startswith(CENTRAL, begin):
            return begin, begin - offset64
    return len(content), 0


def _central_entry(content: bytes, at: int, shift: int) -> tuple[Entry, int]:
    fields = _CENTRAL_HEADER.unpack_from(content, at)
    flags, method, crc, packed, unpacked = fields[3], fields[4], fields[7], fields[8], fields[9]
    name_length, extra_length, comment_length, offset = (
        fields[10],
        fields[11],
        fields[12],
        fields[16],
    )
    name_at = at + _CENTRAL_HEADER.size
    raw_name = content[name_at : name_at + name_length]
    extra = content[name_at + name_length : name_at + name_length + extra_length]
    wide = [value for value in (unpacked, packed, offset) if value == _OVERFLOW]
    if wide:
        packed, offset = _zip64(extra, unpacked, packed, offset)
    header = offset + shift
    if header < 0 or not content.startswith(LOCAL, header):
        header = offset
    entry = Entry(
        name=decode_name(raw_name, flags, extra),
        flags=flags,
        method=method,
        crc=crc,
        packed=packed,
        header=header,
        data=_data_offset(content, header),
    )
    return entry, name_at + name_length + extra_length + comment_length


def _zip64(extra: bytes, unpacked: int, packed: int, offset: int) -> tuple[int, int]:
    """The true packed size and offset from extra field 0x0001 (APPNOTE 4.5.3)."""
    data = _extra_field(extra, 0x0001)
    values = [int.from_bytes(data[at : at + 8], "little") for at in range(0, len(data) - 7, 8)]
    if unpacked == _OVERFLOW and values:
        values.pop(0)
    if packed == _OVERFLOW and values:
        packed = values.pop(0)
    if offset == _OVERFLOW and values:
        offset = values.pop(0)
    return packed, offset


def _data_offset(content: bytes, header: int) -> int:
    if not content.startswith(LOCAL, header) or len(content) < header + _LOCAL_HEADER.size:
        return len(content)
    fields = _LOCAL_HEADER.unpack_from(content, header)
    return min(len(content), header + _LOCAL_HEADER.size + int(fields[9]) + int(fields[10]))


def local_entry(content: bytes, header: int) -> Entry | None:
    """The member whose local header stands at ``header``; None where there is no whole header."""
    if not content.startswith(LOCAL, header) or len(content) < header + _LOCAL_HEADER.size:
        return None
    fields = _LOCAL_HEADER.unpack_from(content, header)
    flags, method, crc, packed, unpacked = fields[2], fields[3], fields[6], fields[7], fields[8]
    name_at = header + _LOCAL_HEADER.size
    raw_name = content[name_at : name_at + fields[9]]
    extra = content[name_at + fields[9] : name_at + fields[9] + fields[10]]
    if packed == _OVERFLOW:
        packed, _ = _zip64(extra, unpacked, packed, 0)
    return Entry(
        name=decode_name(raw_name, flags, extra),
        flags=flags,
        method=method,
        crc=crc,
        packed=packed,
        header=header,
        data=_data_offset(content, header),
    )


def decode_name(raw: bytes, flags: int, extra: bytes = b"") -> str:
    """A member's name: the Unicode extra field, UTF-8 by flag or by shape, else CP932.

    The specification says CP437 where bit 11 is not set; in Japan it is CP932, and macOS writes
    UTF-8 without the bit.
    """
    unicode_path = _extra_field(extra, 0x7075)
    candidates = [(raw, "utf-8"), (raw, "cp932"), (raw, "cp437")]
    if not flags & _UTF8_FLAG and len(unicode_path) > 5:
        candidates.insert(0, (unicode_path[5:], "utf-8"))
    for data, encoding in candidates:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1")


def _extra_field(extra: bytes, wanted: int) -> bytes:
    at = 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, at)
        if kind == wanted:
            return extra[at + 4 : at + 4 + size]
        at += 4 + int(size)
    return b""
