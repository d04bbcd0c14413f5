"""Everything in a message that could harm is handed to the filters."""

from __future__ import annotations

import base64
import io
import zipfile

from mailsec.gateway.contents import contents
from mailsec.gateway.message import Message
from mailsec.gateway.unpack import Limits, Problem


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
