"""The next hop of both sides: takes every mail, keeps none, and knows when the last one came.

``python -m bench.sink PORT`` listens until its standard input closes. ``NOOP`` answers with the
number of mails so far and the monotonic time of the last one; ``RSET`` changes nothing.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from workers.smtpd.server import loop_factory

_HELLO = b"250-sink.example.com\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 104857600\r\n"
_END = b"\r\n.\r\n"
_PATIENCE = 10.0


@dataclass(slots=True)
class Tally:
    """What came so far."""

    mails: int = 0
    last: float = 0.0


class Session(asyncio.Protocol):
    """One connection: commands in groups, content by its end mark alone."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._buffer = bytearray()
        self._in_content = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.WriteTransport = transport  # type: ignore[assignment]
        self._transport.write(b"220 sink.example.com ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        out = b""
        while (reply := self._next()) is not None:
            out += reply
        if out:
            self._transport.write(out)
        if out.endswith(b"221 2.0.0 Bye\r\n"):
            self._transport.close()

    def _next(self) -> bytes | None:
        if self._in_content:
            return self._content()
        end = self._buffer.find(b"\n")
        if end < 0:
            return None
        verb = bytes(self._buffer[:4]).upper()
        del self._buffer[: end + 1]
        if verb == b"DATA":
            self._in_content = True
            # The CRLF of DATA begins the end mark of an empty message.
            self._buffer[:0] = b"\r\n"
            return b"354 Go ahead\r\n"
        if verb == b"QUIT":
            return b"221 2.0.0 Bye\r\n"
        if verb == b"NOOP":
            return f"250 {self._tally.mails} {self._tally.last!r}\r\n".encode()
        return _HELLO if verb in (b"EHLO", b"HELO") else b"250 2.0.0 Ok\r\n"

    def _content(self) -> bytes | None:
        end = self._buffer.find(_END)
        if end < 0:
            return None
        del self._buffer[: end + len(_END)]
        self._in_content = False
        self._tally.mails += 1
        self._tally.last = time.monotonic()
        return b"250 2.0.0 Stored\r\n"


async def serve(port: int) -> None:
    """Listen until standard input ends."""
    tally = Tally()
    loop = asyncio.get_running_loop()
    await loop.create_server(lambda: Session(tally), "127.0.0.1", port, backlog=512)
    await loop.run_in_executor(None, sys.stdin.read)


class Sink:
    """Asks a sink how far it is."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE)
        self._file = self._socket.makefile("rb")
        self._file.readline()

    def tally(self) -> Tally:
        """What it has got."""
        self._socket.sendall(b"NOOP\r\n")
        _, mails, last = self._file.readline().split()
        return Tally(int(mails), float(last))

    def wait_for(self, mails: int, seconds: float) -> Tally:
        """What it has when so many mails in all are there, or the time is over."""
        end = time.monotonic() + seconds
        while (found := self.tally()).mails < mails and time.monotonic() < end:
            time.sleep(0.05)
        return found

    def close(self) -> None:
        self._file.close()
        self._socket.close()


@contextmanager
def sink(port: int) -> Iterator[Sink]:
    """A sink in a process of its own."""
    command = [sys.executable, "-m", "bench.sink", str(port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        try:
            asker = _connect(port)
            try:
                yield asker
            finally:
                asker.close()
        finally:
            assert process.stdin is not None
            process.stdin.close()


def _connect(port: int) -> Sink:
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            return Sink(port)
        except ConnectionRefusedError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(serve(int(sys.argv[1])))
