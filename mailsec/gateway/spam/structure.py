"""How the mail is built: its MIME types, its HTML, its files, its subject line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from mailsec.gateway.message import Message, Part
from mailsec.gateway.spam.text import LONGEST_LINE

_MOST_SOURCE = 64_000
_MOST_PARTS = 50
_HTML_MARKS = {
    "image": re.compile(r"<img\b"),
    "outside-image": re.compile(r"<img\b[^<>]{0,500}?src\s*+=\s*+[\"']?\s*+https?:"),
    "inline-image": re.compile(r"<img\b[^<>]{0,500}?src\s*+=\s*+[\"']?\s*+(?:cid|data):"),
    "form": re.compile(r"<form\b"),
    "script": re.compile(r"<script\b"),
    "frame": re.compile(r"<iframe\b"),
    "font": re.compile(r"<font\b"),
    "table": re.compile(r"<table\b"),
    "comment": re.compile(r"<!--"),
    "hidden": re.compile(
        r"display\s*+:\s*+none|visibility\s*+:\s*+hidden|font-size\s*+:\s*+[01](?:px|pt)?\s*+[;\"']"
    ),
    "white": re.compile(r"color\s*+[:=]\s*+[\"']?\s*+(?:#fff(?:fff)?|white)\b"),
    "entity": re.compile(r"&#x?[0-9a-f]{2,6};"),
    "button": re.compile(r"<a\b[^<>]{0,500}?background"),
    "style": re.compile(r"<style\b"),
    "anchor": re.compile(r"<a\s"),
}  # fmt: skip
_QUOTED = re.compile(r"^[>|]", re.MULTILINE)
_REPLY = re.compile(r"\s*(?:re|aw|sv|回复|答复)\s*[:：]", re.IGNORECASE)
_FORWARD = re.compile(r"\s*(?:fwd?|wg|转发)\s*[:：]", re.IGNORECASE)
_TRAILING_NUMBER = re.compile(r"(?:\s{3,}\S|[#\[(]?\b[0-9A-F-]{6,}\b\W?$)")
_ARCHIVES = frozenset("zip rar 7z gz tgz cab iso img lzh arj".split())
_PROGRAMS = frozenset("exe scr com pif bat cmd js jse vbs vbe wsf hta lnk msi jar ps1".split())


def facts(message: Message) -> Iterator[str]:
    """The MIME structure and the HTML of the body."""
    kinds = Counter(part.content_type for part in message.parts[:_MOST_PARTS])
    root = message.parts[0].content_type if message.parts else "none"
    yield f"root-{root if root.startswith(('text/', 'multipart/')) else 'other'}"
    if kinds["text/html"] and not kinds["text/plain"]:
        yield "html-only"
    length = len(message.text)
    yield f"text-length-{min(length, 60_000).bit_length() // 2}"
    for part in message.parts[:_MOST_PARTS]:
        if part.content_type == "text/html" and part.disposition != "attachment":
            yield from _html(part.text()[:_MOST_SOURCE].lower(), length)
            break
    if kinds["multipart/alternative"] and kinds["text/plain"]:
        yield from _alternatives(message)
    lines = message.text[:20_000]
    quoted = len(_QUOTED.findall(lines))
    if quoted > 2:
        yield "quotes"


def _html(source: str, text_length: int) -> Iterator[str]:
    for name, pattern in _HTML_MARKS.items():
        count = len(pattern.findall(source))
        if count:
            yield f"html-{name}-{min(count, 15).bit_length()}"
    dense = text_length * 10 // max(len(source), 1)
    yield f"html-text-share-{min(dense, 8)}"


def _alternatives(message: Message) -> Iterator[str]:
    texts = [part for part in message.parts[:_MOST_PARTS] if part.content_type == "text/plain"]
    if len(texts[0].text().strip()) < 40:
        yield "alternative-empty"


def attachment_facts(message: Message) -> Iterator[str]:
    """What files hang on the mail."""
    files = message.attachments[:_MOST_PARTS]
    if not files:
        return
    yield f"count-{min(len(files), 7).bit_length()}"
    yield from dict.fromkeys(fact for part in files for fact in _file(part))


def _file(part: Part) -> Iterator[str]:
    extension = part.name.lower().rpartition(".")[2] if "." in part.name else "none"
    if extension in _PROGRAMS:
        yield "program"
    elif extension in _ARCHIVES:
        yield "archive"
    elif extension.isalnum() and extension.isascii() and len(extension) <= 5:
        yield f"type-{extension}"
    if part.content_type == "application/octet-stream" and extension in ("pdf", "html", "htm"):
        yield "type-hidden"
    if part.content_type.startswith("image/") and part.content_id:
        yield "inline-image"
    if not part.name:
        yield "no-name"


def header_facts(message: Message) -> Iterator[str]:
    """A few header facts that no collector can have made, and what was wrong in the reading."""
    subject = message.subject[:LONGEST_LINE]
    if not subject.strip():
        yield "no-subject"
    if _REPLY.match(subject):
        yield "reply"
    elif _FORWARD.match(subject):
        yield "forward"
    letters = [letter for letter in subject if letter.isalpha()]
    if len(letters) > 8 and sum(map(str.isupper, letters)) * 2 > len(letters):
        yield "subject-capitals"
    if "!" in subject or "！" in subject:
        yield "subject-exclaims"
    if "?" in subject or "？" in subject:
        yield "subject-asks"
    if _TRAILING_NUMBER.search(subject):
        yield "subject-number"
    if subject.startswith(("【", "[", "［")):
        yield "subject-bracket"
    yield from (f"defect-{defect}" for defect in message.defects[:20])
