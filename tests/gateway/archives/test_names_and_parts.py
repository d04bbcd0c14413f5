"""Names in the encodings that occur, links, volumes, passwords: what single kinds do besides."""

from __future__ import annotations

import io
import struct
import tarfile

import pytest

from mailsec.gateway.unpack import Budget, Label, Member, Problem, unpack
from tests.gateway.archives.containers import (
    by_libarchive,
    cab_of,
    lzh_of,
    rar4_of,
    tar_of,
    tnef_of,
    uu_of,
    zip_of,
)

JAPANESE = {"見積書/表①.exe": b"MZ\0"}


def opened(content: bytes, charset: str = "") -> list[Member]:
    return list(unpack(content, Budget(), Label("x", charset)))


@pytest.mark.parametrize(
    "content",
    [
        zip_of(JAPANESE),
        tar_of(JAPANESE),
        tar_of(JAPANESE, tarfile.PAX_FORMAT),
        lzh_of(JAPANESE),
        cab_of(JAPANESE),
        by_libarchive("7zip", JAPANESE),
    ],
    ids=["zip", "gnu tar", "pax tar", "lzh", "cab", "7z"],
)
def test_japanese_names_are_read(content: bytes) -> None:
    """CP932 of old Windows programs as well as Unicode."""
    assert "見積書/表①.exe" in {member.path.replace("\\", "/") for member in opened(content)}


@pytest.mark.parametrize("charset", ["iso-2022-jp", "cp932", "utf-8"])
def test_uuencoded_names_are_read_by_the_charset_of_their_text(charset: str) -> None:
    """As the mail program that wrote the letter meant them."""
    (member,) = opened(uu_of({"設計書.csv": b"abc"}, charset), charset)
    assert member == Member("設計書.csv", b"abc")


def test_both_names_of_a_tnef_file_count() -> None:
    """The long one first; programs show either."""
    assert [member.path for member in opened(tnef_of({"設計書.csv": b"a"}))] == [
        "設計書.csv",
        "short.dat",
    ]


def test_a_link_in_a_tar_is_a_name_and_nothing_else() -> None:
    """Wherever it points to."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        link = tarfile.TarInfo("run.exe")
        link.type, link.linkname = tarfile.SYMTYPE, "../../etc/passwd"
        archive.addfile(link)
    assert opened(out.getvalue()) == [Member("run.exe", b"")]


def test_what_stands_behind_the_end_of_a_tar_is_found() -> None:
    """Some programs read on."""
    both = tar_of({"a.txt": b"a"}) + tar_of({"run.exe": b"MZ\0"})
    assert Member("run.exe", b"MZ\0") in opened(both)


def test_a_sparse_file_is_not_taken_for_the_whole() -> None:
    """Its holes are not in the archive."""
    archive = bytearray(tar_of({"a.bin": b"x" * 600}))
    archive[156:157] = b"S"
    archive[148:156] = b" " * 8
    archive[148:156] = b"%06o\0 " % sum(archive[:512])
    (member,) = opened(bytes(archive))
    assert (member.path, member.problem) == ("a.bin", Problem.UNSUPPORTED)


@pytest.mark.parametrize(
    ("flags", "problem"),
    [(0x04, Problem.ENCRYPTED), (0x02, Problem.UNSUPPORTED), (0x01, Problem.UNSUPPORTED)],
    ids=["password", "goes on in another file", "begins in another file"],
)
def test_a_rar_member_that_is_not_whole_here_is_not_clean(flags: int, problem: Problem) -> None:
    """With its name, which may meet a rule by itself."""
    members = opened(rar4_of({"run.exe": b"MZ\0" + bytes(40)}, flags))
    assert "run.exe" in {member.path for member in members}
    assert problem in {member.problem for member in members}


def test_a_zip_that_is_one_of_several_is_not_clean() -> None:
    """The number of its disk says so."""
    archive = bytearray(zip_of({"a.txt": b"a"}))
    struct.pack_into("<HH", archive, len(archive) - 18, 2, 0)
    assert Member("", b"", Problem.UNSUPPORTED) in opened(bytes(archive))


def test_files_in_a_self_extracting_program_are_found() -> None:
    """The archive stands behind the program's own code."""
    program = b"MZ" + b"\0" * 2000 + rar4_of({"run.vbs": b"dim a"})
    assert Member("run.vbs", b"dim a") in opened(program)
