"""The edit command, as a person types it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from mailsec.gateway.edit import edit
from mailsec.gateway.inspect import describe
from mailsec.gateway.message import Message

RAW = (
    b'Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
    b"--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    b"hello\r\n"
    b'--b\r\nContent-Type: application/octet-stream; name="a.exe"\r\n\r\nMZ\r\n'
    b'--b\r\nContent-Type: application/octet-stream; name="b.exe"\r\n\r\nMZ\r\n--b--\r\n'
)


def run(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "mailsec.gateway", "edit", *arguments]
    return subprocess.run(
        command, capture_output=True, check=False, cwd=Path(__file__).parents[2], timeout=60
    )


def test_all_options_work_together(tmp_path: Path) -> None:
    """The edited message is on standard output, bytes as they are."""
    path = tmp_path / "mail.eml"
    path.write_bytes(RAW)
    result = run(
        "--subject-prefix", "[SPAM] ", "--banner", "お知らせ",
        "--remove-part", "1", "--remove-part", "2", str(path),
    )  # fmt: skip
    assert (result.returncode, result.stderr) == (0, b"")
    edited = Message(result.stdout)
    assert edited.subject == "[SPAM] x"
    assert [part.text() for part in edited.parts[1:]] == ["お知らせ\r\n\r\nhello"]


def test_a_file_with_bare_cr_is_edited_in_its_own_way() -> None:
    """Old systems end lines with CR alone: the same edit, with the same line ends."""
    raw = RAW.replace(b"\r\n", b"\r")
    edited = edit(raw, [1, 2], "notice", "[SPAM] ")
    assert edited == edit(RAW, [1, 2], "notice", "[SPAM] ").replace(b"\r\n", b"\r")


def test_a_parts_number_is_its_place_in_the_list_of_inspect() -> None:
    """Containers have no number, so nobody has to count what the list does not show."""
    listed = describe(Message(RAW))["parts"]
    assert isinstance(listed, list)
    assert [part["index"] for part in listed] == [0, 1, 2]
    left = describe(Message(edit(RAW, [1], "", "")))["parts"]
    assert isinstance(left, list)
    assert [part["name"] for part in left] == ["", "b.exe"]


def test_without_options_the_message_is_itself(tmp_path: Path) -> None:
    """Byte for byte."""
    path = tmp_path / "mail.eml"
    path.write_bytes(RAW)
    assert run(str(path)).stdout == RAW


def test_what_cannot_be_done_is_said_on_standard_error(tmp_path: Path) -> None:
    """With status 2 and no output: no such part, no such file, a signed part."""
    path = tmp_path / "mail.eml"
    path.write_bytes(RAW.replace(b"multipart/mixed", b"multipart/signed"))
    for arguments in (
        ["--remove-part", "9", str(path)],
        ["--remove-part", "-1", str(path)],
        ["--remove-part", "1", str(path)],
        [str(tmp_path / "missing.eml")],
    ):
        result = run(*arguments)
        assert (result.returncode, result.stdout) == (2, b"")
        assert result.stderr.startswith(b"edit: ")
        assert b"Traceback" not in result.stderr
