"""Takes away results that others wrote in our name (RFC 8601 section 5).

Ours stand in the trace block on top; what other services wrote in their own names stays.
"""

from __future__ import annotations

from mailsec.gateway import results_field
from mailsec.gateway.edits.order import Order
from mailsec.gateway.envelope import Direction
from mailsec.gateway.message import Message
from mailsec.gateway.mime import remove_headers, splice

_FIELD = "Authentication-Results"


def edit(message: Message, order: Order) -> Message:
    """Inbound mail without forged results, or itself where there are none."""
    trace = order.trace
    if trace is None or trace.envelope.direction is not Direction.INBOUND:
        return message
    ours = results_field.name(trace.by_host).lower().rstrip(".")
    forged = [field for field in message.all(_FIELD) if _is_forged(field.value_raw, ours)]
    if not forged:
        return message
    return Message(splice(message.raw, remove_headers(message, message.parts[0], forged)))


def _is_forged(value: bytes, ours: str) -> bool:
    # Our name may stand behind what is read; nobody's honest results are that long.
    return len(value) > results_field.MOST_CHARACTERS or ours in results_field.authserv_ids(value)
