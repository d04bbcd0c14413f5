"""HTML reduced to its text and its links, by the parser rules of browsers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from itertools import islice

from selectolax.lexbor import LexborHTMLParser, LexborNode

from mailsec.gateway import charset
from mailsec.gateway.reading import links, styles

# More of these than any mail has make the parser quadratic: such HTML is only stripped of its tags.
_MAX_OPEN = 2_000
_MAX_ATTRIBUTES = 1_000
_MAX_OPTIONS = 5_000
_MAX_ANCHORS = 2_000
_ANCHOR_TEXT = 300
_HREF = 4_000
_UNSEEN = frozenset(("script", "style", "head", "template", "title"))
_INLINE = frozenset(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i img input ins kbd label mark "
    "q rp rt ruby s samp small span strike strong sub sup time tt u var wbr".split()
)
# Void elements, and those that browsers close by themselves.
_CLOSE_THEMSELVES = frozenset(
    "area base br col embed hr img input link meta param source track wbr p li dt dd td th tr "
    "option html head body".split()
)
_LINK_ATTRIBUTES = {
    "a": ("href", "xlink:href"),
    "area": ("href",),
    "form": ("action",),
    "button": ("formaction",),
    "input": ("formaction",),
    "iframe": ("src",),
    "frame": ("src",),
    "embed": ("src",),
    "object": ("data",),
}
# Comments, and tags as browsers end them: quotation marks count only behind an equals sign.
_TAG = re.compile(
    r"""<!--.*?(?:-->|\Z)|<(/?)([A-Za-z][^\s/>]*+)(?:[^>=]++|=\s*+(?:"[^"]*+"?+|'[^']*+'?+)?+)*+>?+""",
    re.DOTALL,
)
_WHOLE_TAG = re.compile(r"<[!/?A-Za-z][^>]*>?")
_ATTRIBUTE = re.compile(
    r"""(?i)\b(?:href|action|src|data)\s*=\s*(?:"([^"]*)|'([^']*)|([^\s>"']+))"""
)
_HREF_ATTRIBUTE = re.compile(r"""(?i)\bhref\s*=\s*(?:"([^"]*)|'([^']*)|([^\s>"']+))""")
_BASE = re.compile(r"(?i)<base\b")
_BLANKS = re.compile(r"[ \t\r\n\f]+")
_LINES = re.compile(r" ?\n[ \n]*")
_SAME_LINE = re.compile(r"[ \t\r\f]+")
_REFRESH = re.compile(r"\s*[\d.]*\s*[;,]?\s*(?:url\s*=)?\s*[\"']?([^\"']+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Anchor:
    """One link as a reader meets it: where it leads, as written, and the text it stands on."""

    href: str
    text: str


@dataclass(frozen=True, slots=True)
class Hidden:
    """Text that a reader does not see: how it is hidden, and how much can be seen before it."""

    way: str
    text: str
    before: int


@dataclass(frozen=True, slots=True)
class Reduced:
    """What a reader sees of an HTML body, and where it can lead by a click.

    ``text`` holds what is hidden by style as well; ``hidden`` says which of it that is.
    """

    text: str
    links: tuple[str, ...]
    anchors: tuple[Anchor, ...] = ()
    hidden: tuple[Hidden, ...] = ()


def reduce(source: str) -> Reduced:
    """Text and links of an HTML body. Never raises, and takes time in proportion to the size."""
    if _is_hostile(source):
        return _strip(source)
    tree = LexborHTMLParser(source)
    root = tree.root
    base = tree.css_first("base[href]") if _BASE.search(source) else None
    reader = _Reader(styles.Sheet(source), links.base_of(_href(base)) if base else "")
    for node, leaving in _walk(root, reader.open) if root is not None else ():
        if leaving:
            reader.leave(node)
        elif node.tag == "-text":
            reader.read(node)
        elif node.tag != "-comment":
            reader.enter(node)
    return reader.reduced()


class _Reader:
    """Gathers text, links and what is hidden while the tree is walked."""

    def __init__(self, sheet: styles.Sheet, base: str) -> None:
        self.open: set[int] = set()
        self._sheet = sheet
        self._base = base
        self._look = sheet.start
        self._looks: dict[int, styles.Look] = {}
        self._text: list[str] = []
        self._links: list[str] = []
        self._anchors: list[Anchor] = []
        self._anchor: tuple[int, str, list[str]] | None = None
        self._hidden: list[tuple[str, int, list[str]]] = []
        self._seen = 0

    def enter(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if tag not in _INLINE:
            self._text.append("\n")
        self._links += _links_of(node, self._base)
        if tag == "a":
            self._open_anchor(node)
        if self._sheet.hides and (attributes := node.attributes):
            look = self._sheet.inherited(self._look, attributes)
            if look is not self._look and node.first_child is not None:
                self._looks[node.mem_id] = self._look
                self.open.add(node.mem_id)
                self._look = look

    def leave(self, node: LexborNode) -> None:
        if node.tag not in _INLINE:
            self._text.append("\n")
        if node.mem_id in self.open:
            self._look = self._looks.pop(node.mem_id, self._look)
            if self._anchor is not None and self._anchor[0] == node.mem_id:
                self._close_anchor()
            self.open.discard(node.mem_id)

    def read(self, node: LexborNode) -> None:
        parent = node.parent
        if parent is not None and parent.tag in _UNSEEN:
            return
        text = _BLANKS.sub(" ", node.text_content or "")
        self._text.append(text)
        if self._anchor is not None:
            self._anchor[2].append(text[:_ANCHOR_TEXT])
        if not self._look.way:
            self._seen += len(text.strip())
        elif self._hidden and self._hidden[-1][:2] == (self._look.way, self._seen):
            self._hidden[-1][2].append(text)
        else:
            self._hidden.append((self._look.way, self._seen, [text]))

    def _open_anchor(self, node: LexborNode) -> None:
        href = links.joined(self._base, _href(node)) if "href" in node.attributes else ""
        if not href or node.first_child is None or len(self._anchors) >= _MAX_ANCHORS:
            return
        self._close_anchor()
        self._anchor = (node.mem_id, href, [])
        self.open.add(node.mem_id)

    def _close_anchor(self) -> None:
        if self._anchor is not None:
            text = charset.clean(_tidy("".join(self._anchor[2])[:_ANCHOR_TEXT]))
            href = charset.clean(self._anchor[1][:_HREF])
            self._anchors.append(Anchor(href, text))
            self._anchor = None

    def reduced(self) -> Reduced:
        self._close_anchor()
        plain = charset.clean(_tidy("".join(self._text)))
        return Reduced(
            plain,
            tuple(dict.fromkeys(map(charset.clean, self._links))),
            tuple(self._anchors),
            tuple(
                Hidden(way, charset.clean("".join(pieces)), before)
                for way, before, pieces in self._hidden
            ),
        )


def _walk(root: LexborNode, watched: set[int]) -> Iterator[tuple[LexborNode, bool]]:
    """Every node in order; blocks and watched nodes come again, marked, when they are left."""
    node: LexborNode | None = root
    while node is not None:
        yield node, False
        following = node.first_child
        while following is None and node is not None:
            following = node.next
            if following is None:
                node = node.parent
                if node is None or node.mem_id == root.mem_id:
                    return
                if node.mem_id in watched or (node.tag not in _INLINE and node.tag != "-text"):
                    yield node, True
        node = following


def _href(node: LexborNode) -> str:
    return node.attributes.get("href") or ""


def _links_of(node: LexborNode, base: str) -> Iterator[str]:
    names = _LINK_ATTRIBUTES.get(node.tag or "", ())
    if names or node.tag == "meta":
        attributes = node.attributes
        written = [attributes[name] or "" for name in names if name in attributes]
        if node.tag == "meta" and (attributes.get("http-equiv") or "").lower() == "refresh":
            target = _REFRESH.match(attributes.get("content") or "")
            written += [target[1]] if target else []
        for value in written:
            link = links.from_attribute(links.joined(base, value))
            if link:
                yield link


def _is_hostile(source: str) -> bool:
    """Whether more elements are open at once, or one is longer, than any real mail has."""
    open_tags: Counter[str] = Counter()
    total = options = 0
    for match in _TAG.finditer(source):
        tag = (match[2] or "").lower()
        if match.end() - match.start() > 2 * _MAX_ATTRIBUTES and tag:
            attributes = len(match[0].split()) + match[0].count("/")
            if attributes > _MAX_ATTRIBUTES:
                return True
        options += tag == "option"
        if options > _MAX_OPTIONS:
            return True
        if not tag or tag in _CLOSE_THEMSELVES:
            continue
        if not match[1]:
            open_tags[tag] += 1
            total += 1
            if total > _MAX_OPEN:
                return True
        elif open_tags[tag]:
            open_tags[tag] -= 1
            total -= 1
    return False


def _strip(source: str) -> Reduced:
    found = [
        links.from_attribute(unescape(next(filter(None, match.groups()), "")))
        for match in _ATTRIBUTE.finditer(source)
    ]
    text = _tidy(unescape(_WHOLE_TAG.sub(" ", source)))
    anchors = tuple(islice(_stripped_anchors(source), _MAX_ANCHORS))
    return Reduced(charset.clean(text), tuple(dict.fromkeys(filter(None, found))), anchors)


def _stripped_anchors(source: str) -> Iterator[Anchor]:
    """The links with their text, each up to the next tag of a link."""
    href, begin = "", 0
    for start, end, opened in _anchor_tags(source):
        if href:
            text = unescape(_WHOLE_TAG.sub("", source[begin : min(start, begin + _HREF)]))
            yield Anchor(
                charset.clean(links.joined("", href[:_HREF])),
                charset.clean(_tidy(text)[:_ANCHOR_TEXT]),
            )
        href, begin = opened, end


def _anchor_tags(source: str) -> Iterator[tuple[int, int, str]]:
    """Where each tag of a link begins and ends, and its address; the end of the text last."""
    for match in _TAG.finditer(source):
        if (match[2] or "").lower() == "a":
            found = None if match[1] else _HREF_ATTRIBUTE.search(match[0])
            href = next(filter(None, found.groups()), "") if found else ""
            yield match.start(), match.end(), unescape(href)
    yield len(source), len(source), ""


def _tidy(text: str) -> str:
    """Runs of blanks as one, runs of line ends as one."""
    return _LINES.sub("\n", _SAME_LINE.sub(" ", text)).strip()
