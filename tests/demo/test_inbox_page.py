"""The inbox page shows hostile mail and is not harmed by it."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.inbox import Inbox
from demo.inbox_page import InboxServer

HOSTILE = (
    b"From: <script>alert(1)</script> <a@example.net>\r\n"
    b"Subject: =?utf-8?q?=3Cimg_src=3Dx_onerror=3Dalert=281=29=3E?=\r\n"
    b"\r\n</pre><script>alert(2)</script>\r\n"
)


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    return Inbox(tmp_path / "inbox")


@pytest.fixture
def port(inbox: Inbox) -> Iterator[int]:
    with InboxServer(("127.0.0.1", 0), inbox) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def get(port: int, path: str, host: str = "localhost") -> tuple[int, dict[str, str], str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path, headers={"Host": host, "Connection": "close"})
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, dict(answer.getheaders()), body


def test_nothing_of_a_message_becomes_markup(inbox: Inbox, port: int) -> None:
    """Subject, sender and text are shown as text, in the list and on the page."""
    key = inbox.store("customer", "a@example.net", ["b@example.jp"], HOSTILE)
    for path in ("/", f"/mail/{key}"):
        status, headers, body = get(port, path)
        assert status == 200
        assert "<script" not in body
        assert "<img" not in body
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_the_raw_message_is_only_downloaded(inbox: Inbox, port: int) -> None:
    """The bytes come back as they were, and never to be shown inside the page's origin."""
    key = inbox.store("outside", "", ["b@example.jp"], HOSTILE)
    status, headers, body = get(port, f"/mail/{key}.eml")
    assert (status, body.encode()) == (200, HOSTILE)
    assert headers["Content-Disposition"].startswith("attachment")
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_both_languages_are_complete(port: int) -> None:
    """Each language has its own words for an empty inbox."""
    assert "まだメールは届いていません" in get(port, "/?lang=ja")[2]
    assert "No mail has arrived yet" in get(port, "/?lang=en")[2]


@pytest.mark.parametrize("path", ["/mail/../../etc/passwd", "/mail/", "/mail/x.eml", "/else"])
def test_what_is_no_message_is_not_found(port: int, path: str) -> None:
    """A key is digits only: no path leads out of the inbox folder."""
    assert get(port, path)[0] == 404


def test_a_foreign_host_name_is_refused(port: int) -> None:
    """A name that somebody points at 127.0.0.1 must not read the inbox."""
    assert get(port, "/", host="rebound.example.net")[0] == 421
