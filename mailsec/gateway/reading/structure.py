"""The MIME tree of a message: which bytes belong to which part.

Only whole lines ``--boundary`` or ``--boundary--`` with trailing blanks divide (RFC 2046 section
5.1.1). An outer multipart is divided before its parts are read, so its boundary ends inner ones.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from mailsec.gateway.reading import headers, parameters, transfer
from mailsec.gateway.reading.headers import Header, HeaderBlock
from mailsec.gateway.reading.part import Part, Source

MAX_DEPTH = 50
MAX_PARTS = 2_000
_PROTECTED = frozenset(
    (
        "multipart/signed",
        "multipart/encrypted",
        "application/pkcs7-mime",
        "application/x-pkcs7-mime",
        "application/pkcs7-signature",
        "application/x-pkcs7-signature",
        "application/pgp-encrypted",
        "application/pgp-signature",
    )
)
_EMBEDDED = frozenset(("message/rfc822", "message/global", "message/news"))
_LIKELY_BOUNDARY = re.compile(rb"(?:\A|\n)--([^\r\n]{1,200})\r?\n(?i:content-)")


@dataclass(frozen=True, slots=True)
class _Span:
    """Where an entity lies: its buffer, and whether offsets in it are offsets in the message."""

    data: bytes
    start: int
    end: int
    real: bool


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an entity hangs in the tree."""

    parent: int | None = None
    depth: int = 0
    default_type: str = "text/plain"
    protected: bool = False
    defects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Body:
    """The stretches between the boundary lines of one multipart."""

    parts: tuple[tuple[int, int, bool], ...]
    defects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tree:
    """All parts in the order of the document, and what stopped the reading."""

    parts: tuple[Part, ...]
    defects: tuple[str, ...]


def read(raw: bytes) -> Tree:
    """Read the whole tree. Never raises."""
    reader = _Reader(len(raw))
    reader.read_entity(_Span(raw, 0, len(raw), real=True), _Place())
    return Tree(tuple(reader.parts), tuple(reader.defects))


class _Reader:
    def __init__(self, size: int) -> None:
        self.parts: list[Part] = []
        self.defects: dict[str, None] = {}
        # Encoded messages inside encoded messages must not multiply the work without end.
        self._decoding_budget = 4 * size + 1_000_000

    def read_entity(self, span: _Span, place: _Place) -> None:
        """Append the entity, then everything inside it."""
        if len(self.parts) >= MAX_PARTS:
            self.defects["too-many-parts"] = None
            return
        block = headers.read_block(span.data, span.start, span.end, 0 if span.real else None)
        part, boundary = _describe(span, place, block, len(self.parts))
        if part.content_type.startswith("multipart/"):
            self._read_multipart(part, boundary, span)
            return
        self.parts.append(part)
        if part.content_type in _EMBEDDED:
            self._read_embedded(part, span)

    def _read_multipart(self, part: Part, boundary: bytes, span: _Span) -> None:
        body = _divide(span.data, part.source.body_start, span.end, boundary)
        decoded = None
        if not body.parts and part.transfer_encoding not in transfer.IDENTITY:
            # RFC 2045 section 6.4 forbids it, but some mail programs decode and show it.
            decoded = self._decode(part)
            body = _divide(decoded, 0, len(decoded), boundary)
        found = _LIKELY_BOUNDARY.search(part.body()) if not body.parts else None
        if found is not None:
            body = _divide(span.data, part.source.body_start, span.end, found[1].rstrip())
            body = _Body(body.parts, (*body.defects, "guessed-boundary"))
            decoded = None
        defects = body.defects
        if decoded is not None and body.parts:
            defects = (*defects, "encoded-multipart")
        elif not body.parts:
            defects = ("boundary-not-found" if boundary else "no-boundary",)
        self.parts.append(_with_defects(part, defects))
        if part.depth >= MAX_DEPTH and body.parts:
            self.defects["too-deep"] = None
            return
        self._read_children(
            part, body, span.data if decoded is None else decoded, span.real and decoded is None
        )

    def _read_children(self, part: Part, body: _Body, data: bytes, real: bool) -> None:
        digest = part.content_type == "multipart/digest"
        for start, end, behind in body.parts:
            if "too-many-parts" in self.defects:
                return
            place = _Place(
                parent=part.index,
                depth=part.depth + 1,
                default_type="message/rfc822" if digest else "text/plain",
                protected=part.inside_protected,
                defects=("epilogue",) if behind else (),
            )
            self.read_entity(_Span(data, start, end, real), place)

    def _read_embedded(self, part: Part, span: _Span) -> None:
        if part.depth >= MAX_DEPTH:
            self.defects["too-deep"] = None
            return
        place = _Place(parent=part.index, depth=part.depth + 1, protected=part.inside_protected)
        if part.transfer_encoding in transfer.IDENTITY:
            inner = _Span(span.data, part.source.body_start, span.end, span.real)
        else:
            content = self._decode(part)
            inner = _Span(content, 0, len(content), real=False)
        if inner.start < inner.end:
            self.read_entity(inner, place)

    def _decode(self, part: Part) -> bytes:
        self._decoding_budget -= len(part.body())
        if self._decoding_budget < 0:
            self.defects["too-deep"] = None
            return b""
        return transfer.decode(part.body(), part.transfer_encoding)


def _with_defects(part: Part, defects: tuple[str, ...]) -> Part:
    return (
        replace(part, defects=tuple(dict.fromkeys((*part.defects, *defects)))) if defects else part
    )


def _divide(data: bytes, start: int, end: int, boundary: bytes) -> _Body:
    """Cut a multipart body at its boundary lines; the line end before one belongs to it."""
    if not boundary:
        return _Body((), ())
    marks = _boundary_lines(data, start, end, boundary)
    parts: list[tuple[int, int, bool]] = []
    closed = False
    for position, (_line_start, line_end, closing) in enumerate(marks):
        if closing:
            closed = True
            continue
        part_end = marks[position + 1][0] if position + 1 < len(marks) else end
        # Two boundary lines without anything between them are read as one.
        if line_end < part_end or not (parts or position + 2 < len(marks)):
            parts.append((min(line_end, part_end), part_end, closed))
    return _Body(tuple(parts), () if closed or not parts else ("missing-close",))


def _boundary_lines(
    data: bytes, start: int, end: int, boundary: bytes
) -> list[tuple[int, int, bool]]:
    """(end of the content before, start of the content behind, closing) of each boundary line."""
    line = re.compile(b"--" + re.escape(boundary) + rb"(--)?[ \t]*+\r*+(?:\n|\Z)")
    marks: list[tuple[int, int, bool]] = []
    match = line.match(data, start, end)
    if match:
        marks.append((start, match.end(), match[1] is not None))
    needle = b"\n--" + boundary
    # A quick search finds the next candidate; the expression then passes over mere look-alikes.
    position = data.find(needle, max(start - 1, 0) if not match else match.end() - 1, end)
    search = re.compile(rb"\n" + line.pattern).search
    while position >= 0 and len(marks) <= 2 * MAX_PARTS:
        match = search(data, position, end)
        if match is None:
            break
        content_end = match.start() - (data[match.start() - 1 : match.start()] == b"\r")
        previous_end = marks[-1][1] if marks else start
        marks.append((max(content_end, previous_end), match.end(), match[1] is not None))
        # The line end may be the one that the next boundary line starts with.
        position = data.find(needle, max(match.end() - 1, match.start() + 1), end)
    return marks


def _describe(span: _Span, place: _Place, block: HeaderBlock, index: int) -> tuple[Part, bytes]:
    """Read what the header says about a part, and its boundary."""
    defects = dict.fromkeys((*place.defects, *block.defects))
    types = headers.every(block.headers, "content-type")
    kind = parameters.read_type(parameters.text_of(types[0])) if types else None
    if types and kind and not kind.main:
        defects["bad-content-type"] = None
    if len(types) > 1:
        defects["duplicate-content-type"] = None
    content_type = (kind.main if kind else "") or place.default_type
    dispositions = [
        parameters.read_disposition(parameters.text_of(header))
        for header in headers.every(block.headers, "content-disposition")
    ]
    names = _names(dispositions, types)
    encoding = headers.first(block.headers, "content-transfer-encoding")
    part = Part(
        index=index,
        parent=place.parent,
        depth=place.depth,
        headers=block.headers,
        content_type=content_type,
        charset=parameters.file_name(kind.get("charset")).lower() if kind else "",
        name=names[0] if names else "",
        names=names,
        disposition=next((found.main for found in dispositions if found.main), ""),
        content_id=_content_id(block.headers),
        transfer_encoding=transfer.name(
            parameters.read_token(parameters.text_of(encoding)) if encoding else ""
        ),
        start=span.start if span.real else -1,
        body_start=block.body_start if span.real else -1,
        body_end=span.end if span.real else -1,
        defects=tuple(defects),
        inside_protected=place.protected or _protects(content_type, names),
        source=Source(span.data, block.body_start, span.end),
    )
    if part.transfer_encoding == "base64" and transfer.has_text_behind_padding(part.body()):
        part = _with_defects(part, ("content-behind-padding",))
    return part, _boundary(part, types)


def _names(dispositions: list[parameters.Structured], types: tuple[Header, ...]) -> tuple[str, ...]:
    """Every claimed file name, the one that is shown first."""
    claimed = [value for found in dispositions for value in found.parameters.get("filename", ())]
    claimed += [value for found in dispositions for value in found.parameters.get("name", ())]
    for header in types:
        read = parameters.read_type(parameters.text_of(header)).parameters
        claimed += (*read.get("name", ()), *read.get("filename", ()))
    return tuple(dict.fromkeys(filter(None, map(parameters.file_name, claimed))))


def _boundary(part: Part, types: tuple[Header, ...]) -> bytes:
    """The boundary; of several claimed ones the first that occurs in the body."""
    if not part.content_type.startswith("multipart/"):
        return b""
    claimed = [
        value.rstrip().encode("latin-1", "replace")
        for header in types
        for value in parameters.read_type(parameters.text_of(header, exact=True)).parameters.get(
            "boundary", ()
        )
        if value.strip()
    ]
    if len(claimed) > 1:
        body = part.body()
        for boundary in claimed:
            if b"--" + boundary in body:
                return boundary
    return claimed[0] if claimed else b""


def _content_id(fields: tuple[Header, ...]) -> str:
    header = headers.first(fields, "content-id")
    return header.decoded.strip("<> ") if header else ""


def _protects(content_type: str, names: tuple[str, ...]) -> bool:
    return content_type in _PROTECTED or any(
        name.lower().endswith((".p7m", ".p7s")) for name in names
    )
