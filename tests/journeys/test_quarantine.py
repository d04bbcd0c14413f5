"""Held mail from SMTP in, by the console or a digest's link, to the customer's server."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from mailsec.gateway.message import Message
from tests.journeys.mails import (
    EICAR,
    SENDER,
    USER,
    arrived,
    attachments,
    below_trace,
    case,
    marker,
    pass_by,
    plain,
    with_file,
)
from tests.journeys.pages import Browser, unreadable
from tests.service import Service

pytestmark = pytest.mark.stack
_LINK = re.compile(r"http://alpha\.localhost:\d+(/quarantine/[A-Za-z0-9_-]{43})")


@pytest.fixture(scope="module")
def console(running_service: Service) -> Iterator[Service]:
    """The service with its web."""
    running_service.start("web")
    yield running_service
    running_service.stop("web")


def hold(service: Service, message: bytes, mark: str, *recipients: str) -> str:
    """Hand it in; its queue id once it is in quarantine."""
    assert service.send(SENDER, list(recipients) or [USER], message)[-1] == 250
    record = service.settled("alpha", mark)
    assert record["state"] == "quarantined", record
    assert not service.mails("alpha", mark.encode())
    return str(record["queue_id"])


def test_a_release_in_the_console_delivers_the_bytes_once(console: Service) -> None:
    """However often it is sent; what is delivered is what came in, below our trace header."""
    mark = marker("released")
    message = unreadable(mark)
    queue_id = hold(console, message, mark)
    browser = Browser(console)
    browser.sign_in()
    assert mark in browser.page("/quarantine/")
    page = f"/quarantine/{queue_id}/"
    for _ in range(3):
        assert browser.send(page, f"{page}release/", recipient=USER) == 302
    got = arrived(console, "alpha", mark)
    assert below_trace(got.content) == message
    assert console.settled("alpha", mark)["state"] == "closed"
    assert browser.send("/quarantine/?kept=all", f"{page}release/", recipient=USER) == 302
    pass_by(console)
    assert len(console.mails("alpha", mark.encode())) == 1


def test_broken_texts_are_released_as_they_came(console: Service) -> None:
    """Case hold-03: the mail is held for another reason, and its bytes are not touched."""
    mark = marker("broken")
    inner = case("hold-03", marker("inner")).partition(b"\r\n\r\n")[2]
    message = unreadable(mark, inner)
    queue_id = hold(console, message, mark)
    browser = Browser(console)
    browser.sign_in()
    page = f"/quarantine/{queue_id}/"
    assert browser.send(page, f"{page}release/", recipient=USER) == 302
    assert below_trace(arrived(console, "alpha", mark).content) == message


def test_a_virus_is_removed_at_the_second_look(console: Service) -> None:
    """Also when an administrator lets the mail go."""
    mark = marker("infected")
    text, _, file = with_file("x", "eicar.txt", EICAR).partition(b"\r\n--cut\r\n")
    nested = unreadable(mark).partition(b"\r\n\r\n")[2]
    fields = b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="cut"\r\n'
    body = (
        b"--cut\r\nContent-Type: text/plain\r\n\r\nthe letter\r\n--cut\r\n"
        + file.removesuffix(b"--cut--\r\n")
        + b'--cut\r\nContent-Type: multipart/mixed; boundary="n0"\r\n\r\n'
        + nested
        + b"\r\n--cut--\r\n"
    )
    assert text
    queue_id = hold(console, plain(mark, body, fields=fields), mark)
    browser = Browser(console)
    browser.sign_in()
    page = f"/quarantine/{queue_id}/"
    assert browser.send(page, f"{page}release/", recipient=USER) == 302
    got = Message(arrived(console, "alpha", mark).content)
    assert "eicar.txt" not in attachments(got)
    assert EICAR not in got.raw
    assert "the letter" in got.text


def test_a_digest_arrives_and_its_link_releases_the_own_copy(console: Service) -> None:
    """Opened by scanners it does nothing; sent twice it delivers once; the other copy stays."""
    mark, other = marker("digest"), "other@alpha.example.jp"
    message = unreadable(mark)
    hold(console, message, mark, USER, other)
    assert console.manage.json("digest", "send", "alpha")["sent"] >= 2
    assert console.manage.json("digest", "send", "alpha")["sent"] == 0

    def digest() -> str:
        for mail in console.mails("alpha", b"Auto-Submitted: auto-generated"):
            text = Message(mail.content).text
            if mark in text and list(mail.recipients) == [USER]:
                assert mail.sender == ""
                return text
        return ""

    text = console.wait_for(digest)
    assert text, console.logs()
    found = _LINK.search(text[text.index(mark) :])
    assert found is not None
    link, browser = found[1], Browser(console)
    for method in ("GET", "HEAD", "GET", "OPTIONS"):
        browser.request(method, f"{link}?do=release")
    pass_by(console)
    assert not console.mails("alpha", mark.encode() + b"@example.net")
    for _ in range(2):
        assert browser.send(link, link, action="release") == 302
    got = arrived(console, "alpha", mark + "@example.net")
    assert below_trace(got.content) == message
    assert list(got.recipients) == [USER]
    record = console.settled("alpha", mark)
    assert record["state"] == "quarantined"
    assert {copy["recipient"]: copy["state"] for copy in record["deliveries"]} == {
        USER: "delivered",
        other: "withheld",
    }
