"""Viruses and programs on both ways: removed with a notice inbound, held outbound."""

from __future__ import annotations

import io
import zipfile

import pytest
from selectolax.lexbor import LexborHTMLParser

from mailsec.gateway.message import Message
from tests.journeys.mails import (
    EICAR,
    NOTICE,
    PROGRAM,
    SENDER,
    USER,
    arrived,
    attachments,
    deliver,
    marker,
    pass_by,
    plain,
    text_part,
    with_file,
)
from tests.service import Service

pytestmark = pytest.mark.stack


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


CONDEMNED = {
    "a virus": ("eicar.txt", EICAR, "virus"),
    "a virus in a ZIP": ("a.zip", zipped({"eicar.txt": EICAR}), "virus"),
    "a virus in a ZIP in a ZIP": ("a.zip", zipped({"b.zip": zipped({"c": EICAR})}), "virus"),
    "a program": ("setup.exe", PROGRAM, "file-type"),
    "a program by content": ("photo.jpg", PROGRAM, "file-type"),
    "a script by name": ("run.js", b"var a = 1;\r\n", "file-type"),
    "a program in a ZIP": ("a.zip", zipped({"setup.exe": PROGRAM}), "file-type"),
    "a program in a ZIP in a ZIP": (
        "a.zip",
        zipped({"readme.txt": b"x", "b.zip": zipped({"list.csv": PROGRAM})}),
        "file-type",
    ),
}


@pytest.mark.parametrize("kind", CONDEMNED)
def test_a_condemned_file_is_removed_and_the_rest_delivered(
    running_service: Service, kind: str
) -> None:
    """The notice at the head of the body names file, reason and time; text and record stay."""
    name, content, code = CONDEMNED[kind]
    mark = marker("condemned")
    message = deliver(running_service, with_file(mark, name, content, b"the letter\r\n"), mark)
    assert attachments(message) == {}
    text = text_part(message).text()
    assert NOTICE in text
    assert f"File: {name}" in text
    assert "Time: " in text
    assert text.rstrip().endswith("the letter")
    record = running_service.settled("alpha", mark)
    assert record["state"] == "closed"
    assert record["changed"] is True
    assert code in {finding["code"] for finding in record["findings"]}


def test_harmless_files_beside_a_condemned_one_stay(running_service: Service) -> None:
    """Only that part goes; the other bytes are the same."""
    mark = marker("beside")
    first = with_file(mark, "list.csv", b"a,b\r\n1,2\r\n")
    second = with_file("inner", "setup.exe", PROGRAM).partition(b"\r\n--cut\r\n")[2]
    both = first.removesuffix(b"--cut--\r\n") + b"--cut\r\n" + second.partition(b"--cut\r\n")[2]
    message = deliver(running_service, both, mark)
    assert attachments(message) == {"list.csv": b"a,b\r\n1,2\r\n"}


def test_the_notice_stands_in_text_and_html(running_service: Service) -> None:
    """Whatever form the reader's program shows."""
    mark = marker("two-forms")
    letter = (
        b'Content-Type: multipart/alternative; boundary="in"\r\n\r\n'
        b"--in\r\nContent-Type: text/plain\r\n\r\nthe letter\r\n"
        b"--in\r\nContent-Type: text/html\r\n\r\n<html><body><p>the letter</p></body></html>\r\n"
        b"--in--"
    )
    mail = with_file(mark, "setup.exe", PROGRAM).replace(
        b"Content-Type: text/plain; charset=us-ascii\r\n\r\nbody\r\n", letter
    )
    message = deliver(running_service, mail, mark)
    assert NOTICE in text_part(message).text()
    body = LexborHTMLParser(text_part(message, "text/html").text()).body
    assert body is not None
    assert body.text().index(NOTICE) < body.text().index("the letter")


@pytest.mark.parametrize("kind", ["a virus", "a virus in a ZIP in a ZIP", "a program"])
def test_outbound_mail_with_a_condemned_file_is_held_whole(
    running_service: Service, kind: str
) -> None:
    """A company's letter goes whole or not at all: quarantined, nothing reaches the partner."""
    name, content, code = CONDEMNED[kind]
    mark = marker("outbound-condemned")
    sender = "boss@alpha.example.jp"
    mail = with_file(mark, name, content, sender=sender, to="partner@example.com")
    codes = running_service.submit("alpha", sender, ["partner@example.com"], mail)
    assert codes == [250, 250, 250]
    record = running_service.settled("alpha", mark)
    assert record["state"] == "quarantined"
    assert [copy["state"] for copy in record["deliveries"]] == ["withheld"]
    assert code in {finding["code"] for finding in record["findings"]}
    assert not running_service.mails("outside", mark.encode())


def test_a_clean_file_leaves_untouched(running_service: Service) -> None:
    """A ZIP with a text in it passes byte for byte."""
    mark = marker("clean-zip")
    mail = with_file(mark, "a.zip", zipped({"list.csv": b"a,b\r\n"}))
    assert deliver(running_service, mail, mark).raw.endswith(mail)


def test_a_signed_mail_with_a_virus_is_held(running_service: Service) -> None:
    """A signed part is never altered; so the mail does not pass at all."""
    mark = marker("signed")
    inner = with_file(mark, "eicar.txt", EICAR).partition(b"\r\n\r\n")[2]
    mail = plain(
        mark,
        b'--sig\r\nContent-Type: multipart/mixed; boundary="cut"\r\n\r\n'
        + inner
        + b"--sig\r\nContent-Type: application/pkcs7-signature\r\n\r\nx\r\n--sig--\r\n",
        fields=b"MIME-Version: 1.0\r\nContent-Type: multipart/signed; "
        b'protocol="application/pkcs7-signature"; micalg=sha-256; boundary="sig"\r\n',
    )
    assert running_service.send(SENDER, [USER], mail)[-1] == 250
    assert running_service.settled("alpha", mark)["state"] == "quarantined"
    assert not running_service.mails("alpha", mark.encode())


def test_a_file_that_the_operator_blocked_is_a_virus(running_service: Service) -> None:
    """It holds for mail that comes seconds later; taken off the list, it passes again."""
    digest = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"  # of b"foo"
    running_service.manage("threat", "block", digest, "Blocked.Test")

    def passes() -> bool:
        mark = marker("blocked")
        return bool(attachments(deliver(running_service, with_file(mark, "foo.txt", b"foo"), mark)))

    assert running_service.wait_for(lambda: not passes(), 15)
    running_service.manage("threat", "unblock", digest)
    assert running_service.wait_for(passes, 15)


def test_archives_that_cannot_be_examined_carry_a_warning(running_service: Service) -> None:
    """An encrypted ZIP is never called clean: the mail arrives with the reason at its head."""
    mark = marker("encrypted")
    archive = bytearray(zipped({"a.txt": b"text " * 50}))
    archive[6] |= 1  # the general purpose flag "encrypted", in the local and the central record
    archive[archive.index(b"PK\x01\x02") + 8] |= 1
    message = deliver(running_service, with_file(mark, "a.zip", bytes(archive)), mark)
    assert attachments(message) == {"a.zip": bytes(archive)}
    assert "could not be examined" in text_part(message).text()


def test_a_program_for_two_tenants_is_removed_for_both(running_service: Service) -> None:
    """Each tenant's own record and notice."""
    mark = marker("both-condemned")
    recipients = [USER, "user@beta.example.jp"]
    mail = with_file(mark, "setup.exe", PROGRAM)
    assert running_service.send(SENDER, recipients, mail) == [250] * 4
    for slug in ("alpha", "beta"):
        got = Message(arrived(running_service, slug, mark).content)
        assert attachments(got) == {}
        assert NOTICE in text_part(got).text()
    pass_by(running_service)
