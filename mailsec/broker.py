"""Workers that outlive their broker.

When the broker goes away under a running task, kombu 5.7 gives the task back, and later
acknowledges it, over the connection that was lost; both fail with an AttributeError that ends the
worker for good. Neither is needed: PostgreSQL knows what is done, and the sweep finds what is not.
"""

from __future__ import annotations

from typing import Any

from kombu.transport import redis


class LastingQoS(redis.QoS):
    """Bookkeeping of unacknowledged tasks that lets go of those whose connection is lost."""

    def ack(self, delivery_tag: str) -> None:
        """Acknowledge, unless the connection that the task came by is gone."""
        if self._connected():
            super().ack(delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Reject, unless the connection that the task came by is gone."""
        if self._connected():
            super().reject(delivery_tag, requeue=requeue)

    def restore_unacked_once(self, stderr: Any = None) -> None:
        """Give nothing back: the broker may be away, and the sweep asks for the same work."""

    def _connected(self) -> bool:
        return getattr(self.channel, "connection", None) is not None
