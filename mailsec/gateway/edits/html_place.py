"""Where in an HTML document the first child of the body goes, as a browser builds it.

Works on bytes and so for every character code that keeps ASCII as it is; nothing is decoded, and
nothing but the one insertion changes. ISO-2022-JP writes two-byte characters with ASCII bytes, so
those stretches are blanked for looking.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_JIS_STRETCH = re.compile(
    rb"\x1b\$\(?[@ABCD](?:(?!\x1b\([BJ])[^\r\n])*|\x1b\(I(?:(?!\x1b\([BJ])[^\r\n])*"
)
# A comment ends at "-->" or "--!>"; "<!-->" and "<!--->" are whole comments (HTML, 13.2.5.43).
_COMMENT_END = re.compile(rb"--!?>")
_TAG_NAME = re.compile(rb"[A-Za-z][^\t\n\f\r />]*")
_ATTRIBUTE = re.compile(
    rb"""[\t\n\f\r /]*(?:(>)|[^\t\n\f\r />][^\t\n\f\r />=]*(?:[\t\n\f\r ]*=[\t\n\f\r ]*"""
    rb"""(?:"[^"]*"|'[^']*'|(?=>)|[^\t\n\f\r >"'][^\t\n\f\r >]*))?)"""
)
# Elements that stand in the head or around it; anything else opens the body (HTML, 13.2.6.4).
_BEFORE_BODY = frozenset(
    b"html head base basefont bgsound link meta title style script noscript noframes"
    b" template".split()
)
# Elements whose content is text up to their own end tag.
_RAW = frozenset(b"title style script noscript noframes textarea xmp iframe noembed".split())
_BLANK = b"\t\n\f\r "


@dataclass(frozen=True, slots=True)
class _Tag:
    name: bytes
    closing: bool
    end: int


def place_for_banner(html: bytes) -> int:
    """The offset right behind the body's start tag, or where a browser would open the body."""
    data = _JIS_STRETCH.sub(lambda match: b"x" * len(match[0]), html)
    at = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    templates = 0  # open ones: nothing in them is shown
    while at < len(data):
        if data[at] in _BLANK:
            at += 1
            continue
        markup = _markup_end(data, at)
        if markup is not None:
            at = markup
            continue
        tag = _read_tag(data, at)
        if tag is None:
            if not templates:
                return at
            following = data.find(b"<", at + 1)
            at = following if following > 0 else len(data)
            continue
        if tag.name == b"template":
            templates = max(0, templates + (-1 if tag.closing else 1))
        elif not templates and not tag.closing:
            if tag.name == b"body":
                return tag.end
            if tag.name not in _BEFORE_BODY:
                return at
        at = tag.end
        if tag.name in _RAW and not tag.closing:
            at = _raw_end(data, tag)
    return len(data)


def _markup_end(data: bytes, at: int) -> int | None:
    """Behind the comment, doctype or other declaration at ``at``; None where there is none."""
    if data.startswith(b"<!--", at):
        if data.startswith((b">", b"->"), at + 4):
            return data.index(b">", at + 4) + 1
        end = _COMMENT_END.search(data, at + 4)
        return end.end() if end else len(data)
    bogus_end_tag = data.startswith(b"</", at) and not data[at + 2 : at + 3].isalpha()
    if data.startswith((b"<!", b"<?"), at) or bogus_end_tag:
        close = data.find(b">", at)
        return close + 1 if close >= 0 else len(data)
    return None


def _read_tag(data: bytes, at: int) -> _Tag | None:
    """The tag at ``at``, its attributes passed over; None where text stands there."""
    if data[at : at + 1] != b"<":
        return None
    closing = data.startswith(b"</", at)
    name = _TAG_NAME.match(data, at + 1 + closing)
    if name is None:
        return None
    end = name.end()
    while end < len(data):
        attribute = _ATTRIBUTE.match(data, end)
        if attribute is None or attribute.end() == end:
            end += 1
            continue
        end = attribute.end()
        if attribute[1]:
            return _Tag(name[0].lower(), closing, end)
    return _Tag(name[0].lower(), closing, len(data))


def _raw_end(data: bytes, tag: _Tag) -> int:
    """Behind the end tag of an element whose content is not markup, to the end if it has none.

    Inside of "<!--" a script may open another, and then needs two end tags (HTML, 13.2.5.24).
    """
    name = re.escape(tag.name)
    marks = re.compile(rb"(?i)</?" + name + rb"(?=[\t\n\f\r />])[^>]*>?|<!--|-->")
    escaped = inside = False
    for mark in marks.finditer(data, tag.end):
        if mark[0] == b"<!--":
            escaped = True
        elif mark[0] == b"-->":
            escaped = inside = False
        elif not mark[0].startswith(b"</"):
            inside = escaped and tag.name == b"script"
        elif inside:
            inside = False
        else:
            return mark.end()
    return len(data)
