"""What a file is, by its first bytes and its structure, whatever its name says.

Our own table decides, since the libraries miss scripts and mistake Office files for one another:
each line is a signature and the extension that Windows would open such content under. Office, Java
and app packages are ZIP archives and told apart by what lies in them; old Office files and
installers are OLE files and told apart by their directory.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from mailsec.gateway.archives import zip_records
from mailsec.gateway.file_names import real_extension


@dataclass(frozen=True, slots=True)
class FileType:
    """``kind`` is what the content is (empty: not known), ``extensions`` all it may count as.

    ``by_text`` is set where only words gave it away: the plain text of a letter may begin with the
    same words, so for a mail's body this is no evidence.
    """

    kind: str
    extensions: frozenset[str]
    by_text: bool = False


# (offset, signature, kind): the kind is also the extension.
_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x7fELF", "elf"),
    (0, b"\xfe\xed\xfa\xce", "macho"),
    (0, b"\xfe\xed\xfa\xcf", "macho"),
    (0, b"\xce\xfa\xed\xfe", "macho"),
    (0, b"\xcf\xfa\xed\xfe", "macho"),
    (0, b"L\x00\x00\x00\x01\x14\x02\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46", "lnk"),
    (0, b"MSCF", "cab"),
    (0, b"ITSF\x03", "chm"),
    (0, b"Rar!\x1a\x07", "rar"),
    (0, b"7z\xbc\xaf\x27\x1c", "7z"),
    (0, b"\x1f\x8b\x08", "gz"),
    (0, b"BZh", "bz2"),
    (0, b"\xfd7zXZ\x00", "xz"),
    (0, b"\x60\xea", "arj"),
    (2, b"-lh", "lzh"),
    (2, b"-lz", "lzh"),
    (0, b"\x28\xb5\x2f\xfd", "zst"),
    (0, b"\x1f\x9d", "z"),
    (0, b"LZIP", "lz"),
    (0, b"\x04\x22\x4d\x18", "lz4"),
    (0, b"07070", "cpio"),
    (0, b"!<arch>\n", "ar"),
    (0, b"xar!", "xar"),
    (0, b"\xed\xab\xee\xdb", "rpm"),
    (0, b"RE~^", "rar"),
    (0, b"ALZ\x01", "alz"),
    (0, b"EGGA\x00\x01", "egg"),
    (0, b"StuffIt", "sit"),
    (0, b"SIT!", "sit"),
    (0, b"SZDD\x88\xf0\x27\x33", "szdd"),
    (0, b"KWAJ\x88\xf0\x27\xd1", "szdd"),
    (0, b"zPQ", "zpaq"),
    (0, b"(This file must be converted with BinHex", "hqx"),
    (0, b"DGCA", "dgca"),
    (8, b"\x19\x04\x00\x10", "sis"),
    (0, b"\x0fGCA", "gca"),
    (7, b"**ACE**", "ace"),
    (0, b"MSWIM\x00\x00\x00", "wim"),
    (0, b"vhdxfile", "vhdx"),
    (0, b"conectix", "vhd"),
    (0, b"\x78\x9f\x3e\x22", "tnef"),
    (0, b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3", "one"),
    (4, b"Standard Jet DB", "mdb"),
    (4, b"Standard ACE DB", "accdb"),
    (0, b"FWS", "swf"),
    (0, b"CWS", "swf"),
    (0, b"ZWS", "swf"),
    (0, b"{\\rt", "rtf"),
    (257, b"ustar", "tar"),
    (0x8001, b"CD001", "iso"),
    (0x8801, b"CD001", "iso"),
    (0x9001, b"CD001", "iso"),
    (0x8001, b"BEA01", "iso"),  # UDF without ISO 9660 beside it
    (0, b"#@~^", "vbe"),
)

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ROOT_ENTRY = "Root Entry".encode("utf-16-le")
# The class of an OLE file's root storage, at offset 80 of its directory entry ([MS-CFB] 2.6.1).
_OLE_CLASSES: tuple[tuple[bytes, str], ...] = (
    (bytes.fromhex("84100c0000000000c000000000000046"), "msi"),
    (bytes.fromhex("86100c0000000000c000000000000046"), "msp"),
    (bytes.fromhex("82100c0000000000c000000000000046"), "mst"),
)
_OLE_STREAMS: tuple[tuple[str, str], ...] = (
    ("EncryptedPackage", "encrypted-office"),
    ("WordDocument", "doc"),
    ("PowerPoint Document", "ppt"),
    ("Workbook", "xls"),
    ("Book", "xls"),
    ("__properties_version1.0", "msg"),
)

# In a ZIP: what a name begins with, and what the archive then is.
_ZIP_MEMBERS: tuple[tuple[str, str], ...] = (
    ("appxmanifest.xml", "appx"),
    ("appxmetadata/", "appx"),
    ("androidmanifest.xml", "apk"),
    ("word/vbaproject.bin", "docm"),
    ("xl/vbaproject.bin", "xlsm"),
    ("ppt/vbaproject.bin", "pptm"),
    ("word/", "docx"),
    ("xl/", "xlsx"),
    ("ppt/", "pptx"),
)
_MAX_ZIP_NAMES = 4000

# Words in the first bytes, white space and a byte order mark skipped, all in lower case.
_TEXT_STARTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"#!.{0,80}\b(?:ba|da|z|k|c)?sh\b"), "sh"),
    (re.compile(r"#!.{0,80}\bpython"), "py"),
    (re.compile(r"#!.{0,80}\bperl\b"), "pl"),
    (re.compile(r"#!.{0,80}\b(?:pwsh|powershell)\b"), "ps1"),
    (re.compile(r"regedit4|windows registry editor version"), "reg"),
    (re.compile(r"\[internetshortcut\]"), "url"),
    (re.compile(r"(?::[^\n]*\n\s*)?@?echo off\b"), "bat"),
    (re.compile(r"on error resume next\b"), "vbs"),
)
_MARKUP: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"<hta:application\b"), "hta"),
    (re.compile(r"<package\b[^>]*>\s*<(?:job|comment)\b|<job\b[^>]*>"), "wsf"),
    (re.compile(r"<scriptlet\b|<component\b[^>]*>\s*<registration\b"), "sct"),
    (re.compile(r"<mmc_consolefile\b"), "msc"),
    (re.compile(r"<pcsettings>"), "settingcontent-ms"),
    (re.compile(r"<librarydescription\b"), "library-ms"),
    (re.compile(r"<!doctype html\b|<html\b|<head\b|<body\b|<script\b"), "html"),
    (re.compile(r"<svg\b"), "svg"),
)
_HEAD = 4096


def identify(content: bytes, *names: str) -> FileType:
    """The type by content, and every extension that a file of these names may count as."""
    kind, by_text = _binary_kind(content), False
    if not kind:
        kind = _text_kind(content[:_HEAD])
        by_text = bool(kind)
    extensions = {kind, *map(real_extension, names)} - {""}
    return FileType(kind, frozenset(extensions), by_text)


def _binary_kind(content: bytes) -> str:
    if content.startswith(b"MZ"):
        return _dos_kind(content)
    if content.startswith(_OLE):
        return _ole_kind(content)
    if b"%PDF-" in content[:1024]:
        return "pdf"
    if content.startswith(b"\xca\xfe\xba\xbe") and len(content) >= 8:
        # Java classes and fat Mach-O files share this; the latter count a few architectures here.
        return "macho" if int.from_bytes(content[4:8]) < 40 else "class"
    for offset, signature, kind in _SIGNATURES:
        if content.startswith(signature, offset):
            return kind
    if content[-512:-504] == b"conectix":  # a fixed VHD has its only mark in the footer
        return "vhd"
    return _zip_kind(content) if zip_records.looks_like_zip(content) else ""


def _dos_kind(content: bytes) -> str:
    """``exe`` or ``dll``; a text that merely begins with the letters MZ is neither."""
    if len(content) >= 64:
        at = struct.unpack_from("<L", content, 60)[0]
        if content.startswith(b"PE\0\0", at) and len(content) >= at + 24:
            library = struct.unpack_from("<H", content, at + 22)[0] & 0x2000
            return "dll" if library else "exe"
    return "exe" if b"\0" in content[:512] else ""


def _ole_kind(content: bytes) -> str:
    """Told by the root's class or by a stream's name, without following chains that may be cut."""
    at = content.find(_ROOT_ENTRY)
    while at >= 0:
        for class_id, kind in _OLE_CLASSES:
            if content.startswith(class_id, at + 80):
                return kind
        at = content.find(_ROOT_ENTRY, at + 1)
    for stream, kind in _OLE_STREAMS:
        if stream.encode("utf-16-le") + b"\0\0" in content:
            return kind
    return "ole"


def _zip_kind(content: bytes) -> str:
    names = _zip_names(content)
    for beginning, kind in _ZIP_MEMBERS:
        if any(name.startswith(beginning) for name in names):
            return kind
    return "jar" if "meta-inf/manifest.mf" in names else "zip"


def _zip_names(content: bytes) -> frozenset[str]:
    """Member names in lower case, from all directories and from the local headers."""
    names: set[str] = set()
    for end in zip_records.end_offsets(content):
        for entry in zip_records.directory(content, end):
            names.add(entry.name.lower().replace("\\", "/"))
            if len(names) >= _MAX_ZIP_NAMES:
                return frozenset(names)
    at = content.find(zip_records.LOCAL)
    for _ in range(_MAX_ZIP_NAMES):
        if at < 0:
            break
        local = zip_records.local_entry(content, at)
        if local is not None:
            names.add(local.name.lower().replace("\\", "/"))
        at = content.find(zip_records.LOCAL, at + 4)
    return frozenset(names)


def _text_kind(head: bytes) -> str:
    text = _as_text(head).lstrip("\ufeff \t\r\n").lower()
    for pattern, kind in _TEXT_STARTS:
        if pattern.match(text):
            return kind
    if not text.startswith("<"):
        return ""
    return next((kind for pattern, kind in _MARKUP if pattern.search(text)), "")


def _as_text(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", "replace")
    return head.decode("utf-8-sig", "replace")
