"""Which parts of a message are the letter itself, and how one gets other content or company."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from mailsec.gateway.errors import EditRefused
from mailsec.gateway.message import Message
from mailsec.gateway.mime import Splice, line_end, remove_headers, splice
from mailsec.gateway.reading import transfer
from mailsec.gateway.reading.headers import Header
from mailsec.gateway.reading.part import Part

_SHOWN = ("text/plain", "text/html")
# What stands first in these is no text in front: the last choice is shown, the first is the page.
_WHOLE = ("multipart/alternative", "multipart/related")
_CONTENT_FIELD = "content-"


def bodies(message: Message) -> list[Part]:
    """The first plain text and the first HTML of the letter that may be altered, and the first of
    either in each other choice of the same alternative, since programs differ in what they show.

    Empty where the letter begins with a signed or encrypted part: a text behind it is a footer.
    """
    leaves = [part for part in message.parts if not part.is_multipart]
    if not leaves or leaves[0].is_protected:
        return []
    able = [part for part in leaves if part.content_type in _SHOWN and _belongs(message, part)]
    first = {part.content_type: part for part in reversed(able)}
    chosen = {part.index for part in first.values()}
    told = {choice for part in first.values() for choice in _choices(message, part)}
    alternatives = {alternative for alternative, _ in told}
    for part in able:
        choices = _choices(message, part)
        if any(alternative in alternatives for alternative, _ in choices - told):
            chosen.add(part.index)
            told |= choices
    return [part for part in able if part.index in chosen]


def _choices(message: Message, part: Part) -> set[tuple[int, int]]:
    """Each multipart/alternative around a part, with the one of its parts that this one lies in."""
    found: set[tuple[int, int]] = set()
    for parent in message.ancestors(part):
        if parent.content_type == "multipart/alternative":
            found.add((parent.index, part.index))
        part = parent
    return found


def _belongs(message: Message, part: Part) -> bool:
    """Whether a mail program shows it as the letter, and it can be edited."""
    if part.is_attachment or not part.is_editable or "epilogue" in part.defects:
        return False
    return all(parent.is_multipart for parent in message.ancestors(part))  # in no attached mail


def with_blank_lines(message: Message) -> Message:
    """The message where every body of the letter is parted from its fields, as an edit needs it."""
    splices = [
        Splice(part.body_start, part.body_start, _blank_line(message.raw, part))
        for part in bodies(message)
        if lacks_blank_line(part)
    ]
    return Message(splice(message.raw, splices)) if splices else message


def _blank_line(raw: bytes, part: Part) -> bytes:
    """Two line ends where the one in front of the boundary line already ends the last field."""
    end = line_end(raw)
    if part.headers:
        return end if part.headers[-1].raw.endswith(b"\n") else end * 2
    return end * 2 if raw.startswith(b"--", part.body_end) else end


def lacks_blank_line(part: Part) -> bool:
    """Whether no empty line stands between fields and body, so that new text might be taken for a
    field: a line of blanks in its place is one only as long as what follows looks like none."""
    begin = part.headers[-1].end if part.headers else part.start
    source = part.source
    between = source.data[source.body_start - (part.body_start - begin) : source.body_start]
    empty = between.endswith((b"\n\n", b"\n\r\n")) or not between.strip(b"\r\n")
    return not between or not empty


def with_content(message: Message, part: Part, content: bytes, label: str | None) -> list[Splice]:
    """Another content for a part, in a transfer encoding that gives back exactly these bytes."""
    end = line_end(message.raw)
    coded = transfer.encode(content, part.transfer_encoding, end, text=part.is_text)
    if transfer.fits(content, part.transfer_encoding) and (
        transfer.decode(coded, part.transfer_encoding) == content
    ):
        blank = end if lacks_blank_line(part) else b""
        if part.transfer_encoding == "base64" and not part.body().endswith(b"\n"):
            coded = coded.removesuffix(end)
        return [Splice(part.body_start, part.body_end, blank + coded)]
    return recoded(message, part, content)


def recoded(message: Message, part: Part, content: bytes, encoding: str = "base64") -> list[Splice]:
    """The content in another transfer encoding, with the field that says so."""
    end = line_end(message.raw)
    coded = transfer.encode(content, encoding, end, text=part.is_text)
    if encoding != "base64" and transfer.decode(coded, encoding) != content:
        encoding = "base64"
        coded = transfer.encode(content, encoding, end)
    if not part.body().endswith(b"\n"):
        coded = coded.removesuffix(end)
    old = part.all("content-transfer-encoding")
    field = b"Content-Transfer-Encoding: " + encoding.encode("ascii") + end
    return [*with_fields(message, part, old, field), Splice(part.body_start, part.body_end, coded)]


def with_fields(message: Message, part: Part, old: Sequence[Header], new: bytes) -> list[Splice]:
    """These fields of a part go, and whole new ones stand behind those that stay."""
    end = line_end(message.raw)
    at = part.headers[-1].end if part.headers else part.start
    splices = remove_headers(message, part, old)
    # A field that ends with the message has no line end, but what is left in its place has one.
    gone = any(edit.end == at for edit in splices)
    if part.headers and not gone and not part.headers[-1].raw.endswith(b"\n"):
        new = end + new
    blank = end if lacks_blank_line(part) else b""
    return [*splices, Splice(at, at, new + blank)]


def missing_version(message: Message, splices: list[Splice]) -> list[Splice]:
    """MIME-Version for a message without it, where an edit changes how its body is to be read."""
    root = message.parts[0]
    if message.first("mime-version") is not None:
        return []
    if not any(b"Content-" in edit.replacement for edit in splices if edit.start < root.body_start):
        return []
    at = root.headers[0].start if root.headers else 0
    return [Splice(at, at, b"MIME-Version: 1.0" + line_end(message.raw))]


def can_be_headed(message: Message) -> bool:
    """Whether a notice can be put into the letter, or in front of it."""
    root = message.parts[0]
    if bodies(message):
        return True
    if root.is_protected or root.start < 0 or root.content_type == "text/calendar":
        return False
    split = root.is_multipart or not root.content_type.startswith("multipart/")
    return split or root.transfer_encoding in transfer.IDENTITY


def with_first_part(message: Message, text: str, ascii_text: str) -> Message:
    """The message with a plain text of its own in front, or itself where it may not be altered."""
    if not can_be_headed(message):
        return message
    root = message.parts[0]
    if root.is_multipart and root.content_type not in _WHOLE:
        return _inserted(message, root, text)
    if root.content_type.startswith("multipart/") and not root.is_multipart:
        return _before_unsplit(message, root, ascii_text)
    return _wrapped(message, root, before=_text_entity(text, line_end(message.raw)))


def with_last_part(message: Message, entity: bytes) -> Message:
    """The message with one more part behind all others; ``EditRefused`` where it is protected.

    ``entity`` has its fields, a blank line, and the message's line ends. In a mixed multipart it
    comes last; any other message becomes the first part of one, byte for byte.
    """
    root = message.parts[0]
    if root.is_protected or root.start < 0:
        raise EditRefused("the message is signed or encrypted")
    children = [part for part in message.parts if part.parent == root.index]
    if root.is_multipart and root.content_type == "multipart/mixed" and children[0].start >= 0:
        return _appended(message, children, entity)
    return _wrapped(message, root, after=entity)


def _appended(message: Message, children: list[Part], entity: bytes) -> Message:
    """In front of the last boundary line, or at the end of a message that lacks it."""
    end = line_end(message.raw)
    first, last = children[0], children[-1]
    begin = message.raw.rfind(b"\n", 0, max(first.start - 1, 0)) + 1
    boundary_line = message.raw[begin : first.start].rstrip()
    at, behind = last.body_end, b""
    if not message.raw.startswith(end + boundary_line + b"--", at):
        at, behind = len(message.raw), end + boundary_line + b"--" + end
    pieces = (end + boundary_line + end, entity.removesuffix(end), behind)
    return Message(splice(message.raw, [Splice(at, at, piece) for piece in pieces]))


def _before_unsplit(message: Message, root: Part, text: str) -> Message:
    """A multipart without a usable boundary is shown as text as it stands, if it is shown."""
    end = line_end(message.raw)
    blank = end if lacks_blank_line(root) else b""
    head = blank + (text + "\n\n").encode("ascii", "replace").replace(b"\n", end)
    return Message(splice(message.raw, [Splice(root.body_start, root.body_start, head)]))


def _text_entity(text: str, end: bytes) -> bytes:
    content = (text + "\n").replace("\n", "\r\n").encode("utf-8", "replace")
    fields = (b"Content-Type: text/plain; charset=utf-8", b"Content-Transfer-Encoding: base64")
    return end.join((*fields, b"")) + end + transfer.encode(content, "base64", end)


def _inserted(message: Message, root: Part, text: str) -> Message:
    """Behind a copy of the first boundary line, in front of the first part."""
    first = next((part for part in message.parts if part.parent == root.index), None)
    if first is None or first.start < 0:
        return message
    begin = message.raw.rfind(b"\n", 0, max(first.start - 1, 0)) + 1
    boundary_line = message.raw[begin : first.start]
    entity = boundary_line + _text_entity(text, line_end(message.raw))
    return Message(splice(message.raw, [Splice(begin, begin, entity)]))


def _wrapped(message: Message, root: Part, before: bytes = b"", after: bytes = b"") -> Message:
    """The message becomes one part of a mixed multipart, byte for byte, in company of these."""
    end = line_end(message.raw)
    boundary = _unused_boundary(message.raw + before + after)
    own = [header for header in root.headers if header.name.lower().startswith(_CONTENT_FIELD)]
    moved = b"".join(
        header.raw if header.raw.endswith(b"\n") else header.raw + end for header in own
    )
    fields = b"" if message.first("mime-version") else b"MIME-Version: 1.0" + end
    fields += b'Content-Type: multipart/mixed; boundary="' + boundary + b'"' + end
    line = b"--" + boundary
    head = (line + end + before if before else b"") + line + end + moved + end
    tail = end + line + (end + after.removesuffix(end) + end + line if after else b"") + b"--" + end
    body_end = root.body_end
    edits = [
        *with_fields(message, root, own, fields),
        Splice(root.body_start, root.body_start, head),
        Splice(body_end, body_end, tail),
    ]
    return Message(splice(message.raw, edits))


def _unused_boundary(raw: bytes) -> bytes:
    """Made of the message's own hash: the same each time, and nobody can write it beforehand."""
    seed = hashlib.sha256(raw)
    while (boundary := b"=_mailsec_" + seed.hexdigest()[:24].encode("ascii")) in raw:
        seed.update(b"+")
    return boundary
