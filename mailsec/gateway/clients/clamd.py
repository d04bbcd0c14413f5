"""ClamAV's daemon over its own protocol (clamd(8)): INSTREAM, PING, VERSION.

clamd opens archives by itself too; that it gets our unpacked members as well costs a little time
and closes the gap between its limits and ours.
"""

from __future__ import annotations

import re
import socket
import struct
from dataclasses import dataclass
from pathlib import Path

from mailsec.gateway.errors import ContentTooLarge, ScannerUnavailable
from mailsec.gateway.ports import ScanResult

_CHUNK = 256 * 1024
_LONGEST_REPLY = 64 * 1024
_TOO_LARGE = "INSTREAM size limit exceeded"
# The name that clamd reports where it gave up rather than found something (AlertExceedsMax).
_GAVE_UP = "Heuristics.Limits.Exceeded"
_FOUND = re.compile(r"stream: (.+) FOUND")


@dataclass(frozen=True, slots=True)
class ClamdAddress:
    """A UNIX socket's path, or host and port."""

    path: Path | None = None
    host: str = ""
    port: int = 3310

    @classmethod
    def of(cls, text: str) -> ClamdAddress:
        """``host:port`` or a socket's path; ValueError where the port is no number."""
        host, _, port = text.rpartition(":")
        return cls(host=host, port=int(port)) if host else cls(path=Path(text))


class ClamdScanner:
    """A ``VirusScanner`` that asks clamd, with one connection per content as clamd wants it.

    ``connect_timeout`` and ``scan_timeout`` are in seconds; the second bounds each wait for clamd,
    not the whole scan.
    """

    name = "clamd"

    def __init__(
        self, address: ClamdAddress, connect_timeout: float = 5.0, scan_timeout: float = 60.0
    ) -> None:
        self._address = address
        self._connect_timeout = connect_timeout
        self._scan_timeout = scan_timeout

    def scan(self, content: bytes) -> ScanResult:
        reply = self._ask(b"zINSTREAM\0", content)
        if reply == "stream: OK":
            return ScanResult()
        if _TOO_LARGE in reply:
            raise ContentTooLarge("larger than clamd's StreamMaxLength")
        found = _FOUND.fullmatch(reply)
        if found is None:
            raise ScannerUnavailable(f"clamd answered: {reply[:200]!r}")
        if found[1].startswith(_GAVE_UP):
            raise ContentTooLarge("beyond clamd's scan limits")
        return ScanResult(found[1])

    def ping(self) -> None:
        """Returns only if clamd is alive."""
        reply = self._ask(b"zPING\0")
        if reply != "PONG":
            raise ScannerUnavailable(f"clamd answered PING with {reply[:200]!r}")

    def version(self) -> str:
        """Engine, database version and its date, as clamd writes them."""
        reply = self._ask(b"zVERSION\0")
        if not reply:
            raise ScannerUnavailable("clamd gave no version")
        return reply

    def _ask(self, command: bytes, content: bytes | None = None) -> str:
        try:
            with self._connect() as connection:
                connection.settimeout(self._scan_timeout)
                connection.sendall(command)
                if content is not None:
                    _send_stream(connection, content)
                return _read_reply(connection)
        except (OSError, ValueError) as error:  # ValueError: a path that no socket can have
            raise ScannerUnavailable(f"clamd: {error}") from error

    def _connect(self) -> socket.socket:
        if self._address.path is None:
            target = (self._address.host, self._address.port)
            return socket.create_connection(target, self._connect_timeout)
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(self._connect_timeout)
        try:
            connection.connect(str(self._address.path))
        except OSError:
            connection.close()
            raise
        return connection


def _send_stream(connection: socket.socket, content: bytes) -> None:
    """Chunks with their length in front, a length of zero at the end.

    Over its limit clamd answers and closes at once: the broken pipe is no fault then, its reply
    is waiting to be read.
    """
    view = memoryview(content)
    try:
        for at in range(0, len(content), _CHUNK):
            chunk = view[at : at + _CHUNK]
            connection.sendall(struct.pack("!L", len(chunk)))
            connection.sendall(chunk)
        connection.sendall(struct.pack("!L", 0))
    except (BrokenPipeError, ConnectionResetError):
        return


def _read_reply(connection: socket.socket) -> str:
    """One reply up to its NUL; an end before that is an error, since half a reply may read "OK"."""
    reply = b""
    while not reply.endswith(b"\0"):
        block = connection.recv(4096)
        if not block:
            raise OSError("the connection ended before the reply did")
        reply += block
        if len(reply) > _LONGEST_REPLY:
            raise OSError("the reply is too long")
    return reply.rstrip(b"\0").decode("utf-8", "replace").strip()
