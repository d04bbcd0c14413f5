"""Deliveries a second from end to end: from the first MAIL to the last mail at the next hop.

Ours takes, examines (viruses, file types), stores what it decided, and delivers, with the workers
at a stated concurrency; Postfix takes and relays, looking at nothing. Both use the same sink.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median

from bench import cpu
from bench.load import Shape, send
from bench.postfix import Postfix
from bench.report import Figure
from bench.sink import Sink
from bench.stack import Stack

ROUNDS = 3
CONCURRENCY = 1
SHAPES = (Shape(10_000, 10, 600), Shape(100_000, 10, 300))
_PATIENCE = 120.0


class MailMissing(Exception):
    """Mails that were taken did not reach the next hop in time."""


def measure(
    stack: Stack,
    peer: Postfix | None,
    sink: Sink,
    rounds: int,
    shapes: Sequence[Shape],
    say: Callable[[str], None],
) -> tuple[list[Figure], list[str]]:
    """The figures, and the processor time a mail of each of our processes."""
    port = stack.start_smtpd(1)
    stack.start_workers(CONCURRENCY)
    roots = stack.pids() | stack.server_pids()
    figures, costs = [], ["Processor time a mail, in milliseconds:"]
    for shape in shapes:
        say(f"end to end: {shape.name}")
        ours, theirs, used = [], [], dict.fromkeys(roots, 0.0)
        for _ in range(rounds):
            before = cpu.seconds(roots)
            ours.append(_run(port, shape, sink))
            after = cpu.seconds(roots)
            used = {name: used[name] + after[name] - before[name] for name in roots}
            if peer is not None:
                theirs.append(_run(peer.relay, shape, sink))
        figures.append(_figure(shape, ours, theirs))
        parts = [f"{name} {1000 * used[name] / rounds / shape.mails:.2f}" for name in roots]
        costs.append(f"  {shape.name}: {', '.join(parts)}")
    return figures, costs


def _run(port: int, shape: Shape, sink: Sink) -> float:
    """Mails a second, after the very last one has arrived."""
    wanted = sink.tally().mails + shape.mails
    sent = send(port, shape)
    found = sink.wait_for(wanted, _PATIENCE)
    if found.mails != wanted:
        raise MailMissing(f"{wanted - found.mails} of {shape.mails} mails did not arrive")
    return shape.mails / (found.last - sent.began)


def _figure(shape: Shape, ours: Sequence[float], theirs: Sequence[float]) -> Figure:
    name = f"deliver {shape.name}, workers {CONCURRENCY}+{CONCURRENCY}"
    value = round(median(ours), 1)
    if not theirs:
        return Figure(name, value, "mails/s")
    ratio = median(one / other for one, other in zip(ours, theirs, strict=True))
    return Figure(name, value, "mails/s", round(median(theirs), 1), round(ratio, 2))
