"""The clamd client, against a server that speaks clamd's protocol on loopback."""

from __future__ import annotations

import socket
import socketserver
import struct
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mailsec.gateway.clients.clamd import ClamdAddress, ClamdScanner
from mailsec.gateway.errors import ContentTooLarge, ScannerUnavailable

Answer = Callable[[bytes], bytes]


class _Handler(socketserver.StreamRequestHandler):
    limit = 1_000_000
    answer: Answer = staticmethod(lambda content: b"stream: OK\0")

    def handle(self) -> None:
        command = b""
        while not command.endswith(b"\0"):
            command += self.rfile.read(1)
        if command == b"zPING\0":
            self.wfile.write(b"PONG\0")
        elif command == b"zVERSION\0":
            self.wfile.write(b"ClamAV 1.4.6/27000/Mon Apr  1 10:00:00 2024\0")
        else:
            self._stream()

    def _stream(self) -> None:
        content = b""
        while size := struct.unpack("!L", self.rfile.read(4))[0]:
            if len(content) + size > self.limit:
                self.wfile.write(b"INSTREAM size limit exceeded. ERROR\0")
                return
            content += self.rfile.read(size)
        self.wfile.write(type(self).answer(content))


@contextmanager
def clamd(answer: Answer, unix: Path | None = None) -> Iterator[ClamdScanner]:
    """A scanner whose clamd answers so."""
    handler = type("Handler", (_Handler,), {"answer": staticmethod(answer)})
    server: socketserver.BaseServer
    if unix is None:
        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler)
        host, port = server.server_address[:2]
        address = ClamdAddress(host=str(host), port=int(port))
    else:
        server = socketserver.ThreadingUnixStreamServer(str(unix), handler)
        address = ClamdAddress(path=unix)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield ClamdScanner(address, connect_timeout=2, scan_timeout=1)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_content_is_streamed_and_a_clean_answer_is_clean() -> None:
    """All bytes arrive, also over several chunks, and an empty content too."""
    seen: list[bytes] = []

    def answer(content: bytes) -> bytes:
        seen.append(content)
        return b"stream: OK\0"

    with clamd(answer) as scanner:
        for content in (b"hello", b"", b"x" * 700_000):
            assert not scanner.scan(content).infected
    assert seen == [b"hello", b"", b"x" * 700_000]


def test_a_found_virus_is_reported_by_its_name() -> None:
    """The name stands between the colon and FOUND."""
    with clamd(lambda content: b"stream: Win.Test.EICAR_HDB-1 FOUND\0") as scanner:
        assert scanner.scan(b"x").virus == "Win.Test.EICAR_HDB-1"


def test_a_unix_socket_works_as_well() -> None:
    """The usual installation has one."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clamd.ctl"
        with clamd(lambda content: b"stream: OK\0", path) as scanner:
            scanner.ping()
            assert not scanner.scan(b"x").infected


def test_ping_and_version_are_asked() -> None:
    """For the health page."""
    with clamd(lambda content: b"") as scanner:
        scanner.ping()
        assert scanner.version().startswith("ClamAV 1.4.6/27000/")


def test_content_over_clamds_limit_is_never_clean() -> None:
    """clamd closes while we still send; its answer is read all the same."""
    with clamd(lambda content: b"stream: OK\0") as scanner, pytest.raises(ContentTooLarge):
        scanner.scan(b"x" * 1_500_000)


def test_a_report_of_exceeded_limits_is_no_virus_and_not_clean() -> None:
    """AlertExceedsMax gives such a name."""
    reply = b"stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND\0"
    with clamd(lambda content: reply) as scanner, pytest.raises(ContentTooLarge):
        scanner.scan(b"x")


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"stream: OK",
        b"stream: O",
        b"stream: lstat() failed. ERROR\0",
        b"UNKNOWN COMMAND\0",
        b"x" * 100_000,
        b"\xff\xfe\0",
    ],
)
def test_every_other_answer_means_not_available(reply: bytes) -> None:
    """Half an answer is none: "stream: OK" without its end may be the beginning of more."""
    with clamd(lambda content: reply) as scanner, pytest.raises(ScannerUnavailable):
        scanner.scan(b"x")


def test_silence_ends_with_the_time_out() -> None:
    """A clamd that hangs is not waited for without end."""
    release = threading.Event()

    def silent(content: bytes) -> bytes:
        release.wait(5)
        return b"stream: OK\0"

    with clamd(silent) as scanner:
        with pytest.raises(ScannerUnavailable):
            scanner.scan(b"x")
        release.set()


def test_no_clamd_means_not_available(tmp_path: Path) -> None:
    """A closed port, a missing socket and a path that no socket can have."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    for address in (
        ClamdAddress(host="127.0.0.1", port=port),
        ClamdAddress(path=tmp_path / "missing"),
        ClamdAddress(path=Path("/" + "x" * 200)),
    ):
        with pytest.raises(ScannerUnavailable):
            ClamdScanner(address, connect_timeout=1).scan(b"x")
