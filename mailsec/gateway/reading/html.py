"""HTML reduced to its text and its links, by the parser rules of browsers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape

from selectolax.lexbor import LexborHTMLParser, LexborNode

from mailsec.gateway import charset
from mailsec.gateway.reading import links

# More of these than any mail has make the parser quadratic: such HTML is only stripped of its tags.
_MAX_OPEN = 2_000
_MAX_ATTRIBUTES = 1_000
_MAX_OPTIONS = 5_000
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
_BLANKS = re.compile(r"[ \t\r\n\f]+")
_LINES = re.compile(r" ?\n[ \n]*")
_SAME_LINE = re.compile(r"[ \t\r\f]+")
_REFRESH = re.compile(r"\s*[\d.]*\s*[;,]?\s*(?:url\s*=)?\s*[\"']?([^\"']+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reduced:
    """What a reader sees of an HTML body, and where it can lead by a click."""

    text: str
    links: tuple[str, ...]


def reduce(source: str) -> Reduced:
    """Text and links of an HTML body. Never raises, and takes time in proportion to the size."""
    if _is_hostile(source):
        return _strip(source)
    text: list[str] = []
    found: list[str] = []
    root = LexborHTMLParser(source).root
    for node, seen in _walk(root) if root is not None else ():
        if node.tag == "-text":
            if seen:
                text.append(_BLANKS.sub(" ", node.text_content or ""))
            continue
        if node.tag not in _INLINE:
            text.append("\n")
        found += _links_of(node)
    plain = charset.clean(_tidy("".join(text)))
    return Reduced(plain, tuple(dict.fromkeys(map(charset.clean, found))))


def _walk(root: LexborNode) -> Iterator[tuple[LexborNode, bool]]:
    """Every node in order, with whether its text is seen; a block comes again at its end."""
    node: LexborNode | None = root
    while node is not None:
        parent = node.parent
        yield node, parent is None or parent.tag not in _UNSEEN
        following = node.first_child
        while following is None and node is not None:
            following = node.next
            if following is None:
                node = node.parent
                if node is None or node.mem_id == root.mem_id:
                    return
                if node.tag not in _INLINE and node.tag != "-text":
                    yield node, False
        node = following


def _links_of(node: LexborNode) -> Iterator[str]:
    names = _LINK_ATTRIBUTES.get(node.tag or "", ())
    if names or node.tag == "meta":
        attributes = node.attributes
        for name in names:
            link = links.from_attribute(attributes.get(name) or "")
            if link:
                yield link
        if node.tag == "meta" and (attributes.get("http-equiv") or "").lower() == "refresh":
            target = _REFRESH.match(attributes.get("content") or "")
            link = links.from_attribute(target[1]) if target else ""
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
    return Reduced(charset.clean(text), tuple(dict.fromkeys(filter(None, found))))


def _tidy(text: str) -> str:
    """Runs of blanks as one, runs of line ends as one."""
    return _LINES.sub("\n", _SAME_LINE.sub(" ", text)).strip()
