"""Notices of the service as mails: one text in two forms, for people and their programs.

Every text that somebody else wrote is data here: no control character of it reaches a header line.
"""

from __future__ import annotations

import base64
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from mailsec.gateway.mime import encode_header_text
from mailsec.gateway.policy import Language

# The local part of the address, at the service's own host name, that every notice comes from.
# What is answered to it is taken and dropped: a refusal would be told to the answering program.
LOCAL_PART = "notice"
_LINE = 76


@dataclass(frozen=True, slots=True)
class Notice:
    """What a notice says, to whom, and in whose name.

    ``message_id`` has no angle brackets; ``now`` is shown in the zone that it has. The envelope
    sender of a notice is the null one.
    """

    recipient: str
    from_address: str
    from_name: str
    subject: str
    text: str
    html: str
    now: datetime
    message_id: str
    language: Language


def build_notice(notice: Notice) -> bytes:
    """The notice as a whole message in ASCII, unless the recipient's address is not.

    Programs neither answer it (RFC 3834 section 5, and Exchange's own field) nor find the same
    boundary twice: the parts are base64, in which no boundary line can occur.
    """
    boundary = f"notice-{notice.message_id.partition('@')[0]}"
    head = [
        ("Date", format_datetime(notice.now).encode("ascii")),
        ("From", _mailbox(notice.from_name, notice.from_address)),
        ("To", f"<{_one_line(notice.recipient)}>".encode()),
        ("Subject", encode_header_text(_one_line(notice.subject))),
        ("Message-ID", f"<{_one_line(notice.message_id)}>".encode("ascii", "replace")),
        ("Auto-Submitted", b"auto-generated"),
        ("X-Auto-Response-Suppress", b"All"),
        ("MIME-Version", b"1.0"),
        ("Content-Language", notice.language.value.encode("ascii")),
        ("Content-Type", f'multipart/alternative;\r\n boundary="{boundary}"'.encode("ascii")),
    ]
    fields = b"".join(name.encode("ascii") + b": " + value + b"\r\n" for name, value in head)
    mark = b"--" + boundary.encode("ascii")
    parts = (_part("plain", notice.text), _part("html", notice.html))
    body = b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts)
    return fields + b"\r\n" + body + mark + b"--\r\n"


def _mailbox(name: str, address: str) -> bytes:
    shown = encode_header_text(_one_line(name), used=6)
    if not shown.startswith(b"=?"):
        quoted = shown.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
        shown = b'"' + quoted + b'"'
    return shown + b"\r\n <" + _one_line(address).encode() + b">"


def _part(subtype: str, text: str) -> bytes:
    lines = text.replace("\r\n", "\n").replace("\n", "\r\n")
    coded = base64.b64encode(lines.encode("utf-8", "replace"))
    rows = [coded[start : start + _LINE] for start in range(0, len(coded), _LINE)]
    head = (
        f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    )
    return head.encode("ascii") + b"\r\n".join(rows)


def _one_line(text: str) -> str:
    """Text whose control characters, line separators and lone surrogates became spaces, no more."""
    return "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp", "Cs") else c for c in text)
