"""A message's content made safe to look at: text, cleaned HTML, headers, and what files it has.

Everything in it was written by a stranger. Text is escaped by the templates; HTML is cleaned here
and shown only in a sandboxed frame under a policy of its own, so that each wall holds alone.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

import nh3

from mailsec.gateway.file_names import clean_name
from mailsec.gateway.message import Message, Part

MOST_TEXT = 100_000
MOST_HTML = 1_000_000
# Elements nested in each other cost the cleaner the square of their number: this many, a second.
MOST_TAGS = 20_000
MOST_HEADERS = 200
MOST_LINKS = 50
_IMAGE_BYTES = 300_000
_IMAGES_BYTES = 3_000_000
# Pictures that cannot hold a script; SVG can.
_IMAGE_TYPES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_DATA_IMAGE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]*\Z")
_TAGS = set(
    "a abbr b big blockquote br caption center cite code col colgroup dd del div dl dt em font "
    "h1 h2 h3 h4 h5 h6 hr i img ins li ol p pre q s small span strike strong sub sup table tbody "
    "td tfoot th thead tr tt u ul".split()
)
_ANYWHERE = {"align", "dir", "lang", "style", "title", "valign"}
_ATTRIBUTES = {
    "*": _ANYWHERE,
    "font": {"color", "size", "face"},
    "img": {"src", "alt", "width", "height"},
    "table": {"border", "cellpadding", "cellspacing", "width", "bgcolor"},
    "td": {"colspan", "rowspan", "width", "height", "bgcolor"},
    "th": {"colspan", "rowspan", "width", "height", "bgcolor"},
    "tr": {"bgcolor"},
}
_STYLES = set(
    "color background-color font font-family font-size font-style font-weight line-height "
    "text-align text-decoration vertical-align white-space border border-collapse border-color "
    "border-style border-width margin margin-top margin-right margin-bottom margin-left padding "
    "padding-top padding-right padding-bottom padding-left width max-width".split()
)
_FRAME = (
    '<!doctype html><html><head><meta charset="utf-8"><title>-</title><style>'
    "body{margin:12px;font:14px/1.6 sans-serif;color:#1b2733;background:#fff;"
    "overflow-wrap:anywhere}img{max-width:100%;height:auto}a{text-decoration:underline}"
    "</style></head><body>"
)


@dataclass(frozen=True, slots=True)
class FileLine:
    """One attachment; one that is ``condemned`` is listed and never handed out."""

    index: int
    name: str
    content_type: str
    size: int
    sha256: str
    condemned: bool


class Preview:
    """What a page shows of one message; ``condemned`` are the parts with a virus or forbidden file.

    None among them stands for the whole message. Nothing here raises on any bytes.
    """

    def __init__(self, raw: bytes, condemned: Collection[int | None] = ()) -> None:
        self.message = Message(raw)
        self._condemned = frozenset(condemned)

    @cached_property
    def text(self) -> str:
        """The plain text, or the HTML reduced to its text; at most ``MOST_TEXT`` characters."""
        plain = [
            part.text()
            for part in self.message.parts
            if part.content_type == "text/plain" and _is_body(part)
        ]
        return ("\n".join(plain) if any(plain) else self.message.text)[:MOST_TEXT]

    @cached_property
    def is_cut(self) -> bool:
        """Whether there is more text than is shown."""
        return len(self.text) == MOST_TEXT

    @property
    def headers(self) -> list[tuple[str, str]]:
        """The header fields in their order, decoded."""
        shown = self.message.headers[:MOST_HEADERS]
        return [(header.name, header.decoded[:2000]) for header in shown]

    @property
    def links(self) -> list[str]:
        """Where the links lead, as text: the frame's own lead nowhere."""
        return [link[:500] for link in self.message.links[:MOST_LINKS]]

    @cached_property
    def html_part(self) -> Part | None:
        """The HTML body; None where there is none, or it is too large to be shown."""
        for part in self.message.parts:
            if part.content_type == "text/html" and _is_body(part):
                content = part.content()
                small = len(content) <= MOST_HTML and content.count(b"<") <= MOST_TAGS
                return part if small else None
        return None

    def html(self) -> str:
        """The HTML body as a document for the sandboxed frame; empty where there is none.

        It has no script, form, frame, style sheet, link or address of anything to load; pictures
        that the mail itself carries are put in place.
        """
        part = self.html_part
        if part is None:
            return ""
        pictures = self._pictures()

        def attribute(tag: str, name: str, value: str) -> str | None:
            if (tag, name) != ("img", "src"):
                return value
            if value.lower().startswith("cid:"):
                return pictures.get(value[4:].strip("<> "))
            return value if _DATA_IMAGE.match(value) else None

        cleaned = nh3.clean(
            part.text(),
            tags=_TAGS,
            clean_content_tags={"script", "style", "title", "template", "noscript", "svg", "math"},
            attributes=_ATTRIBUTES,
            attribute_filter=attribute,
            url_schemes={"cid", "data"},
            filter_style_properties=_STYLES,
            link_rel=None,
        )
        return f"{_FRAME}{cleaned}</body></html>"

    def _pictures(self) -> Mapping[str, str]:
        """The pictures that the mail carries, by Content-ID, as data: addresses."""
        found: dict[str, str] = {}
        room = _IMAGES_BYTES
        for part in self.message.parts:
            if not part.content_id or part.content_type not in _IMAGE_TYPES:
                continue
            content = part.content()
            if len(content) <= min(_IMAGE_BYTES, room):
                room -= len(content)
                coded = base64.b64encode(content).decode("ascii")
                found[part.content_id.strip("<> ")] = f"data:{part.content_type};base64,{coded}"
        return found

    @cached_property
    def files(self) -> list[FileLine]:
        """Every attachment, also those inside attached messages."""
        return [
            FileLine(
                index=part.index,
                name=clean_name(part.name),
                content_type=part.content_type,
                size=len(part.content()),
                sha256=hashlib.sha256(part.content()).hexdigest(),
                condemned=self._is_condemned(part),
            )
            for part in self.message.attachments
        ]

    def file(self, index: int) -> tuple[FileLine, bytes] | None:
        """One attachment with its content; None where there is none, or it is condemned."""
        line = next((line for line in self.files if line.index == index), None)
        if line is None or line.condemned:
            return None
        return line, self.message.parts[index].content()

    def _is_condemned(self, part: Part) -> bool:
        """Whether it, something around it or something inside it is condemned."""
        if None in self._condemned or part.index in self._around:
            return True
        return not self._condemned.isdisjoint(self._line(part.index))

    @cached_property
    def _around(self) -> frozenset[int]:
        """The condemned parts and what they lie in."""
        indexes = [index for index in self._condemned if index is not None]
        return frozenset(outer for index in indexes for outer in self._line(index))

    def _line(self, index: int) -> list[int]:
        """The part and those that it lies in."""
        line: list[int] = []
        parts = self.message.parts
        at: int | None = index if 0 <= index < len(parts) else None
        while at is not None:
            line.append(at)
            at = parts[at].parent
        return line


def _is_body(part: Part) -> bool:
    return part.disposition != "attachment" and part.is_text
