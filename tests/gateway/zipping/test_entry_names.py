"""Names in an archive, whatever the sender called the files."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsec.gateway.zipping.entry_names import entry_names, in_cp932, safe_name

HOSTILE = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from('./\\:*?"<>| \t\r\n\0\u202e\u200bカ\u3099ガ〜～éE\u0301あ表ſsSßẞ'),
    ),
    max_size=300,
)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("見積書.xlsx", "見積書.xlsx"),
        ("カ\u3099イト\u3099.pdf", "ガイド.pdf"),
        ("../../outside.txt", "_.._outside.txt"),
        ("C:\\temp\\evil.txt", "C__temp_evil.txt"),
        ("CON.txt", "_CON.txt"),
        ("com¹", "_com¹"),
        ("請求書\u202efdp.exe", "請求書fdp.exe"),
        ("report.pdf. .", "report.pdf"),
        ("a\r\nb.txt", "a  b.txt"),
        ("data.exe::$DATA", "data.exe__$DATA"),
        ("", "attachment"),
        ("...", "attachment"),
    ],
)
def test_a_name_keeps_what_is_harmless(name: str, safe: str) -> None:
    """Case att-02 and its kind."""
    assert safe_name(name) == safe


def test_a_long_name_keeps_its_extension() -> None:
    """The type is what the reader and the system go by."""
    name = safe_name("長" * 300 + ".xlsx")
    assert name.endswith("長.xlsx")
    assert 250 < len(name.encode()) <= 255


def test_equal_names_are_numbered_in_front_of_the_extension() -> None:
    """Also where only letter case or composition differ, which Windows and macOS do not see."""
    paths = [("a.txt",), ("A.TXT",), ("a.txt",), ("a (2).txt",), ("ガ",), ("カ\u3099",)]
    assert entry_names(paths) == [
        "a.txt",
        "A (2).TXT",
        "a (3).txt",
        "a (2) (2).txt",
        "ガ",
        "ガ (2)",
    ]


def test_folders_stay_folders_and_lead_nowhere_else() -> None:
    """The files of an archive that is packed anew keep their places in it."""
    paths = [("plans", "2024", "a.txt"), ("..", "a.txt"), ("plans", "2024", "a.txt")]
    assert entry_names(paths) == ["plans/2024/a.txt", "attachment/a.txt", "plans/2024/a (2).txt"]


@given(st.lists(st.lists(HOSTILE, min_size=1, max_size=3).map(tuple), max_size=8))
def test_names_are_as_many_as_files_safe_and_told_apart_everywhere(
    paths: list[tuple[str, ...]],
) -> None:
    """On no system does one file overwrite another, leave its folder or name a device."""
    names = entry_names(paths)
    assert len(names) == len(paths)
    keys = {unicodedata.normalize("NFC", name.casefold()) for name in names}
    assert len(keys) == len(names)
    for path, name in zip(paths, names, strict=True):
        parts = name.split("/")
        assert len(parts) == len(path)
        for part in parts:
            assert part
            assert part == part.strip(" .")
            assert len(part.encode()) <= 255
            assert not set(part) & set('\\:*?"<>|')
            assert not [char for char in part if unicodedata.category(char)[0] == "C"]
            assert part.partition(".")[0].upper() not in {"CON", "PRN", "AUX", "NUL", "COM1"}


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("見積〜2024.pdf", "見積～2024.pdf"),
        ("表紙.txt", "表紙.txt"),
        ("①㈱髙﨑.txt", "①㈱髙﨑.txt"),
        ("résumé😀.txt", "r_sum__.txt"),
    ],
)
def test_a_name_for_old_windows_is_what_it_shows(name: str, shown: str) -> None:
    """Case att-03: vendor characters stay, what the code lacks becomes a visible sign."""
    assert in_cp932(name).decode("cp932") == shown
