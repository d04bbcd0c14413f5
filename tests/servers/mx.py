"""A mail server on a real socket that does what a script says and keeps every byte it was sent."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType

EVERYTHING = ("PIPELINING", "SIZE 52428800", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES")
ADDRESS = re.compile(r"<(.*)>(.*)$")


@dataclass(slots=True)
class Script:
    """What the server answers. Replies in sequences are used up one by one, then the usual ones.

    ``drop`` names the moments at which the server closes without an answer: ``greeting``, ``EHLO``,
    ``MAIL``, ``RCPT``, ``DATA``, ``content`` (in the middle of it, after the first reply of
    ``end`` if any) and ``stored`` (after it).
    ``drip`` is the wait in seconds before each byte of every reply but the greeting, ``slow`` the
    moments before which it waits ``drip`` seconds once. ``room`` is the number of recipients that
    one transaction may have, 0 for any. ``still`` is called at each moment, ``dot`` (all was read,
    nothing is stored) among them, with the sender and the recipients so far; an OSError of it ends
    the conversation.
    """

    greeting: str = "220 mx.example.com ESMTP"
    extensions: Sequence[str] = EVERYTHING
    ehlo: str = ""
    helo: str = "250 mx.example.com"
    mail: Sequence[str] = ()
    recipients: Mapping[str, Sequence[str]] = field(default_factory=dict)
    data: Sequence[str] = ()
    end: Sequence[str] = ()
    starttls: str = "220 2.0.0 go ahead"
    tls: ssl.SSLContext | None = None
    drop: Sequence[str] = ()
    drip: float = 0
    slow: Sequence[str] = ()
    room: int = 0
    mails_per_connection: int = 0
    still: Callable[[str, str, Sequence[str]], None] = lambda moment, sender, recipients: None


@dataclass(frozen=True, slots=True)
class Received:
    """One mail as it came: ``raw`` is what was on the wire, without the line with the lone dot."""

    sender: str
    parameters: str
    recipients: tuple[str, ...]
    raw: bytes
    tls: bool
    connection: int

    @property
    def content(self) -> bytes:
        """The mail with one transparency dot taken off (RFC 5321 section 4.5.2)."""
        unstuffed = self.raw.replace(b"\r\n.", b"\r\n")
        return unstuffed[1:] if unstuffed.startswith(b".") else unstuffed


class MailServer:
    """Runs while its ``with`` block does."""

    def __init__(self, script: Script | None = None) -> None:
        self.script = script or Script()
        self.mails: list[Received] = []
        self.commands: list[str] = []
        self.connections = 0
        self._used: dict[str, int] = {}
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> MailServer:
        self._start(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.hang_up()
        for thread in self._threads:
            thread.join(5)

    def hang_up(self) -> None:
        """Close every open connection, as a server does with idle ones."""
        with self._lock:
            for sock in self._open:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)

    def next_of(self, kind: str, replies: Sequence[str], usual: str) -> str:
        """The next scripted reply of a kind, the usual one when they are used up."""
        with self._lock:
            used = self._used.get(kind, 0)
            self._used[kind] = used + 1
        return replies[used] if used < len(replies) else usual

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                number = self.connections
                self._open.add(sock)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._start(_Session(self, sock, number).run)

    def _start(self, target: object) -> None:
        thread = threading.Thread(target=target, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def forget(self, sock: socket.socket) -> None:
        with self._lock:
            self._open.discard(sock)

    def replace(self, old: socket.socket, new: socket.socket) -> None:
        with self._lock:
            self._open.discard(old)
            self._open.add(new)


class _Closed(Exception):
    """The conversation is over."""


class _Session:
    def __init__(self, server: MailServer, sock: socket.socket, number: int) -> None:
        self.server = server
        self.script = server.script
        self.sock = sock
        self.number = number
        self.buffer = bytearray()
        self.tls = False
        self.mails = 0
        self.reset()

    def reset(self) -> None:
        self.sender: str | None = None
        self.parameters = ""
        self.accepted: list[str] = []

    def run(self) -> None:
        try:
            self.moment("greeting")
            self.sock.sendall(self.script.greeting.encode() + b"\r\n")
            while True:
                line = self.line().decode("utf-8")
                self.server.commands.append(line)
                self.obey(line.split(" ")[0].upper(), line)
        except (OSError, _Closed):
            pass
        finally:
            self.server.forget(self.sock)
            self.sock.close()

    def obey(self, verb: str, line: str) -> None:
        self.moment(verb)
        match verb:
            case "EHLO":
                self.say(self.script.ehlo or self.extensions())
            case "HELO":
                self.say(self.script.helo)
            case "STARTTLS":
                self.encrypt()
            case "MAIL":
                self.mail(line)
            case "RCPT":
                self.rcpt(line)
            case "DATA":
                self.data()
            case "RSET":
                self.reset()
                self.say("250 2.0.0 reset")
            case "QUIT":
                self.say("221 2.0.0 bye")
                raise _Closed
            case _:
                self.say("500 5.5.1 unknown")

    def extensions(self) -> str:
        offered = list(self.script.extensions)
        if self.script.tls and not self.tls:
            offered.append("STARTTLS")
        lines = ["mx.example.com", *offered]
        return "\r\n".join(
            f"250{' ' if i == len(lines) - 1 else '-'}{text}" for i, text in enumerate(lines)
        )

    def encrypt(self) -> None:
        self.say(self.script.starttls)
        if not self.script.starttls.startswith("220"):
            return
        if self.script.tls is None:
            raise _Closed
        secure = self.script.tls.wrap_socket(self.sock, server_side=True)
        self.server.replace(self.sock, secure)
        self.sock = secure
        self.tls = True
        self.reset()

    def mail(self, line: str) -> None:
        limit = self.script.mails_per_connection
        if limit and self.mails >= limit:
            self.say("421 4.7.0 enough for one connection")
            raise _Closed
        reply = self.server.next_of("MAIL", self.script.mail, "250 2.1.0 sender ok")
        if reply.startswith("250"):
            self.sender, self.parameters = self.address(line)
        self.say_and_obey(reply)

    def rcpt(self, line: str) -> None:
        address, _ = self.address(line)
        usual = "250 2.1.5 recipient ok"
        if self.sender is None:
            usual = "503 5.5.1 need MAIL"
        elif self.script.room and len(self.accepted) >= self.script.room:
            usual = "452 4.5.3 too many recipients"
        reply = self.server.next_of(address, self.script.recipients.get(address, ()), usual)
        if reply.startswith("25"):
            self.accepted.append(address)
        self.say_and_obey(reply)

    def data(self) -> None:
        usual = "354 go ahead" if self.accepted else "554 5.5.1 no valid recipients"
        reply = self.server.next_of("DATA", self.script.data, usual)
        self.say_and_obey(reply)
        if not reply.startswith("354"):
            return
        if "content" in self.script.drop:
            self.sock.recv(10)
            if self.script.end:
                self.say(self.script.end[0])
            raise _Closed
        raw = self.content()
        self.moment("dot")
        if self.accepted:
            self.store(raw)
        self.moment("stored")
        usual = "250 2.0.0 stored" if self.accepted else "554 5.5.1 no valid recipients"
        self.say_and_obey(self.server.next_of("end", self.script.end, usual))
        self.reset()

    def store(self, raw: bytes) -> None:
        self.mails += 1
        mail = Received(
            self.sender or "",
            self.parameters,
            tuple(self.accepted),
            raw,
            self.tls,
            self.number,
        )
        self.server.mails.append(mail)

    def say_and_obey(self, reply: str) -> None:
        """Send a reply; 421 ends the conversation."""
        self.say(reply)
        if reply.startswith("421"):
            raise _Closed

    def say(self, reply: str) -> None:
        data = reply.encode("utf-8", "surrogateescape") + b"\r\n"
        if self.script.drip and not self.script.slow:
            for i in range(len(data)):
                time.sleep(self.script.drip)
                self.sock.sendall(data[i : i + 1])
        else:
            self.sock.sendall(data)

    def moment(self, name: str) -> None:
        if name in self.script.drop:
            raise _Closed
        self.script.still(name, self.sender or "", self.accepted)
        if name in self.script.slow:
            time.sleep(self.script.drip)

    def content(self) -> bytes:
        while True:
            if self.buffer.startswith(b".\r\n"):
                del self.buffer[:3]
                return b""
            end = self.buffer.find(b"\r\n.\r\n")
            if end >= 0:
                raw = bytes(self.buffer[: end + 2])
                del self.buffer[: end + 5]
                return raw
            self.read()

    def line(self) -> bytes:
        while b"\r\n" not in self.buffer:
            self.read()
        line, _, rest = bytes(self.buffer).partition(b"\r\n")
        self.buffer = bytearray(rest)
        return line

    def read(self) -> None:
        block = self.sock.recv(65536)
        if not block:
            raise _Closed
        self.buffer += block

    @staticmethod
    def address(line: str) -> tuple[str, str]:
        match = ADDRESS.search(line)
        return (match[1], match[2].strip()) if match else ("", "")
