"""How much of one message's archives is opened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from mailsec.gateway.errors import BudgetExceeded, MemberTooDense


@dataclass(frozen=True, slots=True)
class Limits:
    """How far one message is unpacked (product.md 5)."""

    depth: int = 8
    files: int = 1000
    ratio: int = 100
    content_bytes: int = 200 * 1024 * 1024
    ratio_from_bytes: int = (
        1024 * 1024
    )  # small files pack well by nature; below this none is a bomb
    seconds: float = 20.0


@dataclass(slots=True)
class Budget:
    """What is left for one message. It is spent, so one belongs to one message alone.

    Time counts only where a clock is handed over (seconds, of any beginning); ``seconds`` is what
    was spent before it started.
    """

    limits: Limits = field(default_factory=Limits)
    files: int = 0
    content_bytes: int = 0
    seconds: float = 0.0
    clock: Callable[[], float] | None = None
    _began: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self._began = self.clock() if self.clock else 0.0

    @property
    def spent(self) -> bool:
        """Whether nothing more may be opened."""
        return (
            self.files > self.limits.files
            or self.content_bytes > self.limits.content_bytes
            or self.seconds >= self.limits.seconds
        )

    def take_file(self) -> None:
        """Counts one member before it is opened; BudgetExceeded where it is one too many."""
        self.files += 1
        if self.files > self.limits.files:
            raise BudgetExceeded("files")
        self.take_time()

    def take_bytes(self, count: int, out: int, packed: int) -> None:
        """Counts ``count`` new bytes of a member that has given ``out`` from ``packed`` so far."""
        self.content_bytes += count
        if self.content_bytes > self.limits.content_bytes:
            raise BudgetExceeded("bytes")
        if out > self.limits.ratio_from_bytes and out > self.limits.ratio * max(packed, 1):
            raise MemberTooDense
        self.take_time()

    def take_time(self) -> None:
        """BudgetExceeded where the time is over; readers call it in loops that give no bytes."""
        if self.clock and self.seconds + self.clock() - self._began > self.limits.seconds:
            raise BudgetExceeded("time")
