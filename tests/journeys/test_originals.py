"""A false alarm from SMTP in to the whole mail at the customer's server, byte for byte."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from mailsec.gateway.message import Message
from tests.journeys.mails import (
    EICAR,
    NOTICE,
    PROGRAM,
    attachments,
    below_trace,
    deliver,
    marker,
    pass_by,
    with_file,
)
from tests.journeys.pages import Browser
from tests.service import Service

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def console(running_service: Service) -> Iterator[Service]:
    """The service with its web."""
    running_service.start("web")
    yield running_service
    running_service.stop("web")


def stripped(service: Service, message: bytes, mark: str) -> str:
    """Hand it in; the queue id, once the customer's server has it without its file."""
    got = deliver(service, message, mark)
    assert attachments(got) == {}
    assert NOTICE in got.text
    record = service.settled("alpha", mark)
    assert record["state"] == "closed"
    return str(record["queue_id"])


def signed_in(service: Service) -> Browser:
    browser = Browser(service)
    browser.sign_in()
    return browser


def second(service: Service, mark: str) -> Callable[[], bytes]:
    """What the customer's server got besides the first mail; empty while there is nothing."""

    def look() -> bytes:
        mails = service.mails("alpha", mark.encode())
        return mails[1].content if len(mails) > 1 else b""

    return look


@pytest.mark.parametrize("letter", ["the letter\r\n", "お世話になっております。\r\n"])
def test_a_released_original_arrives_as_it_was_sent(console: Service, letter: str) -> None:
    """Once, however often it is asked for; the first delivery stays in the record."""
    mark = marker("original")
    message = with_file(mark, "setup.exe", PROGRAM, letter.encode())
    queue_id = stripped(console, message, mark)
    browser, page = signed_in(console), f"/quarantine/{queue_id}/"
    wish = {"recipient": "user@alpha.example.jp", "files_allowed": "1", "why": "our own installer"}
    for _ in range(3):
        assert browser.send(page, f"{page}original/", **wish) == 302
    content = console.wait_for(second(console, mark))
    assert content, console.logs()
    assert below_trace(content) == message
    pass_by(console)
    assert len(console.mails("alpha", mark.encode())) == 2
    first = console.settled("alpha", mark)
    assert first["queue_id"] == queue_id
    assert [copy["state"] for copy in first["deliveries"]] == ["delivered"]
    trace = browser.page(f"/messages/{queue_id}/")
    assert "Second delivery: the original" in trace
    assert "our own installer" in trace


def test_a_forbidden_file_that_nobody_lets_through_stays(console: Service) -> None:
    """The trace says so; with the tick it goes."""
    mark = marker("not-let-through")
    message = with_file(mark, "setup.exe", PROGRAM)
    queue_id = stripped(console, message, mark)
    browser, page = signed_in(console), f"/quarantine/{queue_id}/"
    assert browser.send(page, f"{page}original/", recipient="user@alpha.example.jp") == 302
    assert console.wait_for(lambda: "Release refused" in browser.page(page))
    assert len(console.mails("alpha", mark.encode())) == 1
    wish = {"action": "original", "id": queue_id, "files_allowed": "1"}
    assert browser.send(page, "/quarantine/act/", **wish) == 200
    content = console.wait_for(second(console, mark))
    assert content, console.logs()
    assert below_trace(content) == message


def test_a_virus_is_never_sent_after_its_mail(console: Service) -> None:
    """Whoever asks, and whatever is ticked: nothing goes out, and the page says why."""
    mark = marker("still-a-virus")
    queue_id = stripped(console, with_file(mark, "eicar.txt", EICAR), mark)
    browser, page = signed_in(console), f"/quarantine/{queue_id}/"
    wish = {"recipient": "user@alpha.example.jp", "files_allowed": "1"}
    assert browser.send(page, f"{page}original/", **wish) == 302
    assert console.wait_for(lambda: "The original was examined again" in browser.page(page))
    pass_by(console)
    mails = console.mails("alpha", mark.encode())
    assert len(mails) == 1
    assert attachments(Message(mails[0].content)) == {}


def test_a_virus_that_was_none_is_sent_when_the_definitions_are_mended(console: Service) -> None:
    """The operator's block was a mistake; no tick is needed then."""
    digest = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"  # of b"foo"
    console.manage("threat", "block", digest, "Blocked.Test")
    queue_id, mark, message = "", "", b""

    def is_blocked() -> bool:
        nonlocal queue_id, mark, message
        mark = marker("false-alarm")
        message = with_file(mark, "foo.txt", b"foo")
        if attachments(deliver(console, message, mark)):
            return False
        queue_id = str(console.settled("alpha", mark)["queue_id"])
        return True

    assert console.wait_for(is_blocked, 15)
    console.manage("threat", "unblock", digest)
    browser, page = signed_in(console), f"/quarantine/{queue_id}/"

    def is_sent() -> bytes:
        browser.send(page, f"{page}original/", recipient="user@alpha.example.jp")
        return second(console, mark)()

    content = console.wait_for(is_sent, 30)
    assert content, console.logs()
    assert below_trace(content) == message
