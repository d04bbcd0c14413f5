"""Mails for the journeys, and what came of them in a mail server."""

from __future__ import annotations

import base64
import itertools
import re
import socket
from pathlib import Path

from mailsec.gateway.message import Message, Part
from tests.servers.mx import Received
from tests.service import Service

SENDER = "list@example.net"
USER = "user@alpha.example.jp"
# In two halves: neither this file nor the checkout is a finding for a scanner.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STAN" + rb"DARD-ANTIVIRUS-TEST-FILE!$H+H*"
PROGRAM = b"MZ" + bytes(58) + b"\x40\0\0\0PE\0\0" + bytes(64) + b"not a working program"
NOTICE = "The following attachments were removed from this message."

_CASES = Path(__file__).parent / "cases"
_MESSAGE_ID = re.compile(rb"(?im)^message-id:.*\r\n")
_TRACE_BLOCK = re.compile(
    rb"Received: (?:.|\r\n[ \t])*\r\n"
    rb"(?:Authentication-Results: gateway\.example\.org;(?:.|\r\n[ \t])*\r\n)?"
    rb"(?:ARC-[A-Za-z-]+: i=1;(?:.|\r\n[ \t])*\r\n)*"
)
_numbers = itertools.count(1)


def marker(kind: str) -> str:
    """A Message-ID's local part that no other mail of this run has."""
    return f"{kind}-{next(_numbers)}-end"


def case(name: str, mark: str) -> bytes:
    """A case's mail under a Message-ID of our own; no other byte is touched."""
    raw = (_CASES / f"{name}.eml").read_bytes()
    found = _MESSAGE_ID.search(raw)
    if found is None:
        return f"Message-ID: <{mark}@example.net>\r\n".encode() + raw
    return (
        raw[: found.start()] + f"Message-ID: <{mark}@example.net>\r\n".encode() + raw[found.end() :]
    )


def plain(
    mark: str, body: bytes = b"body\r\n", sender: str = SENDER, to: str = USER, fields: bytes = b""
) -> bytes:
    """A mail of one text part."""
    head = f"From: {sender}\r\nTo: {to}\r\nSubject: {mark}\r\nMessage-ID: <{mark}@example.net>\r\n"
    return head.encode() + fields + b"\r\n" + body


def with_file(
    mark: str,
    name: str,
    content: bytes,
    body: bytes = b"body\r\n",
    sender: str = SENDER,
    to: str = USER,
    fields: bytes = b"",
) -> bytes:
    """A mail with a text and one file."""
    head = b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="cut"\r\n'
    coded = base64.encodebytes(content).replace(b"\n", b"\r\n")
    parts = (
        b"--cut\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n" + body,
        b'\r\n--cut\r\nContent-Type: application/octet-stream; name="' + name.encode() + b'"\r\n'
        b'Content-Disposition: attachment; filename="' + name.encode() + b'"\r\n'
        b"Content-Transfer-Encoding: base64\r\n\r\n" + coded + b"--cut--\r\n",
    )
    return plain(mark, b"".join(parts), sender, to, fields + head)


def arrived(service: Service, server: str, mark: str) -> Received:
    """The one mail with this marker, once it is there."""
    service.wait_for(lambda: service.mails(server, mark.encode()))
    found = service.mails(server, mark.encode())
    assert len(found) == 1, (len(found), service.logs())
    return found[0]


def deliver(service: Service, message: bytes, mark: str, to: str = USER) -> Message:
    """Hand an inbound mail to alpha and read what its mail server gets."""
    assert service.send(SENDER, [to], message)[-1] == 250
    return Message(arrived(service, "alpha", mark).content)


def pass_by(service: Service) -> None:
    """Return when a mail sent after the others has arrived: what was to come has come by then."""
    mark = marker("sentinel")
    deliver(service, plain(mark), mark)


def below_trace(content: bytes) -> bytes:
    """What stands under the fields that we put on top: Received, and for inbound mail our results,
    and the seal where the mail was changed."""
    block = _TRACE_BLOCK.match(content)
    assert block is not None
    assert b"by gateway.example.org" in block[0]
    return content[block.end() :]


def attachments(message: Message) -> dict[str, bytes]:
    """Every file of a mail by its name."""
    return {part.name: part.content() for part in message.attachments}


def text_part(message: Message, content_type: str = "text/plain") -> Part:
    """The first part of this type."""
    return next(part for part in message.parts if part.content_type == content_type)


def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
