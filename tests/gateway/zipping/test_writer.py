"""Archives as other programs open them."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import unicodedata
import zipfile
from pathlib import Path

import pytest
import pyzipper
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsec.gateway.message import Message
from mailsec.gateway.policy import ZipCipher, ZipNames
from mailsec.gateway.zipping.selection import select
from mailsec.gateway.zipping.writer import File, encrypted_archive
from tests.gateway.zipping.shapes import case

PASSWORD = "Abc2#defgh3Ky"
SEVEN_ZIP = shutil.which("7z") or shutil.which("7zz")
FILES = [
    File(("見積〜書.txt",), "お見積りです。".encode() * 200),
    File(("photo.jpg",), os.urandom(40_000)),
    File(("表", "①.csv"), b"a,b\r\n" * 50),
    File(("empty.txt",), b""),
]


def contents(archive: bytes, cipher: ZipCipher) -> dict[str, bytes]:
    """All files, by a reader that is not the writer's."""
    reader = pyzipper.AESZipFile if cipher is ZipCipher.AES256 else zipfile.ZipFile
    with reader(io.BytesIO(archive)) as opened:
        return {name: opened.read(name, PASSWORD.encode()) for name in opened.namelist()}


@pytest.mark.parametrize("cipher", list(ZipCipher))
def test_every_file_comes_out_as_it_went_in(cipher: ZipCipher) -> None:
    """In its order, with its name; case att-03."""
    archive = encrypted_archive(FILES, PASSWORD, cipher, ZipNames.UTF8)
    assert list(contents(archive, cipher).items()) == [
        ("/".join(file.path), file.content) for file in FILES
    ]


@pytest.mark.parametrize("cipher", list(ZipCipher))
def test_names_say_that_they_are_in_utf_8_and_only_old_methods_are_used(cipher: ZipCipher) -> None:
    """Bit 11 where a name is not ASCII; deflate or stored, also inside AES."""
    archive = encrypted_archive(FILES, PASSWORD, cipher, ZipNames.UTF8)
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        for entry in opened.infolist():
            assert entry.flag_bits & 1
            assert bool(entry.flag_bits & 0x800) is not entry.filename.isascii()
            method = entry.compress_type
            inner = int.from_bytes(entry.extra[9:11], "little") if method == 99 else method
            assert inner in (0, 8)


@pytest.mark.parametrize("cipher", list(ZipCipher))
def test_names_for_old_windows_carry_its_code_and_no_mark(cipher: ZipCipher) -> None:
    """In the directory and in front of each file alike."""
    files = [*FILES, File(("é.txt",), b"1"), File(("è.txt",), b"2"), File(("x",), b"3")]
    archive = encrypted_archive(files, PASSWORD, cipher, ZipNames.CP932)
    with zipfile.ZipFile(io.BytesIO(archive), metadata_encoding="cp932") as opened:
        entries = opened.infolist()
        assert [entry.filename for entry in entries] == [
            "見積～書.txt",
            "photo.jpg",
            "表/①.csv",
            "empty.txt",
            "_.txt",
            "_~2.txt",
            "x",
        ]
        assert not any(entry.flag_bits & 0x800 for entry in entries)
        for entry in entries:
            name = entry.filename.encode("cp932")
            start = entry.header_offset + 30
            assert archive[start : start + len(name)] == name
    assert len(contents(archive, cipher)) == 7


@pytest.mark.skipif(SEVEN_ZIP is None, reason="7z is not installed")
@pytest.mark.parametrize("names", list(ZipNames))
@pytest.mark.parametrize("cipher", list(ZipCipher))
def test_7z_finds_nothing_wrong(cipher: ZipCipher, names: ZipNames, tmp_path: Path) -> None:
    """A reader of another house, which checks every sum."""
    made = tmp_path / "a.zip"
    made.write_bytes(encrypted_archive(FILES, PASSWORD, cipher, names))
    assert SEVEN_ZIP is not None
    command = [SEVEN_ZIP, "t", f"-p{PASSWORD}", str(made)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "Everything is Ok" in done.stdout


def test_the_wrong_password_opens_nothing() -> None:
    """The contents are really encrypted."""
    archive = encrypted_archive(FILES, PASSWORD, ZipCipher.AES256, ZipNames.UTF8)
    with pyzipper.AESZipFile(io.BytesIO(archive)) as opened, pytest.raises(RuntimeError):
        opened.read(opened.namelist()[0], b"another")
    assert "お見積り".encode() not in archive


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.text(max_size=20), st.binary(max_size=3000)), min_size=1, max_size=6),
    st.sampled_from(list(ZipCipher)),
    st.sampled_from(list(ZipNames)),
)
def test_no_file_is_lost_whatever_it_is_called(
    files: list[tuple[str, bytes]], cipher: ZipCipher, names: ZipNames
) -> None:
    """As many as were given, in their order."""
    given_files = [File((name,), content) for name, content in files]
    archive = encrypted_archive(given_files, PASSWORD, cipher, names)
    assert list(contents(archive, cipher).values()) == [content for _, content in files]


@pytest.mark.parametrize("names", list(ZipNames))
@pytest.mark.parametrize("cipher", list(ZipCipher))
def test_the_files_of_a_case_open_everywhere_under_the_names_that_were_meant(
    cipher: ZipCipher, names: ZipNames
) -> None:
    """Case att-03: decomposed and vendor names, and a file of no bytes."""
    files = select(Message(case("att-03.eml"))).files
    archive = encrypted_archive(files, PASSWORD, cipher, names)
    found = contents(archive, cipher)
    assert [len(content) for content in found.values()] == [len(file.content) for file in files]
    assert len(found) == 4
    assert list(found.values())[-1] == b""
    if names is ZipNames.UTF8:
        assert all(unicodedata.is_normalized("NFC", name) for name in found)
