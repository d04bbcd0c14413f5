"""Everyday mail that the model never learns from: what a company must get without a mark."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import EmailMessage
from html import escape
from pathlib import Path

from mailsec.gateway.message import Message

_LINK = re.compile(r"https?://[!-~]+")


def mails(language: str) -> Iterator[tuple[str, Message]]:
    """Name and mail of each block of ``everyday-LANGUAGE.txt``.

    A block is a header, a blank line and a body. ``Html``, ``Files`` and ``Calendar`` say how the
    mail is built; every other field stands in it as written, and none is added.
    """
    content = (Path(__file__).parent / f"everyday-{language}.txt").read_text(encoding="utf-8")
    for block in re.split(r"^== ", content, flags=re.MULTILINE)[1:]:
        name, _, rest = block.partition("\n")
        header, _, body = rest.partition("\n\n")
        fields = dict(re.findall(r"^([\w-]+): ?(.*)$", header, re.MULTILINE))
        yield f"{language}/{name}", _mail(fields, body.strip("\n"))


def _mail(fields: dict[str, str], body: str) -> Message:
    look, files, method = (fields.pop(name, "") for name in ("Html", "Files", "Calendar"))
    message = EmailMessage()
    for name, value in fields.items():
        message[name] = value
    if body or not files:
        message.set_content(body + "\n")
    if look:
        message.add_alternative(_page(body, look), subtype="html")
    if method:
        event = f"BEGIN:VCALENDAR\r\nMETHOD:{method}\r\nEND:VCALENDAR\r\n"
        message.add_alternative(event, subtype="calendar")
    for name in filter(None, files.split(", ")):
        image = name.endswith(".jpg")
        kinds = ("image", "jpeg") if image else ("application", "pdf")
        content = b"\xff\xd8\xff" if image else b"%PDF-1.4\n"
        message.add_attachment(content, *kinds, filename=name)
    return Message(message.as_bytes())


def _page(body: str, look: str) -> str:
    """A plain page, or for ``shop`` a table with a logo and button-like links."""
    if look != "shop":
        lines = [_anchors(line, "") for line in body.split("\n")]
        return f"<html><body><p>{'<br>'.join(lines)}</p></body></html>"
    style = ' style="background-color:#225577;color:#ffffff"'
    rows = "".join(f"<tr><td>{_anchors(line, style)}</td></tr>" for line in body.split("\n"))
    logo = '<img src="https://www.example.com/logo.png" alt="logo" width="120">'
    table = f'<table width="600"><tr><td>{logo}</td></tr>{rows}</table>'
    return f"<html><head><style>td {{font-size: 14px}}</style></head><body>{table}</body></html>"


def _anchors(line: str, style: str) -> str:
    return _LINK.sub(lambda match: f'<a href="{match[0]}"{style}>{match[0]}</a>', escape(line))
