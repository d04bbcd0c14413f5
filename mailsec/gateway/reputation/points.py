"""Points against an SMTP client, and what their sum means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType


class Measure(StrEnum):
    """What is done with a client's mail, mildest first."""

    TAKE = "take"
    GREYLIST = "greylist"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Point:
    """One thing that speaks against a client: ``code`` is a stable name that the console turns
    into words, ``weight`` above 0, ``detail`` plain strings for the words."""

    code: str
    weight: int
    detail: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The sums from which on mail is greylisted and refused; 0 switches the measure off."""

    greylist: int = 4
    refuse: int = 10

    def measure(self, points: tuple[Point, ...]) -> Measure:
        """What the sum of these points asks for."""
        score = score_of(points)
        if self.refuse and score >= self.refuse:
            return Measure.REFUSE
        if self.greylist and score >= self.greylist:
            return Measure.GREYLIST
        return Measure.TAKE


def score_of(points: tuple[Point, ...]) -> int:
    """The sum of the points."""
    return sum(point.weight for point in points)
