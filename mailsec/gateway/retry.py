"""When a deferred delivery is tried again, told to its sender, and given up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

FIRST_DELAYS = (60.0, 300.0, 900.0, 3600.0)


@dataclass(frozen=True, slots=True)
class RetrySchedule:
    """Waits 1, 5, 15 and 60 minutes, then hourly until five days after arrival.

    ``unit_seconds`` is the length of what the schedule calls a second: tests and demonstrations
    make it small and see five days pass in one minute. RFC 5321 section 4.5.4.1 asks for 30 minutes
    between attempts in the long run and for giving up after 4 to 5 days at the earliest.
    """

    delays: tuple[float, ...] = FIRST_DELAYS
    give_up_hours: float = 120.0
    notice_hours: float = 4.0
    unit_seconds: float = 1.0

    def __post_init__(self) -> None:
        if not self.delays or min(self.delays) <= 0 or self.unit_seconds <= 0:
            raise ValueError("a retry schedule needs delays and a unit above zero")

    def expires_at(self, arrived_at: datetime) -> datetime:
        """The moment after which no attempt is made."""
        return arrived_at + self._seconds(self.give_up_hours * 3600)

    def next_attempt(
        self, attempts: int, arrived_at: datetime, now: datetime, jitter: float = 0.0
    ) -> datetime | None:
        """When to try again after ``attempts`` failed ones, or None to give up.

        ``jitter`` (0 to 1, a random number of the caller's) stretches the wait by up to a tenth, so
        that mails deferred together do not come back together. The last attempt is made at the
        moment of expiry itself, so that a sender always gets the whole time.
        """
        expiry = self.expires_at(arrived_at)
        if now >= expiry:
            return None
        wait = self.delays[min(max(attempts, 1), len(self.delays)) - 1]
        return min(now + self._seconds(wait * (1 + jitter / 10)), expiry)

    def delay_notice_due(self, arrived_at: datetime, now: datetime, noticed: bool) -> bool:
        """Whether the sender should hear now that the mail is late; told once only."""
        due = arrived_at + self._seconds(self.notice_hours * 3600)
        return not noticed and due <= now < self.expires_at(arrived_at)

    def _seconds(self, count: float) -> timedelta:
        return timedelta(seconds=count * self.unit_seconds)
