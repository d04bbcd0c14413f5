"""Outbound mail from the sender's mail program to the bytes at the other company's server."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator

import pytest
import pyzipper

from mailsec.gateway.message import Message
from tests.gateway.zipping.shapes import PDF, entity, multipart, text
from tests.journeys.mails import below_trace, marker
from tests.journeys.pages import Browser
from tests.service import Service

pytestmark = pytest.mark.stack

SENDER, COLLEAGUE = "sender@zeta.example.jp", "colleague@zeta.example.jp"
ONE, OLD = "a@example.com", "b@legacy.example.org"
LETTERS = {"en": "Please find the plan attached.", "ja": "図面をお送りいたします。ご確認ください。"}
LANGUAGES = pytest.mark.parametrize("language", ["ja", "en"])


@pytest.fixture(scope="module")
def web(running_service: Service) -> Iterator[Service]:
    """The service with its web."""
    running_service.start("web")
    yield running_service
    running_service.stop("web")


def mail(mark: str, words: str, to: str = ONE, files: bool = True) -> bytes:
    head = (
        f"From: {SENDER}\r\nTo: {to}\r\nSubject: {mark}\r\nMessage-ID: <{mark}@zeta.example.jp>\r\n"
    )
    if not files:
        return head.encode() + text(words)
    file = entity("Content-Type: application/pdf; name=plan.pdf", PDF)
    return head.encode() + b"MIME-Version: 1.0\r\n" + multipart("mixed", "b", text(words), file)


def submit(service: Service, raw: bytes, *recipients: str) -> None:
    assert service.submit("zeta", SENDER, recipients, raw)[-1] == 250


def received(service: Service, server: str, mark: str, recipient: str) -> Message:
    """The one copy that this recipient gets."""

    def copies() -> list[bytes]:
        found = service.mails(server, f"<{mark}@zeta.example.jp>".encode())
        return [each.content for each in found if recipient in each.recipients]

    service.wait_for(copies)
    (content,) = copies()
    return Message(content)


def notice(service: Service, subject: str) -> Message:
    """The sender's notice with these words in its subject."""

    def found() -> list[Message]:
        mails = (Message(each.content) for each in tuple(service.mail_servers["alpha"].mails))
        return [each for each in mails if subject in each.subject]

    return service.wait_for(found)[0]


def page_of(message: Message) -> str:
    """The path of the page that a notice leads to."""
    return "/mail/" + message.text.partition("/mail/")[2].split()[0]


def password_in(message: Message) -> bytes:
    return message.text.partition("パスワード：")[2].split()[0].encode()


def opened(message: Message, password: bytes) -> dict[str, bytes]:
    """The files in the archive of a mail."""
    (archive,) = message.attachments
    old = zipfile.ZipFile(io.BytesIO(archive.content())).infolist()[0].compress_type != 99
    reader = zipfile.ZipFile if old else pyzipper.AESZipFile
    with reader(io.BytesIO(archive.content())) as files:
        return {name: files.read(name, password) for name in files.namelist()}


@LANGUAGES
def test_files_leave_in_an_archive_that_the_recipient_can_open(
    running_service: Service, language: str
) -> None:
    """AES, or the older cipher where the domain needs it; the colleague has it as it was sent."""
    mark = marker(f"zip-{language}")
    raw = mail(mark, LETTERS[language])
    submit(running_service, raw, COLLEAGUE, ONE, OLD)
    assert below_trace(received(running_service, "alpha", mark, COLLEAGUE).raw) == raw
    told = notice(running_service, f"【送信処理のお知らせ】{mark}")
    for recipient in (ONE, OLD):
        message = received(running_service, "outside", mark, recipient)
        assert LETTERS[language] in message.text
        assert opened(message, password_in(told)) == {"plan.pdf": PDF}
        assert PDF not in message.raw


@LANGUAGES
def test_a_held_mail_leaves_when_its_sender_says_so_and_the_password_follows(
    web: Service, language: str
) -> None:
    """By the link of the notice; nothing goes before, and nothing by looking at the page."""
    mark = marker(f"kakunin-{language}")
    submit(web, mail(mark, LETTERS[language]), COLLEAGUE, ONE)
    received(web, "alpha", mark, COLLEAGUE)
    page = page_of(notice(web, f"【送信保留】{mark}"))
    browser = Browser(web, "zeta")
    for method in ("GET", "HEAD", "OPTIONS"):
        browser.request(method, page)
    assert not web.mails("outside", f"<{mark}@".encode())
    assert browser.send(page, page, action="deliver", scope="all") == 302
    assert browser.send(page, page, action="deliver", scope="all") == 302
    message = received(web, "outside", mark, ONE)
    secret = password_in(notice(web, f"【送信処理のお知らせ】{mark}"))
    assert opened(message, secret) == {"plan.pdf": PDF}
    told = f"【パスワードのお知らせ】{mark}"
    assert not [m for m in web.mail_servers["outside"].mails if told in Message(m.content).subject]
    assert browser.send(page, page, action="notify") == 302

    def passwords() -> list[Message]:
        mails = (Message(each.content) for each in tuple(web.mail_servers["outside"].mails))
        return [each for each in mails if each.subject == told]

    (mail_,) = web.wait_for(passwords)
    assert secret.decode() in mail_.text
    assert [each.address for each in mail_.to] == [ONE]


def test_a_held_mail_that_is_discarded_never_leaves(web: Service) -> None:
    """After a page that asks once more."""
    mark = marker("kakunin-discard")
    submit(web, mail(mark, "no", files=False), ONE)
    page = page_of(notice(web, f"【送信保留】{mark}"))
    browser = Browser(web, "zeta")
    assert browser.send(page, page, action="discard", scope="all") == 200
    assert browser.send(page, page, action="discard-now", scope="all") == 302
    record = web.settled("zeta", f"<{mark}@zeta.example.jp>")
    assert [copy["state"] for copy in record["deliveries"]] == ["discarded"]
    assert not web.mails("outside", f"<{mark}@".encode())


@LANGUAGES
def test_a_mail_to_many_shows_no_customer_another_and_all_treatments_go_together(
    web: Service, language: str
) -> None:
    """Hold, Bcc and ZIP of one mail: each customer one copy, no name in the header."""
    mark = marker(f"kakunin-many-{language}")
    customers = [f"c{number}@example.com" for number in range(12)]
    submit(web, mail(mark, LETTERS[language], ", ".join(customers)), *customers)
    browser = Browser(web, "zeta")
    page = page_of(notice(web, f"【送信保留】{mark}"))
    assert browser.send(page, page, action="deliver", scope="all") == 302
    secret = password_in(notice(web, f"【送信処理のお知らせ】{mark}"))
    for customer in customers:
        message = received(web, "outside", mark, customer)
        header = message.raw[: message.header_end]
        assert [each.address for each in message.to] == [SENDER]
        assert not [each for each in customers if each.encode() in header]
        assert opened(message, secret) == {"plan.pdf": PDF}
