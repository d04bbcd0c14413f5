"""Files that an ISO 9660 image keeps packed in blocks, and Linux shows unpacked (zisofs)."""

from __future__ import annotations

import io
import zlib

from mailsec.gateway.archives.budget import Budget
from mailsec.gateway.archives.members import Member, Problem
from mailsec.gateway.errors import MemberTooDense

_MAGIC = bytes.fromhex("37e45396c9dbd607")
_BLOCK_BITS = range(15, 18)


def is_packed(data: bytes) -> bool:
    """Whether it begins as such a file does."""
    return data.startswith(_MAGIC) and len(data) >= 16


def unpacked(path: str, data: bytes, budget: Budget, image: int) -> Member:
    """The file as Linux shows it; DAMAGED with what could be read. Blocks of zeros take no room, so
    its size is measured by that of the whole image."""
    budget.take_file()
    out, problem = io.BytesIO(), Problem.NONE
    size, bits = int.from_bytes(data[8:12], "little"), data[13]
    if bits not in _BLOCK_BITS:
        return Member(path, b"", Problem.UNSUPPORTED)
    try:
        for number in range(-(-size >> bits) if size else 0):
            at = data[12] * 4 + number * 4
            begin, end = (int.from_bytes(data[i : i + 4], "little") for i in (at, at + 4))
            if at + 8 > len(data) or not begin <= end <= len(data):
                return Member(path, out.getvalue(), Problem.DAMAGED)
            expected = min(1 << bits, size - out.tell())
            block = bytes(expected)
            if begin < end:
                block = zlib.decompressobj().decompress(data[begin:end], expected)
            out.write(block)
            budget.take_bytes(len(block), out.tell(), image)
            if len(block) < expected:
                return Member(path, out.getvalue(), Problem.DAMAGED)
    except zlib.error:
        problem = Problem.DAMAGED
    except MemberTooDense:
        problem = Problem.OVER_BUDGET
    return Member(path, out.getvalue(), problem)
