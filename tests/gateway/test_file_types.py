"""Files are told by what they hold."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsec.gateway.file_types import identify


def program(characteristics: int = 0x0102) -> bytes:
    """The smallest header that Windows reads as a program."""
    dos = b"MZ" + b"\0" * 58 + struct.pack("<L", 64)
    return dos + b"PE\0\0" + struct.pack("<HHLLLHH", 0x8664, 1, 0, 0, 0, 0, characteristics)


def zip_of(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, b"content")
    return out.getvalue()


def ole(stream: str = "", root_class: bytes = b"") -> bytes:
    root = "Root Entry".encode("utf-16-le").ljust(80, b"\0") + root_class.ljust(48, b"\0")
    return (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(512, b"\0")
        + root
        + (stream.encode("utf-16-le").ljust(128, b"\0"))
    )


MSI = bytes.fromhex("84100c0000000000c000000000000046")
LINK = bytes.fromhex("4c0000000114020000000000c000000000000046")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (program(), "exe"),
        (program(0x2102), "dll"),
        (b"MZ" + b"\0" * 100, "exe"),
        (b"\x7fELF\x02", "elf"),
        (b"\xca\xfe\xba\xbe\0\0\0\x02", "macho"),
        (b"\xca\xfe\xba\xbe\0\0\0\x34", "class"),
        (LINK, "lnk"),
        (b"\0" * 0x8001 + b"CD001", "iso"),
        (b"MSCF\0\0\0\0", "cab"),
        (b"ITSF\x03\0\0\0", "chm"),
        (ole(root_class=MSI), "msi"),
        (ole("WordDocument"), "doc"),
        (ole("Workbook"), "xls"),
        (ole("EncryptedPackage"), "encrypted-office"),
        (ole(), "ole"),
        (zip_of("a.txt"), "zip"),
        (zip_of("META-INF/MANIFEST.MF", "a.class"), "jar"),
        (zip_of("[Content_Types].xml", "word/document.xml"), "docx"),
        (zip_of("[Content_Types].xml", "xl/workbook.xml", "xl/vbaProject.bin"), "xlsm"),
        (zip_of("AppxManifest.xml"), "appx"),
        (b"Rar!\x1a\x07\x01\0", "rar"),
        (b"7z\xbc\xaf\x27\x1c", "7z"),
        (b"junk\n%PDF-1.7", "pdf"),
        (b"\0" * 2000 + b"conectix" + b"\0" * 504, "vhd"),
        (b"<html><HTA:APPLICATION id=x></html>", "hta"),
        (b"\xef\xbb\xbf <job id='a'><script language='VBScript'>", "wsf"),
        (b"<?xml version='1.0'?><scriptlet>", "sct"),
        (b"<!DOCTYPE html><p>", "html"),
        (b"#!/usr/bin/env bash\n", "sh"),
        (b"@echo off\r\n", "bat"),
        ("Windows Registry Editor Version 5.00".encode("utf-16"), "reg"),
        (b"[InternetShortcut]\r\nURL=", "url"),
        (b"{\\rtf1", "rtf"),
        (b"hello", ""),
        (b"MZ is how my initials are written", ""),
        (b"", ""),
    ],
)
def test_a_content_is_told_by_its_signature_or_structure(content: bytes, kind: str) -> None:
    """Whatever it is called; a letter that begins with MZ is no program."""
    assert identify(content, "").kind == kind


def test_every_name_and_the_content_count() -> None:
    """A program called .pdf counts as both; so does each of several names."""
    assert identify(program(), "report.pdf").extensions == {"exe", "pdf"}
    assert identify(b"hello", "a.txt", "a.scr").extensions == {"txt", "scr"}


def test_a_program_in_front_of_an_archive_is_a_program() -> None:
    """A self-extracting archive is started, not opened."""
    assert identify(program() + zip_of("a.txt"), "").kind == "exe"


@settings(deadline=None)
@given(st.binary(max_size=600), st.text(max_size=30))
def test_any_bytes_give_an_answer(content: bytes, name: str) -> None:
    """No exception, also behind the signatures that are read further."""
    for head in (b"", b"MZ", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"<"):
        identify(head + content, name)
