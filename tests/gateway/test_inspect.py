"""The core's face for the shell, run as a program."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

CASES = Path(__file__).parent / "eml" / "cases"
ROOT = Path(__file__).parents[2]


def inspect(*paths: str) -> tuple[int, list[dict[str, object]]]:
    done = subprocess.run(
        [sys.executable, "-m", "mailsec.gateway", "inspect"],
        input="".join(f"{path}\n" for path in paths).encode("utf-8"),
        capture_output=True,
        cwd=ROOT,
        timeout=60,
        check=False,
    )
    assert done.stderr == b""
    return done.returncode, [json.loads(line) for line in done.stdout.decode("utf-8").splitlines()]


def test_a_message_becomes_one_json_line() -> None:
    """Every promised key is there, with the decoded content's digest."""
    path = str(CASES / "mime-06.eml")
    status, lines = inspect(path)
    assert status == 0
    assert len(lines) == 1
    line = lines[0]
    assert set(line) == {
        "path", "subject", "from", "to", "cc", "message_id", "text", "parts", "links", "defects",
    }  # fmt: skip
    assert line["path"] == path
    assert line["from"] == [{"name": "Example Trading", "address": "sender@example.jp"}]
    assert line["message_id"] == "<mime-06.20240401@mail.example.jp>"
    parts = line["parts"]
    assert isinstance(parts, list)
    assert [part["name"] for part in parts] == ["", "setup.exe", "24001.exe", "tool.exe"]
    content = b"Three files."
    assert parts[0] == {
        "index": 0, "type": "text/plain", "name": "", "charset": "us-ascii", "disposition": "",
        "size": len(content), "sha256": hashlib.sha256(content).hexdigest(),
    }  # fmt: skip


def test_japanese_is_written_as_it_is() -> None:
    """Standard output is UTF-8, whatever the locale."""
    _, lines = inspect(str(CASES / "hdr-02.eml"))
    assert lines[0]["subject"] == "要確認： お支払い期限のお知らせ （至急）"


def test_an_unreadable_file_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    """The exit status says so at the end."""
    status, lines = inspect(str(tmp_path / "absent"), str(tmp_path), str(CASES / "hdr-04.eml"))
    assert status == 1
    assert ["error" in line for line in lines] == [True, True, False]
