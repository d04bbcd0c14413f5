"""ISO 9660 images: every tree of names, and no way round in circles."""

from __future__ import annotations

import random
import struct
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demo.place import CHECKOUT
from mailsec.gateway.archives.iso_members import read
from mailsec.gateway.errors import BudgetExceeded
from mailsec.gateway.unpack import Budget, Label, Limits, Member, Problem, unpack
from tests.gateway.archives.containers import FILES, by_libarchive
from tests.gateway.archives.images import (
    DIRECTORY,
    FIRST_FREE,
    MORE_FOLLOWS,
    SECTOR,
    both,
    continued,
    descriptor,
    entry,
    image,
    named,
    one_tree,
    record,
    zisofs,
)

_PACK = CHECKOUT.parent / "shared" / "corpora" / "attachments-open.tar.xz"
PROGRAM = b"MZ\0 program"


def members(content: bytes, limits: Limits | None = None) -> list[Member]:
    return list(read(content, Label(), Budget(limits or Limits())))


def plain(content: bytes) -> list[tuple[str, bytes]]:
    """The members, none of which has a problem."""
    found = members(content)
    assert not [member for member in found if member.problem]
    return [(member.path, member.content) for member in found]


def problems(content: bytes) -> set[tuple[str, Problem]]:
    return {(member.path, member.problem) for member in members(content) if member.problem}


class TestNames:
    def test_a_version_is_no_part_of_a_name(self) -> None:
        """No system shows it; a lone dot in front of it belongs to it."""
        root = record(b"RUN.EXE;1", 21, 11) + record(b"README.;1", 22, 2)
        assert plain(one_tree(root, s21=PROGRAM, s22=b"hi")) == [
            ("RUN.EXE", PROGRAM),
            ("README", b"hi"),
        ]

    def test_rock_ridge_names_outweigh_short_ones(self) -> None:
        """In several entries, and where they go on in another place."""
        long = named(b"invoice of ") + continued(22, 8, 14)
        root = record(b"INVOICE.EXE;1", 21, 11, extra=long)
        found = plain(one_tree(root, s21=PROGRAM, s22=bytes(8) + named(b"march.exe")))
        assert found == [("invoice of march.exe", PROGRAM)]

    def test_a_file_of_two_trees_comes_once_under_the_longer_name(self) -> None:
        """As Windows shows it."""
        joliet = record("見積書 2026.exe".encode("utf-16-be"), 22, 11)
        content = image(
            {20: record(b"ESTIMATE.EXE;1", 22, 11), 21: joliet, 22: PROGRAM},
            descriptor(1, 20, SECTOR),
            descriptor(2, 21, SECTOR, b"%/E"),
        )
        assert plain(content) == [("見積書 2026.exe", PROGRAM)]

    def test_a_name_that_says_another_type_is_told_too(self) -> None:
        """A script is what its name says."""
        joliet = record("note.js".encode("utf-16-be"), 22, 2)
        content = image(
            {20: record(b"NOTE.TXT;1", 22, 2), 21: joliet, 22: b"hi"},
            descriptor(1, 20, SECTOR),
            descriptor(2, 21, SECTOR, b"%/@"),
        )
        assert plain(content) == [("note.js", b"hi"), ("NOTE.TXT", b"hi")]

    def test_a_tree_that_one_system_shows_hides_nothing_from_us(self) -> None:
        """Rock Ridge's tree is harmless, Joliet's holds the program."""
        content = image(
            {
                20: record(b"A.TXT;1", 22, 2, extra=named(b"a.txt")),
                21: record("run.exe".encode("utf-16-be"), 23, 11),
                22: b"hi",
                23: PROGRAM,
            },
            descriptor(1, 20, SECTOR),
            descriptor(2, 21, SECTOR, b"%/C"),
        )
        assert dict(plain(content)) == {"a.txt": b"hi", "run.exe": PROGRAM}

    def test_folders_stand_in_front_of_names(self) -> None:
        """Also in a directory of several sectors."""
        root = record(b"SUB", 21, 2 * SECTOR, DIRECTORY)
        content = one_tree(
            root,
            s21=record(b"A.TXT;1", 23, 2),
            s22=record(b"B.EXE;1", 24, 11),
            s23=b"hi",
            s24=PROGRAM,
        )
        assert plain(content) == [("SUB/A.TXT", b"hi"), ("SUB/B.EXE", PROGRAM)]


class TestContent:
    def test_sections_of_one_file_are_put_together(self) -> None:
        """Files of over 4 GB are written so; smaller ones may be."""
        root = record(b"A.EXE;1", 22, 4, MORE_FOLLOWS) + record(b"A.EXE;1", 21, 7)
        content = one_tree(root, s21=PROGRAM[4:], s22=PROGRAM[:4])
        assert plain(content) == [("A.EXE", PROGRAM)]

    def test_a_file_behind_attributes_begins_behind_them(self) -> None:
        """Their blocks are counted in the record."""
        inside = bytearray(record(b"A.EXE;1", 21, 11))
        inside[1] = 1
        assert plain(one_tree(bytes(inside), s22=PROGRAM)) == [("A.EXE", PROGRAM)]

    def test_what_linux_unpacks_is_unpacked(self) -> None:
        """Beside the packed bytes, which other systems show."""
        whole = PROGRAM * 5000 + bytes(100_000)
        packed = zisofs(whole)
        extra = named(b"a.bin") + entry(b"ZF", b"pz\4\x0f" + both(len(whole)))
        content = one_tree(record(b"A.BIN;1", 21, len(packed), extra=extra), s21=packed)
        assert plain(content) == [("a.bin", packed), ("a.bin", whole)]

    def test_broken_zisofs_is_damaged(self) -> None:
        """With what could be read; an unknown size of blocks is unsupported."""
        packed = bytearray(zisofs(PROGRAM * 9000))
        extra = named(b"a.bin") + entry(b"ZF", b"pz\4\x0f" + both(1))
        for at, value, problem in (
            (13, 40, Problem.UNSUPPORTED),
            (60, 255, Problem.DAMAGED),
            (16, 255, Problem.DAMAGED),
            (11, 255, Problem.DAMAGED),
        ):
            broken = bytes(packed[:at]) + bytes([value]) + bytes(packed[at + 1 :])
            content = one_tree(record(b"A.BIN;1", 21, len(broken), extra=extra), s21=broken)
            assert ("a.bin", problem) in problems(content)

    def test_zeros_without_end_spend_the_budget(self) -> None:
        """A block of zeros takes four bytes."""
        packed = zisofs(bytes(30_000_000))
        extra = named(b"a.bin") + entry(b"ZF", b"pz\4\x0f" + both(1))
        content = one_tree(record(b"A.BIN;1", 21, len(packed), extra=extra), s21=packed)
        assert problems(content) == {("a.bin", Problem.OVER_BUDGET)}

    def test_rock_ridges_word_counts_as_well_as_the_records(self) -> None:
        """Linux believes the one, Windows the other: what is a directory for one is opened, what is
        a file for one is a file."""
        file_at_heart = entry(b"PX", both(0o100644) + both(1) + both(0) + both(0))
        folder_at_heart = entry(b"PX", both(0o040755) + both(1) + both(0) + both(0))
        root = record(b"A.EXE", 21, 11, DIRECTORY, file_at_heart)
        root += record(b"B", 22, SECTOR, 0, folder_at_heart)
        content = one_tree(root, s21=PROGRAM, s22=record(b"C.EXE;1", 23, 11), s23=PROGRAM)
        found = {(member.path, member.content[:11]) for member in members(content)}
        assert {("A.EXE", PROGRAM), ("B/C.EXE", PROGRAM)} <= found

    def test_a_directory_that_was_moved_is_found_where_it_stands(self) -> None:
        """Though no other record leads there."""
        moved = record(b"\0", 22, SECTOR, DIRECTORY) + record(b"C.EXE;1", 23, 11)
        root = record(b"B", 21, 0, extra=named(b"b") + entry(b"CL", both(22)))
        assert ("b/C.EXE", PROGRAM) in plain(one_tree(root, s22=moved, s23=PROGRAM))


class TestBroken:
    def test_a_cut_image_keeps_what_is_there(self) -> None:
        """Whole files come whole, the one at the cut as far as it goes."""
        root = record(b"A.EXE;1", 21, 11) + record(b"B.BIN;1", 22, 5000)
        whole = one_tree(root, s21=PROGRAM, s22=b"x" * 5000)
        found = members(whole[: 22 * SECTOR + 100])
        assert [(m.path, len(m.content), m.problem) for m in found] == [
            ("A.EXE", 11, Problem.NONE),
            ("B.BIN", 100, Problem.DAMAGED),
        ]

    def test_a_volume_that_says_it_is_larger_is_damaged(self) -> None:
        """Even where every file is there."""
        content = image(
            {20: record(b"A.EXE;1", 21, 11), 21: PROGRAM}, descriptor(1, 20, SECTOR, sectors=500)
        )
        assert [member.path for member in members(content)] == ["A.EXE", ""]
        assert problems(content) == {("", Problem.DAMAGED)}

    def test_names_that_go_on_in_themselves_end(self) -> None:
        """The chain that spins libarchive: entries whose continuation is their own place."""
        loop = continued(22, 0, 28)
        root = record(b"A.EXE;1", 21, 11, extra=named(b"a") + loop) + record(b"B.EXE;1", 21, 11)
        content = one_tree(root, s21=PROGRAM, s22=loop)
        found = members(content)
        assert [(m.path, m.problem) for m in found] == [
            ("a", Problem.NONE),
            ("B.EXE", Problem.NONE),
            ("", Problem.DAMAGED),
        ]

    def test_a_directory_inside_itself_is_read_once(self) -> None:
        """And two that hold each other."""
        inside = record(b"A.EXE;1", 22, 11) + record(b"UP", 20, SECTOR, DIRECTORY)
        root = record(b"SUB", 21, SECTOR, DIRECTORY) + record(b"SELF", 20, SECTOR, DIRECTORY)
        assert plain(one_tree(root, s21=inside, s22=PROGRAM)) == [("SUB/A.EXE", PROGRAM)]

    def test_a_shorter_look_at_a_directory_hides_nothing(self) -> None:
        """The first record calls it small, the second whole."""
        first, second = record(b"A.TXT;1", 22, 2), record(b"B.EXE;1", 23, 11)
        for order in ((len(first), SECTOR), (SECTOR, len(first))):
            root = b"".join(record(b"D%d" % size, 21, size, DIRECTORY) for size in order)
            content = one_tree(root, s21=first + second, s22=b"hi", s23=PROGRAM)
            assert PROGRAM in {member.content for member in members(content)}

    @pytest.mark.parametrize(
        "root",
        [
            b"\x21" + bytes(40),  # shorter than any record
            record(b"A.EXE;1", 21, 11)[:32] + b"\xf0A",  # a name longer than its record
            record(b"A", 9999, SECTOR, DIRECTORY),  # a directory outside
            record(b"A.EXE;1", 21, 11, extra=named(b"a") + continued(9999, 0, 50)),
            record(
                b"A.EXE;1", 21, 11, extra=entry(b"NM", b"\0" + b"a" * 100) + continued(20, 40, 133)
            ),
            record(b"A.EXE;1", 21, 11, MORE_FOLLOWS),
        ],
    )
    def test_what_leads_nowhere_is_damaged(self, root: bytes) -> None:
        """Never clean."""
        assert ("", Problem.DAMAGED) in problems(one_tree(root, s21=PROGRAM))

    def test_an_image_with_a_udf_tree_is_not_wholly_read(self) -> None:
        """What ISO 9660 shows of it comes out, and that there may be more is said."""
        content = image({20: record(b"README.TXT;1", 22, 2), 22: b"hi"}, descriptor(1, 20, SECTOR))
        udf = bytearray(content)
        for sector, mark in ((18, b"\0BEA01\1"), (19, b"\0NSR02\1")):
            udf[sector * SECTOR : sector * SECTOR + 7] = mark
        assert plain(content) == [("README.TXT", b"hi")]
        found = [(member.path, member.problem) for member in members(bytes(udf))]
        assert found == [("README.TXT", Problem.NONE), ("", Problem.UNSUPPORTED)]

    def test_udf_alone_is_not_read_and_said_to_be_so(self) -> None:
        """Windows shows it as it shows the other."""
        content = image({16: b"\0BEA01\1", 17: b"\0NSR03\1", 18: b"\0TEA01\1", 40: PROGRAM})
        for found in (members(content), list(unpack(content, Budget()))):
            assert [(member.path, member.problem) for member in found] == [
                ("", Problem.UNSUPPORTED)
            ]

    def test_a_sector_that_nobody_knows_hides_no_tree(self) -> None:
        """Linux passes over it."""
        content = image(
            {20: record(b"A.EXE;1", 21, 11), 21: PROGRAM}, b"?", descriptor(1, 20, SECTOR)
        )
        assert [member.content for member in unpack(content, Budget())] == [PROGRAM]

    def test_an_image_without_a_tree_is_damaged(self) -> None:
        """As is one that ends inside its first descriptor."""
        whole = one_tree(b"")
        for content in (whole[: 16 * SECTOR + 100], image({}, b"\0CD001\1")):
            assert problems(content) == {("", Problem.DAMAGED)}


class TestBounds:
    def test_many_records_spend_the_budget(self) -> None:
        """Also where they are directories, or the same one again."""
        line = record(b"D", FIRST_FREE, SECTOR, DIRECTORY)
        with pytest.raises(BudgetExceeded):
            members(one_tree(line * 40), Limits(files=30))

    def test_many_names_for_the_same_bytes_spend_the_budget(self) -> None:
        """Files over one extent are as large as their sum."""
        root = b"".join(record(b"F%d.BIN;1" % number, 21, 2000) for number in range(30))
        with pytest.raises(BudgetExceeded):
            members(one_tree(root, s21=b"x" * 2000), Limits(content_bytes=20_000))

    def test_directories_over_the_whole_image_are_read_once(self) -> None:
        """Told by the clock, which is asked for each sector and each record; and since no sound
        image has them, it is damaged."""
        size, asked = 400 * SECTOR, 0

        def clock() -> float:
            nonlocal asked
            asked += 1
            return 0.0

        root = b"".join(record(b"D%d" % number, 20, size, DIRECTORY) for number in range(40))
        budget = Budget(Limits(), clock=clock)
        found = list(read(one_tree(root) + bytes(size), Label(), budget))
        assert [member.problem for member in found] == [Problem.DAMAGED]
        assert asked < 5 * 420

    def test_endless_paths_are_cut_from_the_front(self) -> None:
        """The end says what a file is."""
        sectors, name = {}, b"d" * 200
        for depth in range(60):
            extra = named(name)
            sectors[f"s{21 + depth}"] = record(b"D", 22 + depth, SECTOR, DIRECTORY, extra)[:255]
        sectors["s81"] = record(b"RUN.EXE;1", 82, 11)
        sectors["s82"] = PROGRAM
        (found,) = members(one_tree(record(b"D", 21, SECTOR, DIRECTORY), **sectors))
        assert len(found.path) == 4096 and found.path.endswith("d/RUN.EXE")

    @settings(max_examples=300, deadline=None)
    @given(st.integers(0, 2**32), st.integers(1, 30))
    def test_damage_never_raises_and_never_spins(self, seed: int, hits: int) -> None:
        """Fields of records and entries set to anything."""
        chance = random.Random(seed)
        loop = named(b"a") + continued(22, 0, 60)
        root = record(b"\0", 20, SECTOR, DIRECTORY) + record(b"SUB", 23, SECTOR, DIRECTORY)
        root += record(b"A.EXE;1", 21, 11, extra=loop)
        content = bytearray(
            image(
                {20: root, 21: PROGRAM, 22: named(b"b") * 4, 23: record(b"C.EXE;1", 21, 11)},
                descriptor(1, 20, SECTOR),
                descriptor(2, 23, SECTOR, b"%/E"),
            )
        )
        places = [at for at, byte in enumerate(content) if byte] + list(
            range(20 * SECTOR, 20 * SECTOR + 300)
        )
        for _ in range(hits):
            content[chance.choice(places)] = chance.choice(
                (0, 1, 2, 20, 22, 255, chance.randrange(256))
            )
        limits = Limits(files=200, content_bytes=100_000)
        found = list(unpack(bytes(content), Budget(limits)))
        assert len(found) <= 3 * limits.files


def test_what_the_systems_library_writes_is_read() -> None:
    """Under the names that were given, once each."""
    files = {**FILES, "見積書.xlsx": b"PK\3\4 sheet", "a/b/c.txt": b"deep"}
    assert dict(plain(by_libarchive("iso9660", files))) == files


@pytest.mark.corpus
@pytest.mark.skipif(not _PACK.exists(), reason="the public corpora are not beside the checkout")
def test_the_images_of_the_corpus_are_read() -> None:
    """Every image gives files or a problem, the loop of names among them."""
    looped = 0
    with tarfile.open(_PACK) as pack:
        for member in pack:
            if ".iso" not in member.name or "format_iso.iso" in member.name:
                continue
            opened = pack.extractfile(member)
            assert opened is not None
            budget = Budget()
            found = list(unpack(opened.read(), budget, Label(member.name)))
            assert found, member.name
            if "ce_loop" in member.name:
                looped += 1
                assert Problem.DAMAGED in {each.problem for each in found}
    assert looped == 1


def test_a_record_may_be_as_long_as_a_byte_can_say() -> None:
    """255 octets, of which the name is what Rock Ridge says."""
    extra = named(b"n" * 200)
    long = record(b"A.EXE;1", 21, 11, extra=extra)
    assert struct.unpack("B", long[:1])[0] == len(long) > 240
    assert plain(one_tree(long, s21=PROGRAM)) == [("n" * 200, PROGRAM)]
