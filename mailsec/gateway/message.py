"""A message as received, read on demand; the bytes are the message, this is a view of them.

Nothing here raises on any bytes: what is wrong is recorded as a defect, which is evidence itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property

from mailsec.gateway.reading import addresses, headers, html, links, structure
from mailsec.gateway.reading.addresses import Address
from mailsec.gateway.reading.headers import Header
from mailsec.gateway.reading.html import Anchor, Hidden
from mailsec.gateway.reading.part import Part

__all__ = ["Address", "Anchor", "Header", "Hidden", "Message", "Part"]

_BODY_TYPES = frozenset(("text/plain", "text/html", "text/enriched", "text/richtext"))


class Message:
    """One message; every property is worked out once, when it is first asked for."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw

    @cached_property
    def _view(self) -> bytes:
        """The bytes that are read: a message that knows only bare CR is read as if it had LF.

        Both are one byte, so all offsets are those of ``raw``.
        """
        bare = b"\r" in self.raw and b"\n" not in self.raw
        return self.raw.replace(b"\r", b"\n") if bare else self.raw

    @cached_property
    def _block(self) -> headers.HeaderBlock:
        return headers.read_block(self._view, 0, len(self._view))

    @cached_property
    def _tree(self) -> structure.Tree:
        return structure.read(self._view)

    @property
    def headers(self) -> tuple[Header, ...]:
        """The header fields of the message itself, duplicates kept."""
        return self._block.headers

    @property
    def header_end(self) -> int:
        """The offset where the body starts."""
        return self._block.body_start

    @property
    def parts(self) -> tuple[Part, ...]:
        """All parts in the order of the document, the message itself first."""
        return self._tree.parts

    def ancestors(self, part: Part) -> Iterator[Part]:
        """The parts around a part, the nearest first, the message itself last."""
        while part.parent is not None:
            part = self.parts[part.parent]
            yield part

    def first(self, name: str) -> Header | None:
        """The first header field of that name."""
        return headers.first(self.headers, name)

    def all(self, name: str) -> tuple[Header, ...]:
        """All header fields of that name."""
        return headers.every(self.headers, name)

    def text_of(self, name: str) -> str:
        """The decoded first field of that name as one line, empty where there is none."""
        header = self.first(name)
        return header.decoded if header else ""

    @cached_property
    def subject(self) -> str:
        """The decoded first Subject."""
        return self.text_of("subject")

    @cached_property
    def from_(self) -> tuple[Address, ...]:
        """The authors of every From field: a forged second one is not hidden."""
        return addresses.read(self.all("from"))

    @cached_property
    def to(self) -> tuple[Address, ...]:
        """The addresses of every To field."""
        return addresses.read(self.all("to"))

    @cached_property
    def cc(self) -> tuple[Address, ...]:
        """The addresses of every Cc field."""
        return addresses.read(self.all("cc"))

    @cached_property
    def message_id(self) -> str:
        """The Message-ID as written, with its angle brackets."""
        return self.text_of("message-id")

    @cached_property
    def _bodies(self) -> tuple[html.Reduced, ...]:
        """Every part that a mail program shows as text, reduced to what is read and clicked."""
        bodies = []
        for part in self.parts:
            if part.disposition == "attachment" or not part.is_text:
                continue
            if part.content_type.startswith("text/") and part.content_type not in _BODY_TYPES:
                continue
            if part.content_type == "text/html":
                reduced = html.reduce(part.text())
                found = (*reduced.links, *links.in_text(reduced.text))
                bodies.append(replace(reduced, links=found))
            else:
                bodies.append(html.Reduced(part.text(), tuple(links.in_text(part.text()))))
        return tuple(bodies)

    @cached_property
    def text(self) -> str:
        """All text for a human reader in order: plain bodies, and HTML reduced to its text."""
        return "\n".join(body.text for body in self._bodies)

    @cached_property
    def links(self) -> tuple[str, ...]:
        """The http and https links of all shown text, without doubles, in order."""
        return tuple(dict.fromkeys(link for body in self._bodies for link in body.links))

    @cached_property
    def anchors(self) -> tuple[Anchor, ...]:
        """The links of HTML bodies as written, whatever their scheme, with the text they bear."""
        return tuple(anchor for body in self._bodies for anchor in body.anchors)

    @cached_property
    def hidden(self) -> tuple[Hidden, ...]:
        """The text of HTML bodies that their style keeps from the reader."""
        return tuple(hidden for body in self._bodies for hidden in body.hidden)

    @cached_property
    def attachments(self) -> tuple[Part, ...]:
        """The parts that a mail program lists as files."""
        return tuple(part for part in self.parts if part.is_attachment)

    @cached_property
    def defects(self) -> tuple[str, ...]:
        """Everything that was wrong, of the whole message and of all parts, without doubles."""
        of_parts = (defect for part in self.parts for defect in part.defects)
        bare = () if self._view is self.raw else ("bare-cr",)
        return tuple(dict.fromkeys((*self._tree.defects, *bare, *of_parts)))
