"""Files of old systems that end their lines with CR alone, edited without becoming another file.

Such a message cannot come by SMTP, which refuses bare CR; it comes as a file. With LF in the place
of CR it reads the same at the same offsets, so that is what is edited.
"""

from __future__ import annotations

from collections.abc import Callable

from mailsec.gateway.message import Message


def edited(message: Message, change: Callable[[Message], Message]) -> Message:
    """The changed message, with the line ends that it had."""
    if b"\n" in message.raw or b"\r" not in message.raw:
        return change(message)
    changed = change(Message(message.raw.replace(b"\r", b"\n")))
    return Message(changed.raw.replace(b"\n", b"\r"))
