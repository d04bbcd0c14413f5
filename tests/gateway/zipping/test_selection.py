"""What counts as a file to be locked up, and what stays in the letter."""

from __future__ import annotations

import io
import zipfile

import pytest

from mailsec.gateway.message import Message
from mailsec.gateway.policy import ZipCipher, ZipNames
from mailsec.gateway.zipping.selection import select
from mailsec.gateway.zipping.writer import File, encrypted_archive
from tests.gateway.zipping.shapes import HEAD, PDF, PNG, SHAPES, case, entity, multipart, text


def names(raw: bytes) -> list[str]:
    return ["/".join(file.path) for file in select(Message(raw)).files]


def with_file(name: str, content: bytes, kind: str = "application/octet-stream") -> bytes:
    field = f'Content-Type: {kind}; name="{name}"\r\nContent-Disposition: attachment'
    return HEAD + multipart("mixed", "b", text("hello"), entity(field, content))


def zipped(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/"), content)
    return out.getvalue()


@pytest.mark.parametrize("shape", SHAPES)
def test_the_files_of_every_mail_program_are_found(shape: str) -> None:
    """And the pictures that the HTML shows are none."""
    raw, wanted = SHAPES[shape]
    assert names(raw) == wanted


def test_a_picture_that_the_html_shows_stays_whatever_it_is_called() -> None:
    """Case mime-10: also where the reference is in capitals and percent-encoded."""
    assert names(case("mime-10.eml")) == ["見積書.pdf", "photo.png"]


def test_all_of_thirteen_files_with_hostile_names_are_found() -> None:
    """Case att-02."""
    assert len(names(case("att-02.eml"))) == 13


def test_encrypted_mail_is_left_alone() -> None:
    """Case mime-03: nobody could open what is encrypted twice."""
    assert select(Message(case("mime-03.eml"))).parts == ()


def test_an_invitation_stays_in_the_letter() -> None:
    """Case mime-04: a calendar reads no archive."""
    message = Message(case("mime-04.eml"))
    chosen = [message.parts[index].content_type for index in select(message).parts]
    assert "text/calendar" not in chosen
    assert "application/ics" not in chosen


def test_signed_mail_and_delivery_reports_are_left_alone() -> None:
    """A signature would break; a report is read by programs."""
    inner = multipart("mixed", "i", text("x"), entity("Content-Type: image/png; name=a.png", PNG))
    report = entity("Content-Type: message/delivery-status", b"Reporting-MTA: dns; x\r\n\r\n")
    original = b"Content-Type: message/rfc822\r\n\r\n" + HEAD + text("inner")
    assert names(HEAD + multipart("signed", "s", inner, text("signature"))) == []
    assert names(HEAD + multipart("report", "r", text("failed"), report, original)) == []


def test_a_plain_zip_is_packed_anew_in_a_folder_of_its_name() -> None:
    """Some providers refuse one archive in another."""
    raw = with_file("plans.zip", zipped(a=b"1", sub__b=b"2"))
    assert select(Message(raw)).files == (
        File(("plans", "a"), b"1"),
        File(("plans", "sub", "b"), b"2"),
    )


def test_office_files_are_no_archives() -> None:
    """They are ZIP by their bytes alone."""
    raw = with_file("report.docx", zipped(word__document=b"<w/>"))
    assert names(raw) == ["report.docx"]


def test_an_archive_with_a_password_stays_as_it_is() -> None:
    """Its sender has told the password in another way."""
    locked = encrypted_archive([File(("a",), b"1")], "abcdefgh", ZipCipher.AES256, ZipNames.UTF8)
    assert names(with_file("a.zip", locked)) == []
    message = Message(with_file("a.7z", b"7z\xbc\xaf\x27\x1c encrypted"))
    assert select(message, locked={2}).parts == ()
    assert select(message).parts == (2,)


def test_a_zip_that_does_not_open_whole_goes_in_as_it_is() -> None:
    """Damaged, or dense beyond the budget: it is locked up, not lost."""
    broken = zipped(a=b"1" * 500)[:-30]
    dense = zipped(a=bytes(5_000_000))
    for content in (broken, dense):
        assert select(Message(with_file("a.zip", content))).files == (File(("a.zip",), content),)


def test_the_files_of_winmail_dat_take_its_place() -> None:
    """Nobody but Outlook opens it; case att-08."""
    assert names(case("att-08.eml")) == ["見積書.xlsx", "tool.exe"]


def test_a_forwarded_mail_goes_in_byte_for_byte() -> None:
    """It is somebody else's letter."""
    raw, _ = SHAPES["a forwarded mail"]
    (file,) = select(Message(raw)).files
    assert file.content == HEAD + text("inner")


def test_a_letter_without_files_has_none() -> None:
    """Nothing to do, so nothing is changed."""
    assert select(Message(HEAD + text("hello"))) == select(Message(b""))
    assert names(with_file("report.pdf", PDF)) == ["report.pdf"]
