"""ISO 9660 images made by hand: as broken as a test wants them."""

from __future__ import annotations

import struct
import zlib

SECTOR = 2048
DIRECTORY, MORE_FOLLOWS = 0x02, 0x80
FIRST_FREE = 20  # the sector behind the descriptors


def both(number: int) -> bytes:
    """A number in both orders of bytes (ECMA-119, 7.3.3)."""
    return struct.pack("<I", number) + struct.pack(">I", number)


def record(name: bytes, sector: int, size: int, flags: int = 0, extra: bytes = b"") -> bytes:
    """A directory's record with ``extra`` in the field of Rock Ridge."""
    pad = b"" if len(name) % 2 else b"\0"
    length = 33 + len(name) + len(pad) + len(extra)
    head = bytes([length + length % 2, 0]) + both(sector) + both(size) + bytes(7) + bytes([flags])
    middle = bytes(2) + struct.pack("<HH", 1, 1)[:4] + bytes([len(name)])
    return (head + middle + name + pad + extra).ljust(length + length % 2, b"\0")


def entry(kind: bytes, data: bytes) -> bytes:
    """One of Rock Ridge's entries."""
    return kind + bytes([4 + len(data), 1]) + data


def named(name: bytes) -> bytes:
    """The entry with a name."""
    return entry(b"NM", b"\0" + name)


def continued(sector: int, offset: int, size: int) -> bytes:
    """The entry that says where the others stand."""
    return entry(b"CE", both(sector) + both(offset) + both(size))


def descriptor(kind: int, root: int, size: int, escape: bytes = b"", sectors: int = 0) -> bytes:
    """A volume descriptor whose root directory stands in this sector."""
    out = bytearray(SECTOR)
    out[:7] = bytes([kind]) + b"CD001\1"
    out[80:88], out[88:91], out[128:130] = both(sectors), escape.ljust(3, b"\0"), b"\0\x08"
    out[156:190] = record(b"\0", root, size, DIRECTORY)
    return bytes(out)


def image(sectors: dict[int, bytes], *descriptors: bytes) -> bytes:
    """Descriptors from sector 16 on, an end mark, and these sectors at their places."""
    out = bytearray((max(sectors, default=0) + 1) * SECTOR)
    for number, data in enumerate((*descriptors, b"\xffCD001\1"), 16):
        sectors = {**sectors, number: data}
    for number, data in sectors.items():
        end = number * SECTOR + len(data)
        out.extend(bytes(max(0, -(-end // SECTOR) * SECTOR - len(out))))
        out[number * SECTOR : end] = data
    return bytes(out)


def one_tree(root: bytes, **sectors: bytes) -> bytes:
    """An image with a primary tree alone: the root directory in sector 20, others by ``s21`` …"""
    places = {int(name[1:]): data for name, data in sectors.items()}
    return image({FIRST_FREE: root, **places}, descriptor(1, FIRST_FREE, SECTOR))


def zisofs(content: bytes, bits: int = 15) -> bytes:
    """A file as zisofs packs it; blocks of zeros take no room."""
    size = 1 << bits
    blocks = [content[at : at + size] for at in range(0, len(content), size)]
    packed = [zlib.compress(block) if block.strip(b"\0") else b"" for block in blocks]
    at = 16 + 4 * (len(packed) + 1)
    head = bytes.fromhex("37e45396c9dbd607") + struct.pack("<IBBH", len(content), 4, bits, 0)
    table = struct.pack("<I", at)
    for block in packed:
        at += len(block)
        table += struct.pack("<I", at)
    return head + table + b"".join(packed)
