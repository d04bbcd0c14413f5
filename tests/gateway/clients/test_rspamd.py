"""The Rspamd client, against an HTTP server on loopback that answers as Rspamd does."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsec.gateway.clients.rspamd import RspamdAddress, RspamdClassifier
from mailsec.gateway.envelope import Client, Direction, Envelope
from mailsec.gateway.errors import ScannerUnavailable
from mailsec.gateway.message import Message

MAIL = b"From: a@example.com\r\nSubject: hello\r\n\r\nbody\r\n"
ENVELOPE = Envelope(
    Direction.INBOUND,
    Client("192.0.2.7", "mail.example.com"),
    "a@example.com",
    ("b@example.jp", "c@example.jp"),
)


@dataclass
class Seen:
    """What the server was sent."""

    path: str = ""
    fields: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""


@contextmanager
def rspamd(content: bytes, status: int = 200) -> Iterator[tuple[RspamdClassifier, Seen]]:
    """A classifier whose Rspamd answers so, and what it was asked."""
    seen = Seen()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            seen.path = self.path
            seen.fields = self.headers.items()
            seen.body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield RspamdClassifier(RspamdAddress(port=server.server_port), timeout=5), seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def answer(score: float, required: float = 15.0, **more: object) -> bytes:
    """Rspamd's reply with this score."""
    return json.dumps({"score": score, "required_score": required, **more}).encode()


def test_the_message_and_its_envelope_are_sent() -> None:
    """Rspamd gets the exact bytes, and client, HELO, sender and every recipient in fields."""
    with rspamd(answer(1.0)) as (classifier, seen):
        classifier.score(Message(MAIL), ENVELOPE)
    assert seen.path == "/checkv2"
    assert seen.body == MAIL
    fields = {(name, value) for name, value in seen.fields}
    assert {
        ("IP", "192.0.2.7"), ("Helo", "mail.example.com"), ("From", "a@example.com"),
        ("Rcpt", "b@example.jp"), ("Rcpt", "c@example.jp"),
    } <= fields  # fmt: skip


def test_the_required_score_becomes_sixty() -> None:
    """What Rspamd itself calls spam is tagged by default, more is higher, less is lower."""
    found = []
    for score in (-5.0, 0.0, 7.5, 15.0, 30.0, 1000.0):
        with rspamd(answer(score)) as (classifier, _):
            found.append(classifier.score(Message(MAIL), ENVELOPE).score)
    assert found[3] == pytest.approx(60.0)
    assert found == sorted(set(found))
    assert 0 <= found[0] < 60 < found[-1] <= 100


def test_symbols_become_reasons_with_the_strongest_first() -> None:
    """Each symbol that counts is named, and those of weight 0 are left out."""
    symbols = {"A": {"score": 1.5}, "B": {"score": -3.0}, "C": {"score": 0.0}, "D": {}}
    with rspamd(answer(5.0, symbols=symbols)) as (classifier, _):
        reasons = classifier.score(Message(MAIL), ENVELOPE).reasons
    assert [(one.code, one.weight, one.detail["examples"]) for one in reasons] == [
        ("rspamd", -3.0, "B"), ("rspamd", 1.5, "A"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (answer(1.0), 500),
        (b"", 200),
        (b"[1]", 200),
        (b"{}", 200),
        (b'{"score": NaN, "required_score": 15}', 200),
        (answer(1.0, required=0.0), 200),
        (answer(0.0, is_skipped=True), 200),
        (b"[" * 100_000, 200),
    ],
)
def test_an_answer_that_makes_no_sense_is_no_answer(content: bytes, status: int) -> None:
    """The mail waits and is asked about again; it never counts as clean."""
    with rspamd(content, status) as (classifier, _), pytest.raises(ScannerUnavailable):
        classifier.score(Message(MAIL), ENVELOPE)


def test_a_dead_rspamd_is_unavailable() -> None:
    """A refused connection is told as such."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(ScannerUnavailable):
        RspamdClassifier(RspamdAddress(port=port), 2).score(Message(MAIL), ENVELOPE)


def test_a_silent_rspamd_is_unavailable() -> None:
    """A server that never answers is given up after the timeout."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        classifier = RspamdClassifier(RspamdAddress(port=server.getsockname()[1]), 0.1)
        with pytest.raises(ScannerUnavailable):
            classifier.score(Message(MAIL), ENVELOPE)


def test_an_envelope_writes_no_header_fields() -> None:
    """A HELO with line ends stays one field."""
    forged = Envelope(
        Direction.INBOUND,
        Client("192.0.2.7", "x\r\nFlags: skip"),
        "ü@example.com",
        ("b@example.jp",),
    )
    with rspamd(answer(1.0)) as (classifier, seen):
        classifier.score(Message(MAIL), forged)
    assert "flags" not in {name.lower() for name, _ in seen.fields}


@given(st.text(max_size=40), st.text(max_size=40))
@settings(max_examples=30, deadline=None)
def test_any_envelope_can_be_sent(helo: str, sender: str) -> None:
    """No character of an envelope breaks the request."""
    envelope = Envelope(Direction.INBOUND, Client("192.0.2.7", helo), sender, ("b@example.jp",))
    with rspamd(answer(15.0)) as (classifier, _):
        assert classifier.score(Message(MAIL), envelope).score == pytest.approx(60.0)
