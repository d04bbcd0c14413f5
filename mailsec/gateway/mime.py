"""Editing by offset: every byte that an edit does not name leaves as it came.

Each function gives the ``Splice`` values that make its change; ``splice`` applies them all at once,
so offsets never have to be worked out again between two edits.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass

from mailsec.gateway import charset
from mailsec.gateway.errors import EditRefused
from mailsec.gateway.message import Message
from mailsec.gateway.reading import transfer
from mailsec.gateway.reading.headers import Header
from mailsec.gateway.reading.part import Part

_LINE = 76
_WORD_LIMIT = 75  # RFC 2047 section 2
_PROPER_FIELD = re.compile(rb"[^\n]*\n(?:[ \t]+[^\s][^\n]*(?:\n|\Z))*")
_ANY_LINE_END = re.compile(rb"\r\n|\r|\n")
_LINE_ENDS = re.compile(r"\r\n|\r|\n")
_CHARSET_PARAMETER = re.compile(
    rb"""(?i)(;\s*charset\*?[ \t]*=[ \t]*)("[^"]*"|[^;\s]*)""",
)


@dataclass(frozen=True, slots=True)
class Splice:
    """Bytes ``start`` to ``end`` of a message become ``replacement``."""

    start: int
    end: int
    replacement: bytes


def splice(raw: bytes, splices: Iterable[Splice]) -> bytes:
    """Apply edits that do not overlap, given in any order; insertions at one place keep theirs."""
    # Views, since a mail of 50 MiB would be in memory once more for each edit.
    pieces: list[bytes | memoryview] = []
    view, position = memoryview(raw), 0
    for edit in sorted(splices, key=lambda edit: (edit.start, edit.end)):
        if not position <= edit.start <= edit.end <= len(raw):
            raise EditRefused(f"edits overlap or leave the message at byte {edit.start}")
        pieces += (view[position : edit.start], edit.replacement)
        position = edit.end
    return b"".join((*pieces, view[position:])) if pieces else raw


def line_end(raw: bytes) -> bytes:
    """The line end that a message uses, seen from its first line; CRLF where it has none."""
    first = raw.find(b"\n")
    return b"\n" if first == 0 or (first > 0 and raw[first - 1 : first] != b"\r") else b"\r\n"


def with_line_ends(data: bytes, end: bytes) -> bytes:
    """The same lines with that line end."""
    return _ANY_LINE_END.sub(end, data)


def add_header_on_top(raw: bytes, field: bytes) -> bytes:
    """Put whole header fields in front of all others (behind an mbox separator line)."""
    end = line_end(raw)
    field = with_line_ends(field, end)
    if not field.endswith(end):
        field += end
    at = raw.find(b"\n") + 1 if raw.startswith((b"From ", b">From ")) else 0
    if raw[at : at + 1] in (b" ", b"\t"):
        # A body without any header would become a fold of the new field.
        field += end
    return raw[:at] + field + raw[at:]


def replace_header(message: Message, header: Header, value: bytes) -> Splice:
    """Give a field a new value (encoded, folds included); its name and spacing stay."""
    _require_offset(header)
    colon = header.raw.find(b":") + 1
    blanks = header.raw[colon : colon + 1]
    head = header.raw[:colon] + (blanks if blanks in (b" ", b"\t") else b" ")
    value = with_line_ends(value.strip(b" \t\r\n"), line_end(message.raw))
    return Splice(header.start, header.end, head + value + _end_of(header.raw))


def remove_headers(message: Message, part: Part, fields: Iterable[Header]) -> list[Splice]:
    """Take fields of a part away with their folds.

    A field beside junk or with junk in it leaves an ``X-Removed`` and the junk in its place:
    whether a line that is neither field nor fold ends the block, belongs to the field above it or
    counts for nothing depends on its neighbours, and programs differ in it. What is text for one
    of them must not become a field, nor a field text.
    """
    # Where a field may begin or end without a neighbour that is none.
    begins = {other.start for other in part.headers}
    ends = {part.start} | {other.end for other in part.headers}
    behind = message.raw[max(ends) : part.body_start]
    if not behind.strip(b"\r\n") and (behind or part.body_start >= part.body_end):
        begins.add(max(ends))
    splices = []
    for field in fields:
        _require_offset(field)
        proper = _PROPER_FIELD.match(field.raw)
        size = proper.end() if proper else len(field.raw)
        kept = b""
        if field.start not in ends or field.end not in begins or size < len(field.raw):
            # An open list of parameters is what makes an unindented line belong to a field.
            is_open = field.raw[:size].rstrip().endswith(b";")
            kept = b"X-Removed: " + field.name.encode("latin-1") + b";" * is_open
            kept += line_end(message.raw) + field.raw[size:]
        splices.append(Splice(field.start, field.end, kept))
    return splices


def replace_part(message: Message, index: int, replacement: bytes) -> Splice:
    """Put another entity (header block, blank line, body) in the place of a part.

    The line ends of ``replacement`` become those of the message; the boundary lines stay.
    """
    part = _editable(message, index)
    body = with_line_ends(replacement, line_end(message.raw))
    return Splice(part.start, part.body_end, body)


def replace_body(message: Message, index: int, body: bytes) -> Splice:
    """Replace the body of a part by bytes that are transfer-encoded already."""
    part = _editable(message, index)
    return Splice(part.body_start, part.body_end, body)


def set_text(message: Message, index: int, text: str) -> tuple[Splice, ...]:
    """Replace the text of a part, in its own character code where the text fits, else in UTF-8.

    Refused where the old content could not be read without loss: the text would then replace
    what nobody has seen.
    """
    part = _editable(message, index)
    old = part.decoded()
    if old.problem and "\ufffd" in old.text and "\ufffd" in text:
        raise EditRefused("the content does not decode by any known character code")
    text = _LINE_ENDS.sub(_text_line_end(part, message), text)
    label = part.charset if charset.canonical(part.charset) == old.charset else old.charset
    content = charset.encode(text, label)
    if content is None or charset.decode(content, label).text != text:
        label, content = "utf-8", text.encode("utf-8", "replace")
    return set_content(message, index, content, label)


def set_content(
    message: Message, index: int, content: bytes, label: str | None = None
) -> tuple[Splice, ...]:
    """Replace the decoded content of a part; its transfer encoding stays where the bytes fit it.

    ``label`` is the character code that the bytes are in; only where the part claims another are
    the charset parameter and, if needed, the transfer encoding written anew.
    """
    part = _editable(message, index)
    if part.is_multipart:
        raise EditRefused("a multipart has no content of its own")
    end = line_end(message.raw)
    encoding = part.transfer_encoding
    if encoding not in ("base64", "quoted-printable") and not transfer.fits(content, encoding):
        encoding = "quoted-printable" if part.is_text and content.isascii() else "base64"
    body = transfer.encode(content, encoding, end, text=part.is_text)
    if encoding == "base64" and not part.body().endswith(b"\n"):
        body = body.removesuffix(end)
    edits = [Splice(part.body_start, part.body_end, body)]
    new_fields = b""
    if label is not None and _differs(part, label, content):
        field = part.first("content-type")
        if field is not None:
            edits.append(_relabel(message, field, label))
        else:
            new_fields += b"Content-Type: text/plain; charset=" + label.encode("ascii") + end
    if encoding != part.transfer_encoding:
        field = part.first("content-transfer-encoding")
        if field is not None:
            edits.append(replace_header(message, field, encoding.encode("ascii")))
        else:
            new_fields += b"Content-Transfer-Encoding: " + encoding.encode("ascii") + end
    if new_fields:
        edits.append(_add_fields(part, new_fields, end))
    return tuple(edits)


def _differs(part: Part, label: str, content: bytes) -> bool:
    """Whether the part's own label does not say what the bytes are in."""
    if charset.canonical(part.charset) == charset.canonical(label) != "":
        return False
    # Without a label the content is ASCII (RFC 2045 section 5.2).
    return not content.isascii() or b"\x1b" in content or part.charset not in ("", "us-ascii")


def _relabel(message: Message, field: Header, label: str) -> Splice:
    code = label.encode("ascii")
    match = _CHARSET_PARAMETER.search(field.raw)
    if match is not None:
        start = field.start + match.start(2)
        quoted = b'"' + code + b'"' if match[2][:1] == b'"' else code
        return Splice(start, start + len(match[2]), quoted)
    value = field.value_raw.rstrip(b" \t\r\n;")
    return replace_header(message, field, (value or b"text/plain") + b"; charset=" + code)


def _add_fields(part: Part, fields: bytes, end: bytes) -> Splice:
    """Add fields at the end of a part's header block."""
    if part.headers:
        at = part.headers[-1].end
        return Splice(at, at, (b"" if part.headers[-1].raw.endswith(b"\n") else end) + fields)
    blank = end if part.body_start == part.start else b""
    return Splice(part.start, part.start, fields + blank)


def _text_line_end(part: Part, message: Message) -> str:
    """The line end inside the decoded text: its own where it has one."""
    text = part.text()
    return line_end(text[:100_000].encode("utf-8") if "\n" in text else message.raw).decode("ascii")


def _editable(message: Message, index: int) -> Part:
    part = message.parts[index]
    if part.start < 0:
        raise EditRefused("the part lies in the encoded content of another")
    if part.is_protected:
        raise EditRefused("the part is signed or encrypted")
    return part


def _require_offset(header: Header) -> None:
    if header.start < 0:
        raise EditRefused("the field lies in the encoded content of another part")


def _end_of(raw: bytes) -> bytes:
    return raw[len(raw.rstrip(b"\r\n")) :]


def encode_header_text(text: str, label: str = "utf-8", used: int = 9) -> bytes:
    """Text as a header value: as it is where that is plain and short, else RFC 2047 words.

    No word is longer than 75 characters and no line than 76, of which the first has ``used``
    already (``Subject: ``); lines fold with CRLF and a blank. A character is never cut in two.
    """
    text = charset.one_line(text) if text.strip() == text else charset.clean(text)
    plain = text.isascii() and text.isprintable() and "=?" not in text and text.strip() == text
    if plain and used + len(text) <= _LINE:
        return text.encode("ascii")
    if charset.encode(text, label) is None:
        label = "utf-8"
    words: list[bytes] = []
    position = 0
    while position < len(text):
        room = min(_WORD_LIMIT, _LINE - (used if not words else 1))
        count = _fitting(text[position : position + room], label, room)
        if not count:
            # Nothing fits behind the name of the field: start on the next line.
            words.append(b"")
            continue
        words.append(_word(text[position : position + count], label))
        position += count
    return b"\r\n ".join(words)


def _fitting(text: str, label: str, room: int) -> int:
    """How many characters of the text fit into one word of that size."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if len(_word(text[:middle], label)) <= room:
            low = middle
        else:
            high = middle - 1
    return low


def _word(text: str, label: str) -> bytes:
    data = charset.encode(text, label) or b""
    return b"=?" + label.encode("ascii") + b"?B?" + base64.b64encode(data) + b"?="
