"""Whether the message itself could be read to its end."""

from __future__ import annotations

from collections.abc import Iterator

from mailsec.gateway.case import Case
from mailsec.gateway.verdict import Finding, Severity

CHECK = "structure"
# Defects behind which parts may lie that nobody looked at.
_UNREAD = ("too-deep", "too-many-parts")


def look(case: Case) -> Iterator[Finding]:
    """A finding for each limit of the parser that this message ran into."""
    for code in _UNREAD:
        if code in case.message.defects:
            yield Finding(CHECK, code, Severity.UNEXAMINED)
