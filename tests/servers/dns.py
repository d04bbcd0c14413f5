"""A small name server on loopback, by UDP and TCP on one port."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Mapping, Sequence
from types import TracebackType

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset


def txt(text: str) -> str:
    """A TXT record's value for a zone, cut into strings of at most 255 octets (RFC 1035 3.3.14)."""
    escaped = [
        text[at : at + 255].replace("\\", "\\\\").replace('"', '\\"')
        for at in range(0, len(text), 255)
    ]
    return " ".join(f'"{piece}"' for piece in escaped) or '""'


class NameServer:
    """Answers from ``zone``: ``{"example.com": {"MX": ["10 mx.example.com."]}}``.

    A name that is not in the zone does not exist; one in ``broken`` gets SERVFAIL, one in
    ``silent`` no answer, and nobody gets one while it is ``dead``. Names in ``large`` are cut short
    by UDP, so that the client uses TCP.
    """

    def __init__(self, zone: Mapping[str, Mapping[str, Sequence[str]]]) -> None:
        self.zone = zone
        self.broken: set[str] = set()
        self.silent: set[str] = set()
        self.dead = False
        self.large: set[str] = set()
        self.ttl = 60
        self.questions: list[tuple[str, str]] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", self.port))
        self._threads = [
            threading.Thread(target=serve, daemon=True) for serve in (self._by_udp, self._by_tcp)
        ]

    def __enter__(self) -> NameServer:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for sock in (self._udp, self._listener):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
        for thread in self._threads:
            thread.join(5)

    def _by_udp(self) -> None:
        while True:
            try:
                data, peer = self._udp.recvfrom(4096)
            except OSError:
                return
            if not data:
                return  # The socket was shut down.
            if answer := self._answer(data, cut=True):
                with contextlib.suppress(OSError):  # closed while it was thinking
                    self._udp.sendto(answer, peer)

    def _by_tcp(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            with sock, contextlib.suppress(OSError, struct.error):
                (length,) = struct.unpack("!H", sock.recv(2))
                answer = self._answer(sock.recv(length), cut=False)
                sock.sendall(struct.pack("!H", len(answer)) + answer)

    def _answer(self, data: bytes, cut: bool) -> bytes:
        query = dns.message.from_wire(data)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        self.questions.append((name, kind))
        if self.dead or name in self.silent:
            return b""
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        if name in self.broken:
            response.set_rcode(dns.rcode.SERVFAIL)
        elif name not in self.zone:
            response.set_rcode(dns.rcode.NXDOMAIN)
        elif cut and name in self.large:
            response.flags |= dns.flags.TC
        elif values := self.zone[name].get(kind):
            response.answer.append(
                dns.rrset.from_text(question.name, self.ttl, "IN", kind, *values)
            )
        return response.to_wire()
