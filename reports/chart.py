"""Mail by day as bars: numbers to draw an SVG from, without a script and without inline styles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from reports.selectors import Day

WIDTH, HEIGHT = 720, 160
_LEFT, _RIGHT, _BOTTOM, _TOP = 44, 14, 22, 8


@dataclass(frozen=True, slots=True)
class Bar:
    """One day: two bars side by side, and a label under every fifth day."""

    day: date
    inbound: int
    outbound: int
    x: float
    width: float
    inbound_y: float
    inbound_height: float
    outbound_y: float
    outbound_height: float
    labelled: bool

    @property
    def second_x(self) -> float:
        return round(self.x + self.width, 1)


@dataclass(frozen=True, slots=True)
class Chart:
    """The drawing's size, its bars, and its lines as (y, value)."""

    width: int
    height: int
    left: int
    bars: tuple[Bar, ...]
    lines: tuple[tuple[float, int], ...]
    empty: bool

    @property
    def base(self) -> int:
        return self.height - _BOTTOM

    @property
    def label_y(self) -> int:
        return self.height - 6


def chart(days: Sequence[Day]) -> Chart:
    """The bars of these days, oldest first."""
    most = max((max(day.inbound, day.outbound) for day in days), default=0)
    ceiling = _round_up(most)
    room = HEIGHT - _BOTTOM - _TOP
    step = (WIDTH - _LEFT - _RIGHT) / max(1, len(days))
    width = round(step * 0.36, 1)

    def tall(count: int) -> float:
        return round(room * count / ceiling, 1)

    bars = tuple(
        Bar(
            day=day.day,
            inbound=day.inbound,
            outbound=day.outbound,
            x=round(_LEFT + index * step + step * 0.12, 1),
            width=width,
            inbound_y=round(HEIGHT - _BOTTOM - tall(day.inbound), 1),
            inbound_height=tall(day.inbound),
            outbound_y=round(HEIGHT - _BOTTOM - tall(day.outbound), 1),
            outbound_height=tall(day.outbound),
            labelled=(len(days) - 1 - index) % 5 == 0,
        )
        for index, day in enumerate(days)
    )
    lines = tuple(
        (round(HEIGHT - _BOTTOM - room * part / 2, 1), ceiling * part // 2) for part in range(3)
    )
    return Chart(WIDTH, HEIGHT, _LEFT, bars, lines, empty=most == 0)


def _round_up(most: int) -> int:
    """The next even number that reads well: 2, 4, 6, 8, 10, 20, 40 …"""
    size = 1
    while True:
        for factor in (2, 4, 6, 8, 10):
            if factor * size >= most:
                return factor * size
        size *= 10
