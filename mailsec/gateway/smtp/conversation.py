"""One SMTP conversation as a client (RFC 5321): commands, replies and TLS, each within its time.

Our own client and not ``smtplib``, because commands are pipelined (RFC 2920), every byte in and out
stands under one deadline, and a reply is bounded in lines and bytes whatever the server sends.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from mailsec.gateway.errors import HopFailed, TlsFailed
from mailsec.gateway.hops import clean_line

REPLY_LINES = 200
REPLY_BYTES = 64 * 1024
BLOCK = 64 * 1024
REPLY_LINE = re.compile(rb"([2-5][0-9][0-9])(?:([ -])(.*))?", re.DOTALL)
ENHANCED = re.compile(r"([245])\.\d{1,3}\.\d{1,3}(?=\s|$)")


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait for each step.

    RFC 5321 section 4.5.3.2 names minutes for most of them. They are shorter here, because the
    deadline of the whole delivery is four minutes by default and the schedule comes back soon; the
    wait after the end of data stays the longest, since giving up there risks a second copy.
    """

    connect: float = 20
    greeting: float = 60
    command: float = 60
    block: float = 60
    end_of_data: float = 180


class Deadline:
    """The moment at which a delivery must be over, on a monotonic clock that was handed in."""

    __slots__ = ("_at", "_clock")

    def __init__(self, clock: Callable[[], float], seconds: float) -> None:
        self._clock = clock
        self._at = clock() + seconds

    def within(self, seconds: float) -> Deadline:
        """A deadline for one step, never later than this one."""
        return Deadline(self._clock, min(seconds, self._at - self._clock()))

    def passed(self) -> bool:
        return self._clock() >= self._at

    def remaining(self) -> float:
        """Seconds left; ``HopFailed`` when there are none."""
        left = self._at - self._clock()
        if left <= 0:
            raise HopFailed("The server did not answer in time")
        return left


@dataclass(frozen=True, slots=True)
class Reply:
    """One complete reply; ``text`` is one clean line, ``lines`` the lines of a greeting to EHLO."""

    code: int
    enhanced: str
    text: str
    lines: tuple[str, ...] = ()

    @property
    def positive(self) -> bool:
        return 200 <= self.code < 300

    @property
    def permanent(self) -> bool:
        return self.code >= 500

    @property
    def closing(self) -> bool:
        """421 says at any point that the server closes the connection (RFC 5321 section 3.8)."""
        return self.code == 421

    def failure(self) -> HopFailed:
        """This reply as the reason why the conversation cannot go on: always a temporary one."""
        return HopFailed(self.text, self.code, "4" + self.enhanced[1:])


def read_reply(lines: Iterable[bytes]) -> Reply:
    """Put reply lines together; the status of RFC 2034 is believed only where its class fits."""
    code, texts = 0, []
    for line in lines:
        match = REPLY_LINE.fullmatch(line)
        if not match:
            raise HopFailed(clean_line(f"The server's answer is no SMTP reply: {_decoded(line)}"))
        code = int(match[1])
        texts.append(_decoded(match[3] or b""))
    found = ENHANCED.match(texts[-1].strip()) if texts else None
    fits = found and found[1] == str(code)[0]
    enhanced = found[0] if found and fits else f"{str(code)[0]}.0.0"
    return Reply(code, enhanced, clean_line(f"{code} {' '.join(texts)}"), tuple(texts))


def _decoded(line: bytes) -> str:
    return line.decode("utf-8", "replace")


class Conversation:
    """An open connection to one server, ready for mail transactions once ``greet`` has returned."""

    def __init__(self, sock: socket.socket, timeouts: Timeouts, deadline: Deadline) -> None:
        self.timeouts = timeouts
        self.deadline = deadline
        self.extensions: Mapping[str, str] = {}
        self.tls = ""
        self.transactions = 0
        self._sock = sock
        self._buffer = bytearray()

    def greet(self, hostname: str) -> None:
        """Read the greeting and say EHLO."""
        greeting = self.reply(self.timeouts.greeting)
        if greeting.code != 220:
            raise greeting.failure()
        self.hello(hostname)

    def hello(self, hostname: str) -> None:
        """Say EHLO, or HELO where the server does not know it (RFC 5321 section 3.2)."""
        reply = self.command(f"EHLO {hostname}")
        if reply.permanent:
            self.extensions = {}
            reply = self.command(f"HELO {hostname}")
        else:
            words = [line.split(maxsplit=1) for line in reply.lines[1:]]
            self.extensions = {w[0].upper(): w[1] if w[1:] else "" for w in words if w}
        if reply.code != 250:
            raise reply.failure()

    def offers(self, extension: str) -> bool:
        return extension in self.extensions

    def start_tls(self, context: ssl.SSLContext, host: str, hostname: str) -> None:
        """Encrypt the connection, as the server agreed, and say EHLO anew (RFC 3207)."""
        if self._buffer:
            # Whatever came in the clear behind the 220 was put there by somebody in between.
            raise TlsFailed("The server sent text in the clear after STARTTLS", 0, "4.7.5")
        deadline = self.deadline.within(self.timeouts.command)
        try:
            self._sock.settimeout(deadline.remaining())
            secure = context.wrap_socket(self._sock, server_hostname=host)
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            reason = getattr(error, "verify_message", "") or getattr(error, "reason", "") or error
            raise TlsFailed(
                clean_line(f"The TLS handshake failed: {reason}"), 0, "4.7.5"
            ) from error
        self._sock = secure
        self.tls = secure.version() or "TLS"
        try:
            self.hello(hostname)
        except HopFailed as error:
            if error.code:
                raise
            # In TLS 1.3 a server may still reject what the client takes for a finished handshake.
            raise TlsFailed(error.text, error.code, error.enhanced) from error

    def command(self, line: str) -> Reply:
        """Send one command and read its reply."""
        self.send(line.encode("utf-8") + b"\r\n")
        return self.reply(self.timeouts.command)

    def send(self, data: bytes) -> None:
        """Hand all of ``data`` to the connection; each block has its own time."""
        view = memoryview(data)
        while view:
            deadline = self.deadline.within(self.timeouts.block)
            try:
                self._sock.settimeout(deadline.remaining())
                view = view[self._sock.send(view[:BLOCK]) :]
            except OSError as error:
                raise HopFailed(_lost(error)) from error

    def reply(self, seconds: float) -> Reply:
        """Read one reply, however many lines, within ``seconds``; drips do not prolong it."""
        deadline = self.deadline.within(seconds)
        lines: list[bytes] = []
        total = 0
        while True:
            line = self._line(deadline)
            total += len(line)
            lines.append(line)
            if line[3:4] != b"-":
                return read_reply(lines)
            if len(lines) >= REPLY_LINES or total > REPLY_BYTES:
                raise HopFailed("The server's answer has no end")

    def stale(self) -> bool:
        """Whether an idle connection was closed, or has something to say unasked."""
        try:
            self._sock.settimeout(0)
            return bool(self._buffer) or self._sock.recv(1) is not None
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        except OSError:
            return True

    def quit(self) -> None:
        """Say good-bye without waiting for the answer, and close."""
        try:
            self._sock.settimeout(1)
            self._sock.send(b"QUIT\r\n")
        except OSError:
            pass  # The server has gone first, which is as good.
        self.close()

    def close(self) -> None:
        """Close the descriptor and nothing else: a parent process may go on using the rest."""
        self._sock.close()

    def _line(self, deadline: Deadline) -> bytes:
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > REPLY_BYTES:
                raise HopFailed("The server's answer has no end")
            try:
                self._sock.settimeout(deadline.remaining())
                block = self._sock.recv(BLOCK)
            except OSError as error:
                raise HopFailed(_lost(error)) from error
            if not block:
                raise HopFailed("The server closed the connection")
            self._buffer += block
        line = bytes(self._buffer[:end]).removesuffix(b"\r")
        del self._buffer[: end + 1]
        return line


def _lost(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "The server did not answer in time"
    return f"The connection was lost: {clean_line(error.strerror or 'broken')}"
