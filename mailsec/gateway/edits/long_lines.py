"""Makes lines legal that are longer than 998 octets (RFC 5322 section 2.1.1).

We take such mail in, but the next server may cut or refuse it. Bodies get a transfer encoding that
needs no long lines; the decoded content stays the same. Header fields are folded at white space;
one without white space in reach stays as it is, since cutting it would change its value. Signed and
encrypted parts stay too: a signature broken by us is worse than a line the next server may refuse.
"""

from __future__ import annotations

import re

from mailsec.gateway.edits import letter
from mailsec.gateway.edits.order import Order
from mailsec.gateway.message import Message
from mailsec.gateway.mime import Splice, line_end, splice
from mailsec.gateway.reading.headers import Header
from mailsec.gateway.reading.part import Part

LIMIT = 998
_GOAL = 78


def edit(message: Message, order: Order) -> Message:
    """The message with legal lines, or itself where they are legal already."""
    return shorten(message)


def shorten(message: Message) -> Message:
    """Only parts and fields that hold a line which is too long change at all."""
    if not _has_long_line(message.raw):
        return message
    splices = [part_splice for part in message.parts for part_splice in _of_part(message, part)]
    if not splices:
        return message
    splices += letter.missing_version(message, splices)
    return Message(splice(message.raw, splices))


def _has_long_line(data: bytes) -> bool:
    """Whether a line is over the limit, its line end not counted."""
    lines = data.split(b"\n")
    if max(map(len, lines)) <= LIMIT:
        return False
    return any(len(line.removesuffix(b"\r")) > LIMIT for line in lines)


def _of_part(message: Message, part: Part) -> list[Splice]:
    if not part.is_editable:
        return []
    splices = [_folded(message, header) for header in part.headers if _has_long_line(header.raw)]
    # The body of an embedded message or a multipart is covered by the parts inside it.
    if part.is_multipart or any(other.parent == part.index for other in message.parts):
        return splices
    if _has_long_line(part.body()):
        splices = [edit for edit in splices if not _is_encoding(part, edit)] + letter.recoded(
            message, part, part.content(), _encoding_for(part)
        )
    return splices


def _is_encoding(part: Part, edit: Splice) -> bool:
    """Whether this fold is of the field that the new encoding replaces."""
    return any(edit.start == field.start for field in part.all("content-transfer-encoding"))


def _encoding_for(part: Part) -> str:
    """What stays readable where it can: quoted-printable for text that is mostly ASCII."""
    if part.transfer_encoding == "base64" or not part.is_text:
        return "base64"
    content = part.content()
    plain = sum(byte < 0x80 for byte in content[:10_000])
    return "quoted-printable" if plain * 6 >= min(len(content), 10_000) * 5 else "base64"


def _folded(message: Message, header: Header) -> Splice:
    """The field with a line end in front of blanks where the lines would grow over 78."""
    end = line_end(message.raw)
    lines = [
        _fold_line(line, end) if len(line) > LIMIT else line for line in header.raw.split(b"\n")
    ]
    return Splice(header.start, header.end, b"\n".join(lines))


def _fold_line(line: bytes, end: bytes) -> bytes:
    """White space stays and only gains a line end in front, so unfolding gives the same value.

    No fold goes where only white space would be left on a line (RFC 5322 section 3.2.2).
    """
    pieces = re.findall(rb"[ \t]*[^ \t]+|[ \t]+$", line)
    folded: list[bytes] = []
    current = b""
    for piece in pieces:
        # The name and the first word stay together: a line of the name alone is not understood.
        breakable = current.strip(b" \t") and piece.strip() and current.rstrip(b" \t")[-1:] != b":"
        if breakable and len(current) + len(piece) > _GOAL:
            folded.append(current)
            current = b""
        current += piece
    return end.join((*folded, current))
