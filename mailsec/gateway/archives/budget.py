"""How much of one message's archives is opened."""

from __future__ import annotations

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


@dataclass(slots=True)
class Budget:
    """What is left for one message. It is spent, so one belongs to one message alone."""

    limits: Limits = field(default_factory=Limits)
    files: int = 0
    content_bytes: int = 0

    def take_file(self) -> None:
        self.files += 1
        if self.files > self.limits.files:
            raise BudgetExceeded("files")

    def take_bytes(self, count: int, out: int, packed: int) -> None:
        """Counts ``count`` new bytes of a member that has given ``out`` from ``packed`` so far."""
        self.content_bytes += count
        if self.content_bytes > self.limits.content_bytes:
            raise BudgetExceeded("bytes")
        if out > self.limits.ratio_from_bytes and out > self.limits.ratio * max(packed, 1):
            raise MemberTooDense
