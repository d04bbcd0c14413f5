"""Workers that die while outbound mail is held, zipped, released and its passwords are told."""

from __future__ import annotations

import io

import pytest
import pyzipper

from mailsec.gateway.message import Message
from tests.gateway.zipping.shapes import PDF, entity, multipart, text
from tests.journeys.mails import marker
from tests.journeys.pages import Browser
from tests.service import Service

pytestmark = pytest.mark.stack

SENDER, CUSTOMER = "sender@alpha.example.jp", "customer@example.com"
WORKERS = ("worker-examine", "worker-deliver")


def mail(mark: str) -> bytes:
    head = f"From: {SENDER}\r\nTo: {CUSTOMER}\r\nSubject: faulty {mark}\r\n"
    head += f"Message-ID: <{mark}@alpha.example.jp>\r\nMIME-Version: 1.0\r\n"
    file = entity("Content-Type: application/pdf; name=plan.pdf", PDF)
    return head.encode() + multipart("mixed", "b", text("the plan"), file)


def restart(service: Service, times: int = 2) -> None:
    """Kill the workers in the middle of whatever they do, more than once."""
    for _ in range(times):
        for worker in WORKERS:
            service.kill(worker)
        service.start(*WORKERS)


def with_subject(service: Service, server: str, words: str) -> list[Message]:
    mails = (Message(each.content) for each in tuple(service.mail_servers[server].mails))
    return [each for each in mails if each.subject.endswith(words)]


def test_no_file_leaves_open_and_no_second_password_is_made(running_service: Service) -> None:
    """Killed at any moment (at each step: ``test_outbound_steps``): one archive, one password."""
    service = running_service
    service.manage("tenant", "hold-rule", "add", "alpha", "faults", "--keyword", "faulty")
    service.start("web")
    marks = [marker("outbound") for _ in range(6)]
    for mark in marks:
        assert service.submit("alpha", SENDER, [CUSTOMER], mail(mark))[-1] == 250
    restart(service)
    browser, pages = Browser(service), {}
    for mark in marks:
        service.wait_for(lambda mark=mark: with_subject(service, "alpha", f"faulty {mark}"))
        (held,) = with_subject(service, "alpha", f"【送信保留】faulty {mark}")
        pages[mark] = "/mail/" + held.text.partition("/mail/")[2].split()[0]
        assert not service.mails("outside", mark.encode())
        assert browser.send(pages[mark], pages[mark], action="deliver", scope="all") == 302
    restart(service)
    for mark in marks:
        service.wait_for(lambda mark=mark: with_subject(service, "outside", f"faulty {mark}"))
        assert browser.send(pages[mark], pages[mark], action="notify") == 302
    restart(service)
    for mark in marks:
        told = f"【パスワードのお知らせ】faulty {mark}"
        service.wait_for(lambda told=told: with_subject(service, "outside", told))
        (password_mail,) = with_subject(service, "outside", told)
        password = password_mail.text.partition("パスワード：")[2].split()[0]
        copies = [Message(each.content) for each in service.mails("outside", f"<{mark}@".encode())]
        archives = {part.content() for copy in copies for part in copy.attachments}
        # A server that had taken a copy just before the kill may get it twice, never another one.
        assert len(archives) == 1
        with pyzipper.AESZipFile(io.BytesIO(archives.pop())) as opened:
            assert opened.read("plan.pdf", password.encode()) == PDF
        assert len(with_subject(service, "alpha", f"【送信保留】faulty {mark}")) == 1
    service.stop("web")
