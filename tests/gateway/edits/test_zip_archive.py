"""One archive in the place of all files."""

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings

from mailsec.gateway.edits.zip_archive import enclose
from mailsec.gateway.errors import EditRefused
from mailsec.gateway.message import Message
from mailsec.gateway.policy import ZipCipher, ZipNames
from mailsec.gateway.zipping.selection import Selection, select
from mailsec.gateway.zipping.writer import Archive, encrypted_archive
from tests.gateway.trees import messages
from tests.gateway.zipping.shapes import HEAD, PDF, SHAPES, case, text

PASSWORD = "Abc2#defgh3Ky"
CIPHER = ZipCipher.ZIPCRYPTO


def enclosed(message: Message, selection: Selection) -> Message:
    content = encrypted_archive(selection.files, PASSWORD, CIPHER, ZipNames.UTF8)
    return enclose(message, selection, Archive("enc0000001.zip", content))


def opened(message: Message) -> dict[str, bytes]:
    """The files in the only archive of the message."""
    (part,) = [part for part in message.parts if part.name == "enc0000001.zip"]
    with zipfile.ZipFile(io.BytesIO(part.content())) as archive:
        return {name: archive.read(name, PASSWORD.encode()) for name in archive.namelist()}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_of_mail_keeps_its_letter_and_loses_its_files(shape: str) -> None:
    """What the reader sees stays, and the archive is one attachment more behind it."""
    raw, names = SHAPES[shape]
    message = Message(raw)
    after = enclosed(message, select(message))
    assert list(opened(after)) == names
    assert PDF not in [part.content() for part in after.parts]
    assert message.parts[0].is_attachment or message.text.startswith(after.text.rstrip())
    assert after.subject == message.subject
    assert [part.name for part in after.attachments if part.name != "logo.png"] == [
        "enc0000001.zip"
    ]
    assert not [defect for defect in after.defects if defect not in message.defects]


def test_the_pictures_of_the_letter_still_resolve() -> None:
    """Case mime-10: both, also the one that is referred to in capitals."""
    message = Message(case("mime-10.eml"))
    after = enclosed(message, select(message))
    pictures = [part.content_id for part in after.parts if part.content_type == "image/png"]
    assert pictures == ["logo.10@example.jp", "sign.10@example.jp"]
    assert set(opened(after)) == {"見積書.pdf", "photo.png"}


def test_all_thirteen_contents_are_there_under_different_names() -> None:
    """Case att-02."""
    message = Message(case("att-02.eml"))
    before = sorted(part.content() for part in message.attachments)
    after = enclosed(message, select(message))
    assert sorted(opened(after).values()) == before
    assert len({name.casefold() for name in opened(after)}) == 13


def test_nothing_but_the_files_and_the_archive_is_touched() -> None:
    """All other bytes of a usual mail are where they were."""
    raw, _ = SHAPES["Thunderbird: text and files"]
    message = Message(raw)
    after = enclosed(message, select(message)).raw
    kept = raw[: raw.index(b"--t1\r\nContent-Type: application/pdf")]
    assert after.startswith(kept)
    assert after.endswith(b"--t1--\r\n")
    assert after.count(b"--t1\r\n") == 2


def test_a_signed_message_is_refused_rather_than_broken() -> None:
    """It is never asked for; where it is, nothing goes out."""
    raw = b"Content-Type: application/pkcs7-mime; name=smime.p7m\r\n\r\nMII"
    with pytest.raises(EditRefused):
        enclose(Message(raw), Selection(), Archive("enc0000001.zip", b"PK"))


def test_a_letter_alone_gets_company() -> None:
    """The archive can be put beside any letter."""
    after = enclose(Message(HEAD + text("hello")), Selection(), Archive("enc0000001.zip", b"PK"))
    assert [part.content_type for part in after.parts] == [
        "multipart/mixed",
        "text/plain",
        "application/zip",
    ]
    assert after.parts[1].text() == "hello\r\n"


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(messages())
def test_no_file_of_any_mail_is_left_outside_or_lost(raw: bytes) -> None:
    """Whatever the shape: all are in the archive, or nothing goes out."""
    message = Message(raw)
    selection = select(message)
    if not selection.parts:
        return
    try:
        after = enclosed(message, selection)
    except EditRefused:
        return
    inside = opened(after)
    assert sorted(inside.values()) == sorted(file.content for file in selection.files)
    (archive,) = [part.index for part in after.parts if part.name == "enc0000001.zip"]
    assert select(after, {archive}).parts == ()
