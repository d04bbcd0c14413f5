"""Archives are opened whole, within a budget, and nothing in them hides."""

from __future__ import annotations

import gzip
import io
import os
import struct
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsec.gateway.message import Message
from mailsec.gateway.unpack import Budget, Label, Limits, Member, Problem, unpack

CASES = Path(os.environ.get("MAILSEC_CASES", Path(__file__).parents[3] / "shared" / "cases"))


def zip_of(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def raw_entry(name: bytes, content: bytes, flags: int = 0, method: int = 0) -> bytes:
    """A local header with its data, as a writer without a directory would leave it."""
    packed = content
    if method == 8:
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed = packer.compress(content) + packer.flush()
    head = struct.pack(
        "<4s5H3L2H", b"PK\x03\x04", 20, flags, method, 0, 0, zlib.crc32(content), len(packed),
        len(content), len(name), 0,
    )  # fmt: skip
    return head + name + packed


def all_of(content: bytes, limits: Limits | None = None, name: str = "") -> list[Member]:
    return list(unpack(content, Budget(limits or Limits()), Label(name)))


def found(members: list[Member]) -> dict[str, bytes]:
    return {member.path: member.content for member in members if not member.problem}


@pytest.mark.parametrize(
    "method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_every_method_of_the_common_writers_is_read(method: int) -> None:
    """Each comes out byte for byte and without a problem."""
    content = b"line\r\n" * 500
    members = all_of(zip_of({"a.txt": content, "empty": b""}, method))
    assert [(m.path, m.content, m.problem) for m in members] == [
        ("a.txt", content, Problem.NONE),
        ("empty", b"", Problem.NONE),
    ]


def test_what_is_no_archive_yields_nothing() -> None:
    """A text, an empty content and half a signature are no containers."""
    for content in (b"", b"PK", b"hello", b"PK\x05", b"x" * 5000):
        assert all_of(content) == []


def test_archives_inside_archives_are_opened() -> None:
    """The path leads through the levels, and each level is yielded too."""
    inner = zip_of({"run.exe": b"MZ"})
    members = found(all_of(zip_of({"docs/inner.zip": inner})))
    assert members["docs/inner.zip"] == inner
    assert members["docs/inner.zip/run.exe"] == b"MZ"


def test_a_gzip_stream_is_opened_under_its_name_without_the_ending() -> None:
    """Both the outer name and the one in the header count."""
    assert found(all_of(gzip.compress(b"MZ"), name="setup.exe.gz")) == {"setup.exe": b"MZ"}
    out = io.BytesIO()
    with gzip.GzipFile("other.scr", "wb", fileobj=out) as stream:
        stream.write(b"MZ")
    assert set(found(all_of(out.getvalue(), name="a.gz"))) == {"a", "other.scr"}


@pytest.mark.parametrize(
    ("raw", "flags", "name"),
    [
        ("見積書.xlsx".encode("cp932"), 0, "見積書.xlsx"),
        ("見積書.xlsx".encode(), 0x800, "見積書.xlsx"),
        ("見積書.xlsx".encode(), 0, "見積書.xlsx"),
        ("①髙.exe".encode("cp932"), 0, "①髙.exe"),
        (b"\xff\xfe.exe", 0x800, "\uf8f3\uf8f2.exe"),
    ],
)
def test_japanese_names_are_read_with_and_without_the_utf8_flag(
    raw: bytes, flags: int, name: str
) -> None:
    """CP932 of Windows, UTF-8 with the flag, UTF-8 of macOS without it; nothing raises."""
    (member, missing) = all_of(raw_entry(raw, b"x", flags))
    assert member.path == name
    assert missing.problem is Problem.DAMAGED  # it has no directory


def test_a_member_that_the_directory_does_not_list_is_found() -> None:
    """A hidden local header between the listed data and the directory yields its file."""
    listed = zip_of({"harmless.txt": b"hello"}, zipfile.ZIP_STORED)
    at = listed.index(b"PK\x01\x02")
    hidden = raw_entry(b"run.exe", b"MZ hidden", method=8)
    size = len(listed) - at - 22
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, size, at + len(hidden), 0)
    archive = listed[:at] + hidden + listed[at:-22] + end
    assert zipfile.ZipFile(io.BytesIO(archive)).namelist() == ["harmless.txt"]
    assert found(all_of(archive)) == {"harmless.txt": b"hello", "run.exe": b"MZ hidden"}


def test_a_member_hidden_in_front_of_the_archive_is_found() -> None:
    """Two archives one after the other are both opened: programs differ in which they take."""
    both = zip_of({"first.exe": b"MZ first"}) + zip_of({"second.txt": b"second"})
    assert found(all_of(both)) == {"first.exe": b"MZ first", "second.txt": b"second"}


def test_headers_that_contradict_each_other_are_read_both_ways_and_reported() -> None:
    """Local says one name and size, the directory another: both files are yielded."""
    archive = bytearray(zip_of({"aaaaaaa.txt": b"MZ program"}, zipfile.ZIP_STORED))
    archive[30:41] = b"payload.exe"
    struct.pack_into("<L", archive, 18, 4)  # the local packed size
    members = all_of(bytes(archive))
    assert {(m.path, m.content) for m in members} >= {
        ("aaaaaaa.txt", b"MZ program"),
        ("payload.exe", b"MZ p"),
    }
    assert any(member.problem is Problem.DAMAGED for member in members)


def test_two_names_for_one_member_both_count() -> None:
    """A program that goes by the local header sees the other name."""
    archive = bytearray(zip_of({"aaaaaaa.txt": b"MZ program"}))
    archive[30:41] = b"payload.exe"
    assert found(all_of(bytes(archive))) == {
        "aaaaaaa.txt": b"MZ program",
        "payload.exe": b"MZ program",
    }


def test_a_self_extracting_archive_is_opened_behind_its_program() -> None:
    """Offsets count from the archive's own beginning or from the file's: both work."""
    archive = zip_of({"a.exe": b"MZ inside"})
    assert found(all_of(b"MZ" + b"\0" * 999 + archive)) == {"a.exe": b"MZ inside"}
    out = io.BytesIO(b"MZ" + b"\0" * 999)
    out.seek(0, io.SEEK_END)
    with zipfile.ZipFile(out, "a") as shifted:
        shifted.writestr("b.exe", b"MZ inside")
    assert found(all_of(out.getvalue())) == {"b.exe": b"MZ inside"}


def test_an_encrypted_member_is_named_and_reported() -> None:
    """Its name can still meet a rule; its content counts as not examined."""
    archive = bytearray(zip_of({"secret.exe": b"MZ"}))
    archive[6] |= 1
    archive[archive.index(b"PK\x01\x02") + 8] |= 1
    assert all_of(bytes(archive)) == [Member("secret.exe", b"", Problem.ENCRYPTED)]


def test_archives_within_an_old_office_file_are_opened_without_complaint() -> None:
    """Its sectors may hold one in pieces, which makes the file no damaged archive."""
    office = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(512, b"\0")
    whole = office + zip_of({"run.exe": b"MZ"})
    assert found(all_of(whole)) == {"run.exe": b"MZ"}
    cut = office + zip_of({"a.png": b"sector"}, zipfile.ZIP_STORED).replace(b"sector", b"SECTOR")
    assert all_of(cut) == []


def test_offsets_in_front_of_the_file_are_no_offsets() -> None:
    """A directory that points before the first byte is damaged."""
    archive = bytearray(zip_of({"a.txt": b"x" * 100}))
    at = archive.index(b"PK\x01\x02")
    struct.pack_into("<L", archive, len(archive) - 6, 0x05000000)
    struct.pack_into("<L", archive, at + 42, 4)
    assert Problem.DAMAGED in {member.problem for member in all_of(bytes(archive))}


def test_a_cut_archive_gives_what_is_left_and_is_reported() -> None:
    """The first member is whole; that the directory is missing is a problem."""
    whole = zip_of({"a.txt": b"first", "b.bin": os.urandom(5000)})
    members = all_of(whole[:3000])
    assert members[0] == Member("a.txt", b"first")
    assert Problem.DAMAGED in {member.problem for member in members}


def test_a_wrong_checksum_is_reported_with_the_content() -> None:
    """The bytes are still looked at."""
    archive = zip_of({"a.txt": b"first"}, zipfile.ZIP_STORED).replace(b"first", b"thirf")
    (member,) = all_of(archive)
    assert (member.content, member.problem) == (b"thirf", Problem.DAMAGED)


def test_an_unknown_method_is_reported() -> None:
    """A member that cannot be unpacked here is no clean member."""
    archive = bytearray(zip_of({"a.exe": b"MZ" * 50}))
    archive[8:10] = b"\x5d\x00"
    at = archive.index(b"PK\x01\x02")
    archive[at + 10 : at + 12] = b"\x5d\x00"
    assert all_of(bytes(archive)) == [Member("a.exe", b"", Problem.UNSUPPORTED)]


def test_a_dense_member_is_given_up_and_its_neighbours_are_still_read() -> None:
    """A bomb beside an executable does not shield the executable."""
    archive = zip_of({"bomb": b"\0" * 20_000_000, "run.exe": b"MZ"})
    members = {member.path: member for member in all_of(archive)}
    assert members["bomb"].problem is Problem.OVER_BUDGET
    assert members["run.exe"] == Member("run.exe", b"MZ")


def test_files_depth_and_bytes_are_limited() -> None:
    """Each limit ends in a member of problem over-budget."""
    many = zip_of({str(number): b"x" for number in range(30)})
    assert all_of(many, Limits(files=10))[-1].problem is Problem.OVER_BUDGET
    nested = b"x"
    for _ in range(12):
        nested = zip_of({"n": nested})
    deep = all_of(nested)
    assert deep[-1].problem is Problem.OVER_BUDGET
    assert deep[-1].path.count("/") == 7
    wide = zip_of({"a": os.urandom(6000), "b": os.urandom(6000)})
    assert all_of(wide, Limits(content_bytes=10_000))[-1].problem is Problem.OVER_BUDGET


def test_overlapping_members_cost_what_they_give() -> None:
    """Many directory entries for one piece of data are charged each time."""
    archive = zip_of({"a": b"y" * 1000}, zipfile.ZIP_STORED)
    at, end = archive.index(b"PK\x01\x02"), len(archive) - 22
    record = archive[at:end]
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 500, 500, 500 * len(record), at, 0)
    members = all_of(archive[:at] + record * 500 + tail, Limits(content_bytes=100_000))
    assert members[-1].problem is Problem.OVER_BUDGET
    assert len(members) <= 101


def test_a_file_full_of_signatures_ends_soon() -> None:
    """Local headers without members are not followed without end."""
    members = all_of(b"PK\x03\x04" * 100_000)
    assert members[-1].problem is Problem.OVER_BUDGET


@pytest.mark.timeout(20)
def test_the_bombs_of_the_collected_cases_stay_small() -> None:
    """att-05: not clean, and less than 300 MB of memory."""
    case = CASES / "att-05.eml"
    if not case.exists():
        pytest.skip("the collected cases are not beside this checkout")
    parts = Message(case.read_bytes()).attachments
    tracemalloc.start()
    problems = [{m.problem for m in all_of(part.content())} for part in parts]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [Problem.OVER_BUDGET in problem for problem in problems] == [True, True]
    assert peak < 300_000_000


files = st.dictionaries(
    st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=20),
    st.binary(max_size=300),
    max_size=5,
)


@settings(max_examples=100, deadline=None)
@given(files, st.sampled_from([0, 8, 12]), st.binary(max_size=50))
def test_what_a_writer_packs_comes_out(
    packed: dict[str, bytes], method: int, prefix: bytes
) -> None:
    """Names and contents of every honest archive, with anything in front of it."""
    members = all_of(prefix + zip_of(packed, method))
    top = {m.path: m.content for m in members if m.path in packed and not m.problem}
    assert top == packed or not packed


@settings(max_examples=150, deadline=None)
@given(files, st.data())
def test_damage_never_raises_and_stays_within_the_budget(
    packed: dict[str, bytes], data: st.DataObject
) -> None:
    """Any bytes changed anywhere: an answer, bounded, without an exception."""
    archive = bytearray(zip_of(packed | {"x": b"data" * 50}))
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(archive) - 1))
        archive[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(archive)))
    budget = Budget(Limits(content_bytes=50_000, files=50))
    assert sum(len(m.content) for m in unpack(bytes(archive[:cut]), budget)) <= 2 * 115_536


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_behind_a_signature_give_an_answer(noise: bytes) -> None:
    """No exception for noise that looks like a ZIP or a gzip stream."""
    for head in (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b\x08"):
        all_of(head + noise)
