"""Links in plain text: where they start, and where they end in Japanese text."""

from __future__ import annotations

import re
from urllib.parse import urljoin

_BRACKETED = re.compile(r"<(?:URL:)?\s*(https?://[^<>\"]{1,4000})>", re.IGNORECASE)
_BARE = re.compile(r"(?<![A-Za-z0-9])https?://[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+", re.IGNORECASE)
_WRAP = re.compile(r"[ \t]*\r?\n[ \t]*")
_PAIRS = {")": "(", "]": "["}
_FINAL = ".,;:!?'"
_WEB = re.compile(r"\s*(https?:)", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_SLASHES = "/\\"
# The WHATWG URL standard drops these inside a URL.
_DROPPED = str.maketrans("", "", "\t\r\n")


def in_text(text: str) -> list[str]:
    """The http and https links of plain text, in order.

    Japanese text puts no blank behind a link: outside of angle brackets it ends at the first
    character that no URL may hold (RFC 3986), then before unbalanced closing brackets and final
    punctuation. Inside angle brackets it is everything.
    """
    found: list[tuple[int, str]] = []
    bracketed: list[tuple[int, int]] = []
    for match in _BRACKETED.finditer(text):
        found.append((match.start(), _WRAP.sub("", match[1].strip()).partition(" ")[0]))
        bracketed.append(match.span())
    spans = iter(bracketed)
    span = next(spans, None)
    for match in _BARE.finditer(text):
        while span is not None and span[1] <= match.start():
            span = next(spans, None)
        if span is None or match.start() < span[0]:
            found.append((match.start(), _trim(match[0])))
    return [link for _, link in sorted(found, key=lambda item: item[0]) if not link.endswith("//")]


def _trim(link: str) -> str:
    """Without final punctuation and closing brackets that were not opened in the link."""
    open_count = {closing: link.count(opening) for closing, opening in _PAIRS.items()}
    closed = {closing: link.count(closing) for closing in _PAIRS}
    end = len(link)
    while end:
        last = link[end - 1]
        if last in _PAIRS and closed[last] > open_count[last]:
            closed[last] -= 1
        elif last not in _FINAL:
            break
        end -= 1
    return link[:end]


def as_written(value: str) -> str:
    """The value of a link attribute as a browser takes it, whatever its scheme."""
    return value.strip().translate(_DROPPED)


def base_of(value: str) -> str:
    """The base that a document names for its links; empty where it is not http or https."""
    scheme = _WEB.match(as_written(value))
    if scheme is None:
        return ""
    rest = as_written(value)[scheme.end() :].replace("\\", "/").lstrip("/")
    return f"{scheme[1].lower()}//{rest}"


def joined(base: str, value: str) -> str:
    """The address that a link attribute means in a document with this base, which may be empty.

    An address without a scheme is taken for https, as on the pages where people read mail.
    """
    value = as_written(value)
    if _SCHEME.match(value):
        return value
    if value[:1] in _SLASHES and value[1:2] in _SLASHES and len(value) > 1:
        value = f"{base.partition(':')[0] or 'https'}:{value}"
    try:
        return urljoin(base, value) if base else value
    except ValueError:
        return base


def from_attribute(value: str) -> str:
    """The link of an HTML attribute as a browser takes it; empty where it is not http or https."""
    value = as_written(value)
    return value if _WEB.match(value) else ""
