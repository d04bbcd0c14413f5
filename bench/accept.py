"""Durable accepts a second: ``250`` after the commit, while nothing works on the mail yet.

Ours is ``manage.py smtpd`` with PostgreSQL, once in one process and once in two; the peer is
Postfix from smtpd to a synced queue file, with delivery held. They take turns within each round.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from bench import cpu
from bench.load import Shape, send
from bench.postfix import Postfix
from bench.report import Figure
from bench.stack import Stack

ROUNDS = 3
PROCESSES = (1, 2)
PEER = "Postfix"
SHAPES = (
    Shape(10_000, 1, 400),
    Shape(10_000, 10, 1500),
    Shape(10_000, 50, 1500),
    Shape(100_000, 1, 200),
    Shape(100_000, 10, 600),
    Shape(100_000, 50, 600),
)


@dataclass(slots=True)
class Run:
    """What each side reached in each round of one shape, and what it cost."""

    shape: Shape
    rates: dict[str, list[float]] = field(default_factory=dict)
    costs: dict[str, dict[str, float]] = field(default_factory=dict)

    def figures(self) -> list[Figure]:
        """One figure for each side of ours."""
        peers = self.rates.get(PEER, [])
        return [
            _figure(f"accept {self.shape.name}, {side}; {PEER}", rates, peers)
            for side, rates in self.rates.items()
            if side != PEER
        ]


def measure(
    stack: Stack,
    peer: Postfix | None,
    rounds: int,
    shapes: Sequence[Shape],
    say: Callable[[str], None],
) -> list[Run]:
    """Send every shape to every side in turn, ``rounds`` times."""
    ports = {_side(count): stack.start_smtpd(count) for count in PROCESSES}
    roots = stack.pids() | stack.server_pids()
    if peer is not None:
        ports[PEER] = peer.accept
        roots[PEER] = peer.pid
    runs = []
    for shape in shapes:
        say(f"accept: {shape.name}")
        runs.append(_measure(shape, ports, roots, rounds))
        stack.forget_mail()
        if peer is not None:
            peer.forget_mail()
    stack.stop(*(f"smtpd-{count}" for count in PROCESSES))
    return runs


def _measure(shape: Shape, ports: Mapping[str, int], roots: Mapping[str, int], rounds: int) -> Run:
    run = Run(shape)
    for number in range(rounds):
        # Whoever begins meets the machine as the shape before left it; each side begins once.
        sides = list(ports)
        for side in sides[number % len(sides) :] + sides[: number % len(sides)]:
            before = cpu.seconds(roots)
            run.rates.setdefault(side, []).append(send(ports[side], shape).per_second)
            _add(run.costs.setdefault(side, {}), before, cpu.seconds(roots), rounds * shape.mails)
    return run


def _add(
    costs: dict[str, float], before: Mapping[str, float], after: Mapping[str, float], mails: int
) -> None:
    for name, value in after.items():
        costs[name] = costs.get(name, 0.0) + (value - before[name]) * 1000 / mails


def limits(runs: Sequence[Run]) -> list[str]:
    """Processor time a mail by process, which says what the next mail waits for."""
    lines = ["Processor time a mail, in milliseconds:"]
    for run in runs:
        for side, costs in run.costs.items():
            parts = [f"{name} {cost:.2f}" for name, cost in costs.items() if cost >= 0.02]
            lines.append(f"  {run.shape.name}, {side}: {', '.join(parts)}")
    return lines


def _figure(name: str, rates: Sequence[float], peers: Sequence[float]) -> Figure:
    value = round(median(rates), 1)
    if not peers:
        return Figure(name, value, "mails/s")
    ratio = median(ours / theirs for ours, theirs in zip(rates, peers, strict=True))
    return Figure(name, value, "mails/s", round(median(peers), 1), round(ratio, 2))


def _side(processes: int) -> str:
    return f"smtpd-{processes}"
