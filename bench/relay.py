"""Deliveries a second from end to end: from the first MAIL to the last mail at the next hop.

Ours takes, examines, stores what it decided, and delivers, with the workers at a stated
concurrency. Postfix takes and relays, looking at nothing; with Rspamd as its milter it looks too,
but for viruses and archives. All use the same sink, and take turns within each round.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from bench import cpu
from bench.load import Shape, send
from bench.postfix import Postfix
from bench.report import Figure
from bench.sink import Sink
from bench.stack import Stack

ROUNDS = 3
# As many examiners as Rspamd has workers here, and one process that delivers.
EXAMINERS = 2
DELIVERERS = 1
OURS = "ours"
SHAPES = (Shape(10_000, 10, 600), Shape(100_000, 10, 300))
REAL_MAILS = 400
_PATIENCE = 180.0
# Whatever is found, the mail goes on, so that the same number arrives on every side.
LETTING_ALL_THROUGH = {
    "above_quarantine_score": "tag",
    "dmarc_reject": "tag",
    "dmarc_quarantine": "tag",
    "unexamined": "deliver",
    "unreadable": "deliver",
}


class MailMissing(Exception):
    """Mails that were taken did not reach the next hop in time."""


@dataclass(slots=True)
class _Run:
    """The rates of each side for one shape, and the processor time of our processes."""

    shape: Shape
    rates: dict[str, list[float]] = field(default_factory=dict)
    used: dict[str, float] = field(default_factory=dict)

    def figures(self) -> list[Figure]:
        """Ours beside each peer, or alone."""
        name = f"deliver {self.shape.name}, workers {EXAMINERS}+{DELIVERERS}"
        ours = self.rates[OURS]
        value = round(median(ours), 1)
        peers = [side for side in self.rates if side != OURS]
        if not peers:
            return [Figure(name, value, "mails/s")]
        return [_beside(f"{name}; {peer}", ours, self.rates[peer]) for peer in peers]

    def costs(self, rounds: int) -> str:
        """Processor time a mail by process."""
        each = 1000 / rounds / self.shape.mails
        parts = [f"{name} {seconds * each:.2f}" for name, seconds in self.used.items()]
        return f"  {self.shape.name}: {', '.join(parts)}"


def measure(
    stack: Stack,
    peer: Postfix | None,
    sink: Sink,
    rounds: int,
    shapes: Sequence[Shape],
    say: Callable[[str], None],
) -> tuple[list[Figure], list[str]]:
    """The figures, and the processor time a mail of each of our processes."""
    changes = [f"{name}={value}" for name, value in LETTING_ALL_THROUGH.items()]
    stack.set_policy(*changes)
    sides = {OURS: stack.start_smtpd(1)} | _peers(peer)
    stack.start_workers(EXAMINERS, DELIVERERS)
    roots = stack.pids() | stack.server_pids()
    figures, costs = [], ["Processor time a mail, in milliseconds:"]
    for shape in shapes:
        say(f"end to end: {shape.name}")
        run = _Run(shape)
        for number in range(rounds):
            _round(run, _turned(sides, number), roots, sink)
        figures += run.figures()
        costs.append(run.costs(rounds))
    return figures, costs


def _peers(peer: Postfix | None) -> dict[str, int]:
    if peer is None:
        return {}
    found = {"Postfix": peer.relay}
    return found | ({"Postfix + Rspamd": peer.filtered} if peer.filtered else {})


def _turned(sides: Mapping[str, int], by: int) -> list[tuple[str, int]]:
    """Another side begins each round: a warm disk or a tired machine favours none."""
    order = list(sides.items())
    by %= len(order)
    return order[by:] + order[:by]


def _round(
    run: _Run, order: Sequence[tuple[str, int]], roots: Mapping[str, int], sink: Sink
) -> None:
    for side, port in order:
        before = cpu.seconds(roots)
        run.rates.setdefault(side, []).append(_send(port, run.shape, sink))
        if side == OURS:
            after = cpu.seconds(roots)
            for name in roots:
                run.used[name] = run.used.get(name, 0.0) + after[name] - before[name]


def _send(port: int, shape: Shape, sink: Sink) -> float:
    """Mails a second, after the very last one has arrived."""
    wanted = sink.tally().mails + shape.mails
    sent = send(port, shape)
    found = sink.wait_for(wanted, _PATIENCE)
    if found.mails != wanted:
        raise MailMissing(f"{wanted - found.mails} of {shape.mails} mails did not arrive")
    return shape.mails / (found.last - sent.began)


def _beside(name: str, ours: Sequence[float], theirs: Sequence[float]) -> Figure:
    ratio = median(one / other for one, other in zip(ours, theirs, strict=True))
    value, other = round(median(ours), 1), round(median(theirs), 1)
    return Figure(name, value, "mails/s", other, round(ratio, 2))
