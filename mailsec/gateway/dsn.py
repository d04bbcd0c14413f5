"""Delivery reports: bounces and delay notices (RFC 3464 in the frame of RFC 6522).

A report is written from scratch, so every foreign text in it (subject, addresses, replies) is data
here: control characters are taken out before anything becomes a header line.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from enum import StrEnum

from mailsec.gateway.dsn_text import WORDINGS, Facts, Words, written
from mailsec.gateway.hops import Result, clean_line
from mailsec.gateway.policy import Language
from mailsec.gateway.smtp.wire import is_sendable

HEADERS_BYTES = 16 * 1024
SUBJECT_CHARACTERS = 2000
LINE = 76
HEADER_START = re.compile(rb"[!-9;-~]+[ \t]*:")
AUTOMATIC = re.compile(rb"(?im)^auto-submitted[ \t]*:\s*(?!no\b)[a-z]")
BULK = re.compile(rb"(?im)^precedence[ \t]*:\s*(?:bulk|list|junk)\b")


class ReportKind(StrEnum):
    """The value of ``Action`` in the report (RFC 3464 section 2.3.3)."""

    FAILED = "failed"
    DELAYED = "delayed"


@dataclass(frozen=True, slots=True)
class Origin:
    """Who writes the report: the host, and the ``From`` line that people see."""

    reporting_mta: str
    address: str
    name: str = "Mail Delivery System"


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a report tells; ``subject`` is the original's, decoded by the caller.

    The report goes to ``sender``, the envelope sender of ``original``, and has the null one itself.
    ``message_id`` has no angle brackets. Times are shown in the zone they have. ``locked`` are
    recipients whose copies had their files in an encrypted archive. ``words`` are the product's
    where none are given.
    """

    kind: ReportKind
    original: bytes
    sender: str
    results: tuple[Result, ...]
    origin: Origin
    arrived_at: datetime
    now: datetime
    message_id: str
    language: Language = Language.JAPANESE
    subject: str = ""
    envelope_id: str = ""
    retry_until: datetime | None = None
    locked: frozenset[str] = frozenset()
    words: Words | None = None


def should_report(sender: str, headers: bytes, kind: ReportKind = ReportKind.FAILED) -> bool:
    """Whether a report may be sent to this envelope sender.

    Never to the null sender (RFC 5321 section 4.5.5), a malformed address or a mailer daemon; a
    mere delay is not told to programs and lists either (RFC 3834 section 2).
    """
    local = sender.rpartition("@")[0].strip('"').lower()
    if not is_sendable(sender) or local in ("", "mailer-daemon"):
        return False
    block = header_block(headers)
    return kind is ReportKind.FAILED or not (AUTOMATIC.search(block) or BULK.search(block))


def build_report(report: Report) -> bytes:
    """The report as a whole message: for people, for programs, and the original's headers.

    It is pure ASCII unless the sender's address is not; then it must go out with SMTPUTF8.
    """
    wording = WORDINGS[report.language]
    own = wording.failed if report.kind is ReportKind.FAILED else wording.delayed
    facts = Facts(
        subject=_one_line(report.subject)[:SUBJECT_CHARACTERS],
        arrived_at=report.arrived_at,
        results=report.results,
        signature=report.origin.reporting_mta,
        retry_until=report.retry_until,
        locked=report.locked,
    )
    subject, text = written(wording, facts, report.words or own)
    parts = [
        _text_part(text, report.language),
        b"Content-Type: message/delivery-status\r\n\r\n" + _status(report),
        _headers_part(report.original),
    ]
    boundary = _boundary(report.message_id, parts)
    frame = _frame(report, subject, boundary)
    mark = b"--" + boundary.encode("ascii")
    # The line end before a separator belongs to the separator (RFC 2046 section 5.1.1).
    body = b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts)
    return frame + b"\r\n" + body + mark + b"--\r\n"


def header_block(original: bytes) -> bytes:
    """The header fields of a message with CRLF line ends: at most 16 KiB, and never any body.

    It ends at the first line that is neither a field nor the continuation of one, so that a message
    without an empty line does not give its body away.
    """
    lines: list[bytes] = []
    total = 0
    for line in re.split(rb"\r\n|\r|\n", original[: HEADERS_BYTES * 2]):
        total += len(line) + 2
        continued = bool(lines) and line[:1] in (b" ", b"\t")
        if total > HEADERS_BYTES or not (continued or HEADER_START.match(line)):
            break
        lines.append(line)
    return b"".join(line + b"\r\n" for line in lines)


def _frame(report: Report, subject: str, boundary: str) -> bytes:
    origin = report.origin
    fields = [
        f"Date: {format_datetime(report.now)}",
        f"From: {_encoded(origin.name, 6)}\r\n <{_one_line(origin.address)}>",
        f"To: <{_one_line(report.sender)}>",
        f"Subject: {_encoded(subject, 9)}",
        f"Message-ID: <{_one_line(report.message_id)}>",
        "Auto-Submitted: auto-replied",
        "X-Auto-Response-Suppress: All",
        "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=delivery-status;\r\n boundary="'
        + boundary
        + '"',
    ]
    return "".join(f"{field}\r\n" for field in fields).encode("utf-8")


def _text_part(text: str, language: Language) -> bytes:
    encoded = base64.b64encode(text.replace("\n", "\r\n").encode("utf-8", "replace"))
    lines = [encoded[i : i + LINE] for i in range(0, len(encoded), LINE)]
    head = (
        "Content-Type: text/plain; charset=utf-8\r\n"
        f"Content-Language: {language}\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\n"
    )
    return head.encode("ascii") + b"\r\n".join(lines)


def _status(report: Report) -> bytes:
    groups = [[f"Reporting-MTA: dns; {report.origin.reporting_mta}"]]
    if report.envelope_id:
        groups[0].append(_folded(f"Original-Envelope-Id: {_ascii(report.envelope_id)}"))
    groups[0].append(f"Arrival-Date: {format_datetime(report.arrived_at)}")
    groups += [_recipient(report, result) for result in report.results]
    return "\r\n".join("".join(f"{line}\r\n" for line in group) for group in groups).encode("ascii")


def _recipient(report: Report, result: Result) -> list[str]:
    kind = "rfc822" if result.recipient.isascii() else "utf-8"
    lines = [
        f"Final-Recipient: {kind}; {_xtext(_one_line(result.recipient))}",
        f"Action: {report.kind}",
        f"Status: {result.enhanced or '4.0.0'}",
    ]
    if result.host:
        lines.append(f"Remote-MTA: dns; {_ascii(result.host)}")
    if result.code and result.reply:
        lines.append(_folded(f"Diagnostic-Code: smtp; {_ascii(result.reply)}"))
    lines.append(f"Last-Attempt-Date: {format_datetime(report.now)}")
    if report.retry_until and report.kind is ReportKind.DELAYED:
        lines.append(f"Will-Retry-Until: {format_datetime(report.retry_until)}")
    return lines


def _headers_part(original: bytes) -> bytes:
    block = header_block(original)
    if block.isascii() and b"\0" not in block and max(map(len, block.split(b"\r\n"))) <= 998:
        return b"Content-Type: text/rfc822-headers\r\n\r\n" + block
    try:
        block.decode("utf-8")
        kind = b"text/rfc822-headers" if block.isascii() else b"message/global-headers"
    except UnicodeDecodeError:
        kind = b"text/rfc822-headers"
    # RFC 6522 section 4 and RFC 6533 section 6: broken or non-ASCII headers travel encoded.
    encoding = b"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    return b"Content-Type: " + kind + encoding + binascii.b2a_qp(block)


def _boundary(message_id: str, parts: list[bytes]) -> str:
    """A separator that occurs in no part, whatever the original says."""
    seed = message_id.encode("utf-8", "replace")
    while True:
        seed = hashlib.sha256(seed).digest()
        boundary = f"report-{seed.hex()[:32]}"
        if all(boundary.encode("ascii") not in part for part in parts):
            return boundary


def _encoded(text: str, used: int) -> str:
    """Text for a field after ``used`` columns: as it is, or in RFC 2047 words, one a line.

    A word holds whole characters and at most 75 columns with its frame of 12.
    """
    text = _one_line(text)
    plain = re.fullmatch(r"[A-Za-z0-9 !*+/:,.()-]*", text) and "  " not in text
    if plain and used + len(text) <= LINE and text == text.strip():
        return text
    words, piece, room = [], b"", (75 - max(used, 1) - 12) // 4 * 3
    for character in text:
        data = character.encode("utf-8", "replace")
        if len(piece) + len(data) > room:
            words.append(piece)
            piece, room = b"", (75 - 12) // 4 * 3
        piece += data
    words.append(piece)
    return "\r\n ".join(f"=?utf-8?B?{base64.b64encode(w).decode('ascii')}?=" for w in words)


def _one_line(text: str) -> str:
    """Text whose control characters, line separators and lone surrogates became spaces, no more."""
    return "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp", "Cs") else c for c in text)


def _ascii(text: str) -> str:
    return clean_line(text).encode("ascii", "replace").decode("ascii")


def _xtext(address: str) -> str:
    """The 7-bit form of an internationalized address (RFC 6533 section 3)."""
    return "".join(c if "!" <= c <= "~" else f"\\x{{{ord(c):X}}}" for c in address)


def _folded(field: str) -> str:
    """A field folded at spaces, or inside words that are too long for one line."""
    lines, line = [], ""
    for word in field.split(" "):
        for piece in [word[i : i + LINE - 1] for i in range(0, len(word), LINE - 1)] or [""]:
            if line and len(line) + 1 + len(piece) > LINE:
                lines.append(line)
                line = ""
            line = f"{line} {piece}" if line else piece
    return "\r\n ".join([*lines, line])
