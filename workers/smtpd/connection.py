"""The connection under a session: blocks in, replies out, time limits, TLS, and a clean end.

``aiosmtpd.smtp.SMTP`` gives the frame: a stream protocol with a table of ``smtp_*`` commands whose
``_handle_client`` runs one session. Replaced here, because they cost most of its time or do not
fit: reading line by line, a timer set anew for each command, a write for each reply line,
cancelling the session when the client goes away (a mail on its way into the database must not be
cut), and TLS through private classes that only asyncio's own loop has.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any

from aiosmtpd.smtp import SMTP

from workers.smtpd import replies
from workers.smtpd.desk import Desk

READ_SIZE = 256 * 1024
LONGEST_LINE = 12_288  # AUTH, RFC 4954 section 4; other commands have lower limits of their own.
MOST_SKIPPED = 1024 * 1024
LINGER = 10.0  # How long the last reply may take to leave before the connection is cut.
TLS_HANDSHAKE = 30.0
_NEVER = float("inf")


class LineTooLong(Exception):
    """A command line exceeds every limit; it was read to its end and is thrown away."""


class Connection(SMTP):
    """One client's connection. Replies gather until the session has to wait, then leave at once."""

    # Attributes of asyncio's stream classes that have no public name.
    _reader: Any
    _writer: Any
    _paused: bool
    _drain_helper: Callable[[], Awaitable[None]]
    transport: asyncio.Transport | None

    def __init__(self, desk: Desk, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(None, hostname=desk.listener.hostname, loop=loop)
        self.desk = desk
        self.over = False
        self._idle = False
        self._input = b""
        self._output: list[bytes] = []
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = _NEVER
        self._deadline = _NEVER

    # The frame.

    line_length_limit = READ_SIZE  # aiosmtpd makes it the limit of its StreamReader.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the session."""
        asyncio.StreamReaderProtocol.connection_made(self, transport)
        self.transport = transport  # type: ignore[assignment]
        self.desk.sessions.add(self)
        self._handler_coroutine = self.loop.create_task(self._handle_client())

    def connection_lost(self, error: Exception | None) -> None:
        """Let the session find out by itself when it reads or writes next."""
        asyncio.StreamReaderProtocol.connection_lost(self, error)
        self.transport = None

    def eof_received(self) -> bool | None:
        """Keep the way back open in the clear: a client may half-close and await its replies."""
        return asyncio.StreamReaderProtocol.eof_received(self)

    # In and out.

    async def read_block(self, patience: float) -> bytes:
        """What came, at most ``READ_SIZE`` bytes and empty at the end; replies leave before."""
        block: bytes
        if self._input:
            block, self._input = self._input, b""
            return block
        if self._output:
            await self.flush()
        self.wait_at_most(patience)
        block = await self._reader.read(READ_SIZE)
        self.wait_without_end()
        return block

    def unread(self, rest: bytes) -> None:
        """Put back what came behind the end of a line or a message (RFC 2920: pipelining)."""
        self._input = rest

    async def read_line(self, patience: float) -> bytes | None:
        """The next line without its end; None where the client closed. Raises LineTooLong."""
        data = self._input
        end = data.find(b"\n")
        skipped = 0
        while end < 0:
            if len(data) > LONGEST_LINE:
                skipped += len(data)
                data = b""
                if skipped > MOST_SKIPPED:
                    return None
            self._input = b""
            block = await self.read_block(patience)
            if not block:
                return None
            found = block.find(b"\n")
            end = found + len(data) if found >= 0 else -1
            data += block
        self._input = data[end + 1 :]
        if skipped or end > LONGEST_LINE:
            raise LineTooLong
        return data[: end - 1] if data[end - 1 : end] == b"\r" else data[:end]

    def say(self, *lines: str) -> None:
        """Reply; several lines make one reply (RFC 5321 section 4.2.1)."""
        if len(lines) == 1:
            self._output.append(lines[0].encode("ascii", "replace") + b"\r\n")
            return
        code = lines[0][:3]
        texts = [lines[0][4:], *lines[1:]]
        whole = "".join(f"{code}-{text}\r\n" for text in texts[:-1]) + f"{code} {texts[-1]}\r\n"
        self._output.append(whole.encode("ascii", "replace"))

    async def flush(self) -> None:
        """Send the replies; raises ConnectionResetError where nobody is there to read them."""
        data = b"".join(self._output)
        self._output.clear()
        if self.transport is None or self.transport.is_closing():
            raise ConnectionResetError
        self.transport.write(data)
        if self._paused:
            self.wait_at_most(self.desk.listener.limits.command_timeout)
            await self._drain_helper()
            self.wait_without_end()

    # Time.

    def wait_at_most(self, seconds: float) -> None:
        """End the connection unless something comes in time. One timer serves all commands: it is
        set again only when it fires, or where the new limit is nearer."""
        self._deadline = self.loop.time() + seconds
        if self._deadline < self._timer_at:
            self._set_timer(self._deadline)

    def wait_without_end(self) -> None:
        """What is awaited now lies with us, not with the client."""
        self._deadline = _NEVER

    def _set_timer(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = at
        self._timer = self.loop.call_at(at, self._timer_fired)

    def _timer_fired(self) -> None:
        self._timer, self._timer_at = None, _NEVER
        if self._deadline <= self.loop.time():
            if self._paused and self.transport is not None:
                self.transport.abort()  # It does not read its replies, so it reads no last word.
            self.hang_up(replies.TIMED_OUT)
        elif self._deadline < _NEVER:
            self._set_timer(self._deadline)

    # The end.

    def hang_up(self, reply: str) -> None:
        """Say a last word and close, from outside of the session."""
        self.over = True
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(reply.encode("ascii") + b"\r\n")
        self.shut()

    def shut(self) -> None:
        """Close; the last reply may linger for a while, then the connection is cut."""
        self.over = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer, self._timer_at = None, _NEVER
        transport = self.transport
        if transport is None:
            return
        transport.close()
        if transport.get_write_buffer_size():
            self.loop.call_later(LINGER, transport.abort)

    def stop(self) -> None:
        """Begin no new mail: an idle session ends now, a mail on its way ends first."""
        if self._idle:
            self.hang_up(replies.STOPPING)

    def cut(self) -> None:
        """End at once, whatever is on its way."""
        if self._handler_coroutine is not None:
            self._handler_coroutine.cancel()
        if self.transport is not None:
            self.transport.abort()

    # TLS.

    async def start_tls(self, context: ssl.SSLContext) -> tuple[str, bytes]:
        """Turn to TLS after 220: the version and the digest of the client's certificate, if any.

        Raises OSError where the handshake fails.
        """
        self.say("220 2.0.0 Ready to start TLS")
        # What came in the clear behind STARTTLS was perhaps put there by someone on the way, so it
        # is forgotten before 220 leaves (RFC 3207 section 6, CVE-2011-0411). From here to the
        # handshake nothing waits, so nothing more can be read in the clear.
        self._input = b""
        self._reader._buffer.clear()
        transport = self.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError
        transport.write(b"".join(self._output))
        self._output.clear()
        secured = await self.loop.start_tls(
            transport, self, context, server_side=True, ssl_handshake_timeout=TLS_HANDSHAKE
        )
        if secured is None:
            raise ConnectionResetError
        # asyncio's public StreamWriter.start_tls leaves the reader's transport behind in 3.11.
        self.transport = self._transport = secured
        self._reader._transport = self._writer._transport = secured
        self._over_ssl = True
        tls = secured.get_extra_info("ssl_object")
        certificate = tls.getpeercert(binary_form=True)
        return tls.version() or "", sha256(certificate).digest() if certificate else b""
