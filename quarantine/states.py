"""The state machine: every transition that a message and a copy can make, in one place."""

from __future__ import annotations

from collections.abc import Mapping

from quarantine.choices import DeliveryState, MessageState
from quarantine.errors import ForbiddenTransition
from quarantine.models import StoredMessage

MESSAGE: Mapping[MessageState, frozenset[MessageState]] = {
    MessageState.RECEIVED: frozenset(
        {
            MessageState.WAITING,
            MessageState.READY,
            MessageState.HELD,
            MessageState.QUARANTINED,
            MessageState.CLOSED,
            MessageState.SHUNTED,
        }
    ),
    # Closed without a delivery: an original that may not go out stays with its first message.
    MessageState.WAITING: frozenset(
        {
            MessageState.READY,
            MessageState.HELD,
            MessageState.QUARANTINED,
            MessageState.CLOSED,
            MessageState.SHUNTED,
        }
    ),
    # Back to quarantine where a release was for some recipients only; held where the copies inside
    # the company are delivered and the others still wait.
    MessageState.READY: frozenset(
        {
            MessageState.CLOSED,
            MessageState.HELD,
            MessageState.QUARANTINED,
            MessageState.SHUNTED,
        }
    ),
    MessageState.HELD: frozenset({MessageState.READY, MessageState.CLOSED, MessageState.SHUNTED}),
    # A released message is looked at again from the start; a deleted or expired one is closed.
    MessageState.QUARANTINED: frozenset({MessageState.RECEIVED, MessageState.CLOSED}),
    MessageState.SHUNTED: frozenset({MessageState.RECEIVED}),
    MessageState.CLOSED: frozenset(),
}

DELIVERY: Mapping[DeliveryState, frozenset[DeliveryState]] = {
    DeliveryState.PENDING: frozenset(
        {DeliveryState.QUEUED, DeliveryState.WITHHELD, DeliveryState.HELD}
    ),
    # Resubmitted from the start where our own code broke.
    DeliveryState.HELD: frozenset(
        {DeliveryState.QUEUED, DeliveryState.DISCARDED, DeliveryState.PENDING}
    ),
    DeliveryState.QUEUED: frozenset({DeliveryState.IN_FLIGHT, DeliveryState.WITHHELD}),
    DeliveryState.IN_FLIGHT: frozenset(
        {DeliveryState.DELIVERED, DeliveryState.DEFERRED, DeliveryState.BOUNCED}
    ),
    DeliveryState.DEFERRED: frozenset({DeliveryState.IN_FLIGHT, DeliveryState.WITHHELD}),
    DeliveryState.WITHHELD: frozenset({DeliveryState.PENDING, DeliveryState.QUEUED}),
    DeliveryState.DELIVERED: frozenset(),
    DeliveryState.DISCARDED: frozenset(),
    DeliveryState.BOUNCED: frozenset(),
}


def advance(message: StoredMessage, to: MessageState) -> None:
    """Put a message into its next state; ForbiddenTransition where the way does not lead there.

    The caller holds the row's lock and saves it.
    """
    if to not in MESSAGE[MessageState(message.state)]:
        raise ForbiddenTransition(f"{message.queue_id}: {message.state} to {to}")
    message.state = to
