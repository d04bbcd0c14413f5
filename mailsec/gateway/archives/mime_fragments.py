"""Attachments that stand in a text, header fields and all.

Programs differ in how they read two boundaries, two Content-Type fields or a comment in a field:
what is plain text to one is an attachment to the other. Bounces quote whole mails as text, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mailsec.gateway.archives.budget import Budget
from mailsec.gateway.archives.members import Label, Member
from mailsec.gateway.charset import decode, decode_base64_text

_FIELD = re.compile(
    rb"(?i)(?:\A|(?<=\n))content-transfer-encoding[ \t]*:[ \t]*(?:\([^)\r\n]{0,200}\)[ \t]*)?"
    rb"\"?base64\b"
)
_BLANK_LINE = re.compile(rb"\n\r?\n")
_CODE_END = re.compile(rb"(?m)^(?:--|>|[^A-Za-z0-9+/=\r\n \t])")
_NAME = re.compile(rb"""(?i)\bname[ \t]*=[ \t]*(?:"([^"\r\n]{1,300})"|([^\s;"]{1,300}))""")
_HEADER_REACH = 4096


def holds_fragments(content: bytes) -> bool:
    """Whether a header field that announces base64 stands somewhere in it."""
    return b"base64" in content and _FIELD.search(content) is not None


def read(content: bytes, label: Label, budget: Budget) -> Iterator[Member]:
    """What each piece of base64 behind such a field gives, as far as it goes."""
    at = 0
    while (found := _FIELD.search(content, at)) is not None:
        at = found.end()
        blank = _BLANK_LINE.search(content, at, at + _HEADER_REACH)
        if blank is None:
            continue
        stop = _CODE_END.search(content, blank.end())
        end = stop.start() if stop else len(content)
        budget.take_file()
        data = decode_base64_text(content[blank.end() : end])
        budget.take_bytes(len(data), len(data), len(data))
        head = content[max(0, found.start() - _HEADER_REACH) : blank.start()]
        head = head[head.rfind(b"\n\n") + 1 :] if b"\n\n" in head else head
        names = [decode(name[1] or name[2], label.charset).text for name in _NAME.finditer(head)]
        yield Member(names[-1] if names else "fragment", data)
        at = max(at, end)
