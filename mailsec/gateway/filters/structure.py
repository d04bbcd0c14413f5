"""Whether the message itself could be read to its end."""

from __future__ import annotations

from collections.abc import Iterator

from mailsec.gateway.envelope import Envelope
from mailsec.gateway.message import Message
from mailsec.gateway.policy import Policy
from mailsec.gateway.ports import Services
from mailsec.gateway.verdict import Finding, Severity

CHECK = "structure"
# Defects behind which parts may lie that nobody looked at.
_UNREAD = ("too-deep", "too-many-parts")


def look(
    message: Message, envelope: Envelope, policy: Policy, services: Services
) -> Iterator[Finding]:
    """A finding for each limit of the parser that this message ran into."""
    for code in _UNREAD:
        if code in message.defects:
            yield Finding(CHECK, code, Severity.UNEXAMINED)
