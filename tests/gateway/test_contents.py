"""Everything in a message that could harm is handed to the filters."""

from __future__ import annotations

import base64
import io
import os
import zipfile
from pathlib import Path

import pytest

from mailsec.gateway.contents import Content, contents
from mailsec.gateway.message import Message
from mailsec.gateway.unpack import Limits, Problem

CASES = Path(os.environ.get("MAILSEC_CASES", Path(__file__).parents[3] / "shared" / "cases"))


def zip_of(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, content)
    return out.getvalue()


def mail(*parts: bytes) -> Message:
    body = b"".join(b"--b\r\n" + part + b"\r\n" for part in parts)
    return Message(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + body + b"--b--\r\n")


def attached(content: bytes, fields: bytes = b"Content-Type: application/zip; name=a.zip") -> bytes:
    coded = base64.encodebytes(content).replace(b"\n", b"\r\n")
    return fields + b"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + coded


def test_parts_and_members_come_in_order() -> None:
    """Each with the way to it; the letter is marked as such."""
    message = mail(b"\r\nhello", attached(zip_of("run.exe", b"MZ\0")))
    found = [(c.part, c.name, c.inside, c.is_text_body) for c in contents(message)]
    assert found == [(1, "", "", True), (2, "a.zip", "", False), (2, "a.zip", "run.exe", False)]


def test_every_claimed_name_counts() -> None:
    """Programs differ in which parameter they show."""
    fields = (
        b"Content-Type: application/octet-stream; name=a.scr\r\n"
        b"Content-Disposition: attachment; filename=a.txt"
    )
    (content,) = contents(mail(attached(b"hello", fields)))
    assert content.file_type.extensions == {"scr", "txt"}


def test_base64_that_goes_on_behind_its_padding_is_read_in_both_ways() -> None:
    """Some programs stop there, others do not."""
    part = (
        b"Content-Type: text/plain; name=a.txt\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + base64.b64encode(b"hello") + base64.b64encode(b"MZ\0 program")
    )  # fmt: skip
    assert [c.data for c in contents(mail(part))] == [b"hello", b"helloMZ\0 program"]


def test_an_attached_message_is_looked_at_whole_and_in_parts() -> None:
    """Something else may stand under that label."""
    part = b"Content-Type: message/rfc822\r\n\r\n" + b"Subject: inner\r\n\r\nhello"
    assert [c.data for c in contents(mail(part))] == [b"Subject: inner\r\n\r\nhello", b"hello"]


def test_archives_of_one_message_share_a_budget() -> None:
    """Many small archives are as costly as a large one."""
    archive = attached(zip_of("a.txt", b"x" * 600))
    found = list(contents(mail(archive, archive), Limits(content_bytes=1000)))
    assert found[-1].problem is Problem.OVER_BUDGET
    assert [c.problem for c in found].count(Problem.OVER_BUDGET) == 1


def of_case(name: str) -> list[Content]:
    path = CASES / name
    if not path.exists():
        pytest.skip("the collected cases are not beside this checkout")
    return list(contents(Message(path.read_bytes())))


def test_a_rar_with_encrypted_headers_is_encrypted_under_its_own_name() -> None:
    """att-06: it lists no files, which makes it neither empty nor clean."""
    (problem,) = [content for content in of_case("att-06.eml") if content.problem]
    assert (problem.name, problem.inside, problem.problem) == ("docs.rar", "", Problem.ENCRYPTED)


def test_office_files_with_false_names_are_told_by_their_content() -> None:
    """att-07: each part by its real type."""
    kinds = {c.name: c.file_type.kind for c in of_case("att-07.eml") if c.name and not c.inside}
    assert kinds == {"minutes.doc": "rtf", "plan.xlsx": "ole", "offer.pdf": "docm"}


def test_uuencoded_and_tnef_files_are_found_with_their_names() -> None:
    """att-08: CP932 by the code page of the TNEF, JIS by the charset of the text."""
    found = {content.inside: content for content in of_case("att-08.eml") if content.inside}
    assert set(found) == {"設計書.csv", "run.exe", "見積書.xlsx", "tool.exe"}
    assert len(found["設計書.csv"].data) == 156
    assert len(found["見積書.xlsx"].data) == 17
    assert found["run.exe"].file_type.kind == found["tool.exe"].file_type.kind == "exe"


def test_parts_whose_header_fields_are_broken_are_told_by_their_content() -> None:
    """mime-06: all three are programs."""
    kinds = [c.file_type.kind for c in of_case("mime-06.eml") if not c.is_text_body]
    assert kinds.count("exe") == 3


def test_a_name_that_is_turned_round_counts_as_what_it_is() -> None:
    """att-02: the direction mark does not hide the extension."""
    turned = [c for c in of_case("att-02.eml") if "\u202e" in "".join((c.name, c.inside))]
    assert turned
    assert all("exe" in content.file_type.extensions for content in turned)


def test_a_uuencoded_part_counts_under_the_name_in_its_code() -> None:
    """The header field may say something else, or nothing."""
    code = b"begin 644 run.scr\r\n" + b"#86)C\r\n`\r\nend\r\n"
    part = b"Content-Type: text/plain\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\n" + code
    assert {c.inside: c.data for c in contents(mail(part))} == {"": b"abc", "run.scr": b"abc"}


def test_a_message_in_an_archive_is_opened() -> None:
    """With its parts, however they are encoded."""
    inner = attached(b"MZ\0 program", b"MIME-Version: 1.0\r\nContent-Type: image/png; name=a.exe")
    found = {c.inside: c.data for c in contents(mail(attached(zip_of("a.eml", inner))))}
    assert found["a.eml/a.exe"] == b"MZ\0 program"


def test_an_attachment_that_stands_in_a_text_is_found() -> None:
    """Programs that read the fields above it otherwise show it."""
    inner = attached(b"MZ\0 program", b"Content-Type: image/png; name=a.exe")
    found = {c.inside: c.data for c in contents(mail(b"\r\nhello\r\n\r\n--x\r\n" + inner))}
    assert found["a.exe"] == b"MZ\0 program"
