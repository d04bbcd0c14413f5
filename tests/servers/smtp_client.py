"""A raw SMTP client that sends exact bytes and never tidies line ends."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

END = b".\r\n"


@dataclass(frozen=True)
class Reply:
    """One reply; code 0 means that the server closed the connection or stayed silent."""

    code: int
    lines: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return " ".join(self.lines)


class SmtpClient:
    """One connection. Tests read the code of each reply themselves."""

    def __init__(self, port: int, *, greeting: bool = True, timeout: float = 10.0) -> None:
        self.sock: socket.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self._buffer = b""
        self.greeting = self.reply() if greeting else Reply(0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.sock.close()

    def raw(self, data: bytes) -> None:
        """Send these bytes and nothing else."""
        self.sock.sendall(data)

    def reply(self) -> Reply:
        """The next complete reply."""
        lines: list[str] = []
        while True:
            while b"\n" not in self._buffer:
                try:
                    block = self.sock.recv(65536)
                except OSError:
                    block = b""
                if not block:
                    return Reply(0, tuple(lines))
                self._buffer += block
            line, self._buffer = self._buffer.split(b"\n", 1)
            text = line.rstrip(b"\r").decode()
            lines.append(text[4:])
            if text[3:4] != "-":
                return Reply(int(text[:3]), tuple(lines))

    def command(self, line: str | bytes) -> Reply:
        """Send one line and wait for its reply."""
        self.raw((line.encode() if isinstance(line, str) else line) + b"\r\n")
        return self.reply()

    def codes_until_close(self) -> list[int]:
        """The codes of all further replies."""
        codes: list[int] = []
        while code := self.reply().code:
            codes.append(code)
        return codes

    def hello(self) -> Reply:
        """Greet as an extended client."""
        return self.command("EHLO client.example.net")

    def start_tls(
        self, client_certificate: Path | None = None, client_key: Path | None = None
    ) -> None:
        """STARTTLS and a new greeting."""
        assert self.command("STARTTLS").code == 220
        self.wrap_tls(client_certificate, client_key)
        self.hello()

    def wrap_tls(
        self, client_certificate: Path | None = None, client_key: Path | None = None
    ) -> None:
        """The handshake alone."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if client_certificate is not None:
            context.load_cert_chain(client_certificate, client_key)
        self._buffer = b""
        self.sock = context.wrap_socket(self.sock)

    def envelope(self, sender: str, *recipients: str) -> list[int]:
        """The codes of MAIL and each RCPT."""
        codes = [self.command(f"MAIL FROM:<{sender}>").code]
        return codes + [self.command(f"RCPT TO:<{recipient}>").code for recipient in recipients]

    def data(self, message: bytes) -> Reply:
        """DATA with the message as given: it must be dot-stuffed and end in CRLF."""
        answer = self.command("DATA")
        if answer.code != 354:
            return answer
        self.raw(message + END)
        return self.reply()

    def send(self, sender: str, recipient: str, message: bytes) -> Reply:
        """A whole transaction for one recipient: the last reply, or the first that says no."""
        for line in (f"MAIL FROM:<{sender}>", f"RCPT TO:<{recipient}>"):
            answer = self.command(line)
            if answer.code >= 400:
                return answer
        return self.data(message)
