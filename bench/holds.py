"""Held outbound mail: how soon it leaves once it is let go, and what very much of it costs."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench import held_queue, release
from bench.console import signed_in
from bench.hold_work import WorkFailed, work
from bench.postfix import Postfix
from bench.relay import DELIVERERS, EXAMINERS
from bench.report import Figure
from bench.sink import Sink, sink
from bench.stack import Stack, free_ports

_MAIL_PROCESSES = ("submission", "examine", "deliver", "beat")


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: rounds of so many mails one by one and at once; then so many mails that
    wait, of which so many are due, and so many in Postfix's queue."""

    rounds: int = 3
    mails: int = 30
    at_once: int = 100
    held: int = 100_000
    due: int = 1_000
    peers: int = 10_000


QUICK = Size(rounds=1, mails=10, at_once=20, held=10_000, due=100, peers=1_000)


def measure(
    stack: Stack, peer: Postfix | None, inside: Sink, size: Size, say: Callable[[str], None]
) -> tuple[list[Figure], list[str]]:
    """The figures, and the steps of the sweep. ``inside`` is where senders and Postfix's mail are.

    What other parts left running is stopped first; no mail and no process is left behind.
    """
    stack.stop()
    stack.forget_mail()
    stack.start_web()
    try:
        figures = _releases(stack, peer, inside, size, say)
        stack.stop(*_MAIL_PROCESSES)
        stack.forget_mail()
        found, lines = _queue(stack, peer, size, say)
    finally:
        stack.stop()
        stack.forget_mail()
    return [*figures, *found], lines


def _releases(
    stack: Stack, peer: Postfix | None, inside: Sink, size: Size, say: Callable[[str], None]
) -> list[Figure]:
    with ExitStack() as resources:
        folder = Path(resources.enter_context(tempfile.TemporaryDirectory(prefix="mailsec-held-")))
        (port,) = free_ports(1)
        outside = resources.enter_context(sink(port))
        release.write_mail(folder, stack.open_outbound(port))
        release.add_rule(stack)
        submission = stack.start_submission()
        stack.start_workers(EXAMINERS, DELIVERERS)
        sides: list[release.Side] = [
            release.Ours(stack, signed_in(stack), submission, folder, outside, inside)
        ]
        if peer is not None:
            sides.append(release.Theirs(peer, folder, inside))
        return release.measure(sides, size.rounds, size.mails, size.at_once, say)


def _queue(
    stack: Stack, peer: Postfix | None, size: Size, say: Callable[[str], None]
) -> tuple[list[Figure], list[str]]:
    theirs = held_queue.peer_times(peer, size.peers, say)
    say(f"held mail: {size.held:,} in the tenant")
    filled = work(stack, "fill", size.held)
    if filled["waiting"] != size.held:
        raise WorkFailed(f"{filled['waiting']} mails wait instead of {size.held}")
    say("held mail: pages of the queue")
    console, last = signed_in(stack), filled["last"]
    figures = held_queue.pages(console, last, size.held, theirs, size.peers)
    say("held mail: sweeps")
    spent = work(stack, "sweep", size.due)
    return [*figures, *held_queue.sweeps(spent, size.held, size.due)], held_queue.shares(spent)
