"""Takes condemned parts out and leaves every other byte where it is."""

from __future__ import annotations

from collections.abc import Mapping

from mailsec.gateway.edits.order import Order
from mailsec.gateway.edits.removal import remove
from mailsec.gateway.edits.texts import removed_text
from mailsec.gateway.errors import EditRefused
from mailsec.gateway.message import Message
from mailsec.gateway.verdict import Finding


def edit(message: Message, order: Order) -> Message:
    """The message without the parts that the decision removes, or itself."""
    if not order.decision.remove:
        return message
    texts = {index: removed_text(finding) for index, finding in _known(message, order).items()}
    return remove(message, texts)


def _known(message: Message, order: Order) -> Mapping[int, Finding]:
    if any(not 0 <= index < len(message.parts) for index in order.decision.remove):
        raise EditRefused("the message has no such part")
    return order.decision.remove
