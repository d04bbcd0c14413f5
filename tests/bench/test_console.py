"""The benchmarks' browser: what it keeps between two pages."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qsl

import pytest

from bench.console import Console, PageMissing
from bench.stack import HOST

FORM = '<input type="hidden" name="csrfmiddlewaretoken" value="token-of-{}">'


class Site(BaseHTTPRequestHandler):
    """Two pages with forms; what was sent is kept by the server."""

    def do_GET(self) -> None:
        self._answer(200 if self.path == "/form" else 404)

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        fields = parse_qsl(self.rfile.read(length).decode())
        self.server.sent.append((self.headers, fields))  # type: ignore[attr-defined]
        self._answer(403 if self.path == "/refused" else 302)

    def _answer(self, code: int) -> None:
        body = FORM.format(self.path[1:]).encode()
        self.send_response(code)
        self.send_header("Set-Cookie", "csrftoken=kept; Path=/; Secure")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Keep quiet."""


@pytest.fixture
def site() -> Iterator[HTTPServer]:
    with HTTPServer(("127.0.0.1", 0), Site) as server:
        server.sent = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_form_is_sent_with_the_cookies_and_the_token_of_its_page(site: HTTPServer) -> None:
    """To the tenant's host, as the proxy in front of the console hands it on."""
    console = Console(site.server_port)
    console.page("/form")
    console.send("/act", [("id", "1"), ("id", "2")])
    ((headers, fields),) = site.sent  # type: ignore[attr-defined]
    assert fields == [("csrfmiddlewaretoken", "token-of-form"), ("id", "1"), ("id", "2")]
    assert "csrftoken=kept" in headers["Cookie"]
    assert (headers["Host"], headers["X-Forwarded-Proto"]) == (HOST, "https")


def test_a_page_or_form_that_is_not_there_ends_the_measure(site: HTTPServer) -> None:
    """Else it would measure how quickly nothing is done."""
    console = Console(site.server_port)
    with pytest.raises(PageMissing, match="/nowhere: 404"):
        console.page("/nowhere")
    with pytest.raises(PageMissing, match="/refused: 403"):
        console.send("/refused", [])
