"""How much one client and all clients together may take: connections, rates, bytes in memory."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address

from workers.smtpd.ports import Address

_REMEMBERED = 20_000


def client_address(text: str) -> Address:
    """A peer's address; one of IPv4 that comes mapped into IPv6 is given as IPv4."""
    address = ip_address(text.partition("%")[0])
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def client_key(address: Address) -> int:
    """What counts as one client: an address of IPv4, a /64 network of IPv6."""
    if isinstance(address, IPv6Address):
        return (int(address) >> 64) + (1 << 32)
    return int(address)


class ConnectionLedger:
    """Counts the open connections, in all and for each client. A limit of 0 is none."""

    def __init__(self, in_all: int, per_client: int) -> None:
        self._in_all = in_all
        self._per_client = per_client
        self._open = 0
        self._clients: Counter[int] = Counter()

    def enter(self) -> bool:
        """Count a connection; False where there are too many. ``leave`` must follow either way."""
        self._open += 1
        return not self._in_all or self._open <= self._in_all

    def leave(self) -> None:
        self._open -= 1

    def enter_client(self, client: int) -> bool:
        """Count a client's connection, as ``enter`` does; ``leave_client`` must follow."""
        self._clients[client] += 1
        return not self._per_client or self._clients[client] <= self._per_client

    def leave_client(self, client: int) -> None:
        self._clients[client] -= 1
        if not self._clients[client]:
            del self._clients[client]


class RateLimit:
    """A token bucket for each client: ``per_minute`` at once, refilled evenly. 0 is no limit."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._capacity = float(per_minute)
        self._clock = clock
        self._buckets: dict[int, tuple[float, float]] = {}

    def allow(self, client: int) -> bool:
        """Take one token; False where the client has none left."""
        if not self._capacity:
            return True
        now = self._clock()
        tokens = self._tokens(client, now)
        if tokens < 1.0:
            return False
        if len(self._buckets) >= _REMEMBERED:
            self._forget(now)
        self._buckets[client] = (tokens - 1.0, now)
        return True

    def exhausted(self, client: int) -> bool:
        """Whether the client has no token left; takes none."""
        return bool(self._capacity) and self._tokens(client, self._clock()) < 1.0

    def _tokens(self, client: int, now: float) -> float:
        tokens, since = self._buckets.get(client, (self._capacity, now))
        return min(self._capacity, tokens + (now - since) * self._capacity / 60.0)

    def _forget(self, now: float) -> None:
        """Drop the full buckets, which say nothing; under attack from everywhere, drop them all."""
        self._buckets = {
            client: bucket
            for client, bucket in self._buckets.items()
            if now - bucket[1] < 60.0 and len(self._buckets) < 2 * _REMEMBERED
        }
        if len(self._buckets) >= _REMEMBERED:
            self._buckets.clear()


class ByteLedger:
    """Counts the bytes of mails that are being received or stored at this moment."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.taken = 0

    def take(self, count: int) -> bool:
        """Count more bytes; False over the limit. ``give_back`` must follow either way."""
        self.taken += count
        return not self._limit or self.taken <= self._limit

    def give_back(self, count: int) -> None:
        self.taken -= count
