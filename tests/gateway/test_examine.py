"""The examination of files from the shell, run as a program."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mailsec.gateway.edits.texts import finding_text
from mailsec.gateway.filters import FILTERS
from mailsec.gateway.policy import Language
from mailsec.gateway.verdict import Finding, Severity
from quarantine.finding_words import KNOWN_CODES

CASES = Path(__file__).parent / "eml" / "cases"
ROOT = Path(__file__).parents[2]


def examine(*lines: str, options: tuple[str, ...] = ()) -> tuple[int, list[dict[str, object]]]:
    done = subprocess.run(
        [sys.executable, "-m", "mailsec.gateway", "examine", *options],
        input="".join(f"{line}\n" for line in lines).encode(),
        capture_output=True,
        cwd=ROOT,
        timeout=120,
        check=False,
    )
    assert done.stderr == b""
    return done.returncode, [json.loads(line) for line in done.stdout.decode("utf-8").splitlines()]


def test_each_file_becomes_one_line_with_its_fate(tmp_path: Path) -> None:
    """Programs are removed with the reason in words; clean mail is delivered as it is."""
    clean = tmp_path / "clean.eml"
    clean.write_bytes(
        b"From: a@example.jp\r\nTo: b@example.com\r\nSubject: minutes\r\n\r\nSee you at ten.\r\n"
    )
    status, lines = examine(str(CASES / "mime-06.eml"), "", str(clean))
    assert status == 0
    infected, harmless = lines
    assert infected["label"] == "forbidden"
    assert infected["removed"] == [2, 3, 4]
    findings = infected["findings"]
    assert isinstance(findings, list)
    assert any("not accepted" in finding["reason"] for finding in findings)
    assert (harmless["disposition"], harmless["label"]) == ("deliver", "clean")
    assert not harmless["tagged"]
    assert isinstance(harmless["score"], float)


def test_a_file_that_cannot_be_read_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    """And the exit status says so."""
    status, lines = examine(str(tmp_path / "absent"), str(CASES / "mime-01.eml"))
    assert status == 1
    assert "error" in lines[0]
    assert lines[1]["disposition"] == "deliver"


def test_likeness_is_judged_against_the_domains_that_are_named(tmp_path: Path) -> None:
    """In the language that is asked for."""
    mail = tmp_path / "a.eml"
    mail.write_bytes(b"From: a@exarnple.com\r\nSubject: x\r\n\r\nhello\r\n")
    options = ("--own-domain", "example.com", "--language", "ja")
    _, (line,) = examine(str(mail), options=options)
    assert line["warned"]
    findings = line["findings"]
    assert isinstance(findings, list)
    assert "似せた" in findings[0]["reason"]


@pytest.mark.parametrize("code", KNOWN_CODES)
@pytest.mark.parametrize("language", list(Language))
def test_every_finding_has_words(code: str, language: Language) -> None:
    """Of its own, in both languages."""
    text = finding_text(Finding("check", code, Severity.NOTE), language)
    assert "result of the examination" not in text
    assert "検査の結果" not in text
    assert FILTERS
