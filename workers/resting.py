"""What failed a short while ago: it is left alone for a time, so that it stands in nobody's way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

import structlog
from celery.exceptions import SoftTimeLimitExceeded

log = structlog.get_logger(__name__)

_MOST = 10_000


class Resting:
    """Mails whose work failed in this process within the last ``seconds``, by tenant.

    Each process finds out by itself, and after a restart anew: what is due stays in the database.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._until: dict[tuple[str, UUID], float] = {}

    def add(self, tenant: str, message_id: UUID) -> None:
        """Leave this mail alone from now on."""
        if len(self._until) >= _MOST:
            self._until.clear()
        self._until[tenant, message_id] = self._clock() + self._seconds

    @contextmanager
    def alone(self, tenant: str, message_id: UUID) -> Iterator[None]:
        """Log what goes wrong with this mail and leave it alone for the time; all else goes on."""
        try:
            yield
        except SoftTimeLimitExceeded:
            raise
        except Exception:  # a shell's edge: nothing was stored of it, so it is due still
            log.exception("left alone for a while", message=message_id.hex)
            self.add(tenant, message_id)

    def of(self, tenant: str) -> frozenset[UUID]:
        """Which of the tenant's mails are to be left alone now."""
        now = self._clock()
        self._until = {key: until for key, until in self._until.items() if until > now}
        return frozenset(each for slug, each in self._until if slug == tenant)
