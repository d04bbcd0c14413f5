"""Small containers of every kind that the opener reads, put together byte by byte."""

from __future__ import annotations

import binascii
import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib

import pytest

Files = dict[str, bytes]


def zip_of(files: Files) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def tar_of(files: Files, form: int = tarfile.GNU_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def gzip_of(files: Files) -> bytes:
    return gzip.compress(tar_of(files), mtime=0)


def bzip2_of(files: Files) -> bytes:
    return bz2.compress(tar_of(files))


def xz_of(files: Files) -> bytes:
    return lzma.compress(tar_of(files))


def rar4_of(files: Files, flags: int = 0) -> bytes:
    """Stored members, as WinRAR 3 writes them."""

    def block(kind: int, block_flags: int, rest: bytes, data: bytes = b"") -> bytes:
        head = struct.pack("<BHH", kind, block_flags, 7 + len(rest)) + rest
        return struct.pack("<H", zlib.crc32(head) & 0xFFFF) + head + data

    out = b"Rar!\x1a\x07\x00" + block(0x73, 0, bytes(6))
    for name, content in files.items():
        raw = name.encode("ascii")
        rest = struct.pack(
            "<LLBLLBBHL", len(content), len(content), 2, zlib.crc32(content), 0x58210000, 29,
            0x30, len(raw), 0x20,
        )  # fmt: skip
        out += block(0x74, 0x8000 | flags, rest + raw, content)
    return out + block(0x7B, 0x4000, b"")


def rar5_of(files: Files) -> bytes:
    """Stored members, as WinRAR 5 and later write them."""

    def number(value: int) -> bytes:
        out = b""
        while value > 0x7F:
            out, value = out + bytes((value & 0x7F | 0x80,)), value >> 7
        return out + bytes((value,))

    def block(rest: bytes, data: bytes = b"") -> bytes:
        head = number(len(rest)) + rest
        return struct.pack("<L", zlib.crc32(head)) + head + data

    out = b"Rar!\x1a\x07\x01\x00" + block(b"\x01\x00\x00")
    for name, content in files.items():
        raw, size = name.encode(), number(len(content))
        crc = struct.pack("<L", zlib.crc32(content))
        head = b"\x02\x02" + size + b"\x04" + size + b"\x20" + crc + b"\x00\x00"
        out += block(head + number(len(raw)) + raw, content)
    return out + block(b"\x05\x04\x00")


def cab_of(files: Files, charset: str = "cp932") -> bytes:
    """One folder of stored data ([MS-CAB])."""
    data = b"".join(files.values())
    entries, at = b"", 0
    for name, content in files.items():
        entries += struct.pack("<LLHHHH", len(content), at, 0, 0x5821, 0, 0x20)
        entries += name.encode(charset) + b"\0"
        at += len(content)
    first = 36 + 8 + len(entries)
    total = first + 8 + len(data)
    head = struct.pack("<4sLLLLLBBHHHHH", b"MSCF", 0, total, 0, 44, 0, 3, 1, 1, len(files), 0, 0, 0)
    return head + struct.pack("<LHH", first, 1, 0) + entries + struct.pack(
        "<LHH", 0, len(data), len(data)
    ) + data  # fmt: skip


def crc16(data: bytes) -> bytes:
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return struct.pack("<H", crc)


def lzh_of(files: Files, charset: str = "cp932") -> bytes:
    """Stored members behind headers of level 2, folders in a header of their own."""
    out = b""
    for path, content in files.items():
        folder, _, name = path.encode(charset).rpartition(b"/")
        extended = b""
        for kind, value in ((1, name), (2, folder.replace(b"/", b"\xff") + b"\xff")):
            if len(value) > 1:
                extended += struct.pack("<HB", 3 + len(value), kind) + value
        extended += b"\0\0"
        body = b"-lh0-" + struct.pack("<LLLBB", len(content), len(content), 0, 0x20, 2)
        body += crc16(content) + b"M" + extended
        out += struct.pack("<H", 2 + len(body)) + body + content
    return out + b"\0"


def tnef_of(files: Files, code_page: int = 932) -> bytes:
    """Attachments with their short names in a code page, and long names in Unicode."""

    def attribute(level: int, identifier: int, data: bytes) -> bytes:
        head = struct.pack("<BLL", level, identifier, len(data))
        return head + data + struct.pack("<H", sum(data) & 0xFFFF)

    out = b"\x78\x9f\x3e\x22\x01\x00" + attribute(1, 0x69007, struct.pack("<LL", code_page, 0))
    for name, content in files.items():
        wide = name.encode("utf-16-le") + b"\0\0"
        prop = struct.pack("<LHHLL", 1, 0x001F, 0x3707, 1, len(wide)) + wide + bytes(-len(wide) % 4)
        out += attribute(2, 0x69002, bytes(14))
        out += attribute(2, 0x18010, b"short.dat\0") + attribute(2, 0x6800F, content)
        out += attribute(2, 0x69005, prop)
    return out


def uu_of(files: Files, charset: str = "iso-2022-jp") -> bytes:
    """A letter with files in it, as mail programs wrote them before MIME."""
    out = b"letter\r\n"
    for name, content in files.items():
        out += b"begin 644 " + name.encode(charset) + b"\r\n"
        for at in range(0, len(content), 45):
            out += binascii.b2a_uu(content[at : at + 45]).rstrip(b"\n") + b"\r\n"
        out += b"`\r\nend\r\n\r\n"
    return out + b"bye\r\n"


def one_of(files: Files) -> bytes:
    """A OneNote section that holds nothing but embedded files."""
    body = b""
    for content in files.values():
        body += bytes.fromhex("e716e3bd65261145a4c48d4d0b7a9eac")
        body += struct.pack("<QLQ", len(content), 0, 0) + content
    head = bytearray(1024)
    head[:16] = bytes.fromhex("e4525c7b8cd8a74daeb15378d02996d3")
    head[48:64] = bytes.fromhex("3fdd9a101b91f549a5d01791edc8aed8")
    struct.pack_into("<Q", head, 196, len(head) + len(body))
    return bytes(head) + body


def by_libarchive(form: str, files: Files) -> bytes:
    """What the system's own library writes: ``7zip``, ``iso9660``, ``cpio_newc``."""
    libarchive = pytest.importorskip("libarchive", exc_type=(ImportError, OSError, TypeError))
    out = io.BytesIO()
    with libarchive.custom_writer(lambda block: out.write(bytes(block)), form) as archive:
        for name, content in files.items():
            archive.add_file_from_memory(name, len(content), content)
    return out.getvalue()


FILES: Files = {"run.exe": b"MZ\0 program " * 40, "a.txt": b"hello\r\n" * 30}
KINDS = {
    "zip": zip_of, "tar": tar_of, "tar.gz": gzip_of, "tar.bz2": bzip2_of, "tar.xz": xz_of,
    "rar4": rar4_of, "rar5": rar5_of, "cab": cab_of, "lzh": lzh_of, "tnef": tnef_of,
    "uuencode": uu_of, "onenote": one_of,
    "7z": lambda files: by_libarchive("7zip", files),
    "iso": lambda files: by_libarchive("iso9660", files),
    "cpio": lambda files: by_libarchive("cpio_newc", files),
}  # fmt: skip
