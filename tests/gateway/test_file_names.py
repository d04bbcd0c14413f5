"""File names show what they are, whatever is hidden in them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsec.gateway.file_names import clean_name, real_extension


@pytest.mark.parametrize(
    ("name", "extension"),
    [
        ("report.pdf", "pdf"),
        ("setup.EXE", "exe"),
        ("report.pdf.exe", "exe"),
        ("請求書\u202efdp.exe", "exe"),
        ("a.e\u200bxe", "exe"),
        ("setup.exe.", "exe"),
        ("setup.exe . .", "exe"),
        ("setup.exe\u3000\u00a0", "exe"),
        ("setup.exe::$DATA", "exe"),
        ("setup.exe:stream", "exe"),
        ("setup.exe.::$DATA", "exe"),
        ("setup.exe\0.pdf", "exe"),
        ('setup.exe"', "exe"),
        ("..\\..\\setup.exe", "exe"),
        ("a/b.txt", "txt"),
        ("C:\\temp\\evil.txt", "txt"),
        (".exe", "exe"),
        ("no extension", ""),
        ("", ""),
        ("...", ""),
        ("folder.exe/readme", ""),
    ],
)
def test_the_extension_is_the_one_that_windows_acts_upon(name: str, extension: str) -> None:
    """Direction marks, tails, streams and NUL do not hide it."""
    assert real_extension(name) == extension


def test_a_name_for_people_has_no_tricks_left() -> None:
    """One line, no direction marks, long ones cut in the middle."""
    assert clean_name("請求書\u202efdp\r\n.exe") == "請求書fdp .exe"
    cut = clean_name("x" * 300 + ".exe")
    assert len(cut) == 121
    assert cut.endswith(".exe")


@settings(deadline=None)
@given(st.text())
def test_any_name_gives_a_clean_line(name: str) -> None:
    """No control, direction or surrogate character is ever shown."""
    shown = clean_name(name)
    assert all(unicodedata.category(char)[0] != "C" for char in shown)
    assert "\n" not in shown
    real_extension(name)
