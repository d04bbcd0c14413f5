"""From the decision to send a held mail to its arrival at the next hop.

Ours is held by a rule and released by its sender, with a form of the page behind the notice's link;
many at once by an administrator, with one form of the hold queue. Postfix's peer of both is its
hold queue and ``postsuper -H``. The sides take turns, and whoever releases waits for the arrival.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Protocol

from bench.console import Console
from bench.hold_work import work
from bench.load import Shape, send
from bench.postfix import Postfix
from bench.relay import MailMissing
from bench.report import Figure
from bench.sink import Sink
from bench.smtp_load import Load, make_message
from bench.stack import DOMAIN, PROOF, TENANT, Stack

SENDER, CUSTOMER = f"sender@{DOMAIN}", "customer@example.com"
RULE = ("mail with reports", "--keyword", "Maintenance")
OURS, PEER = "ours", "Postfix"
_BYTES = 10_000
_CONNECTIONS = 4
_PATIENCE = 120.0


class Side(Protocol):
    """A server that holds mail."""

    name: str

    def hold(self, count: int) -> None:
        """Take so many mails and hold them; none is held before."""

    def release_one(self) -> float:
        """Send one of them: the seconds until it has arrived."""

    def release_all(self) -> float:
        """Send what is left of them: the seconds until the last has arrived."""


@dataclass(slots=True)
class Ours:
    """The service: held mail leaves to ``outside``, its senders' notices arrive at ``inside``."""

    stack: Stack
    console: Console
    port: int
    folder: Path
    outside: Sink
    inside: Sink
    name: str = OURS
    _held: list[tuple[str, str]] = field(default_factory=list)

    def hold(self, count: int) -> None:
        told = self.inside.tally().mails + count
        send(self.port, _shape(count, self.folder), SENDER, CUSTOMER)
        # A sender is told when the mail is held, and can do nothing before.
        _await(self.inside, told)
        self._held = work(self.stack, "links")

    def release_one(self) -> float:
        _, token = self._held.pop()
        page = f"/mail/{token}"
        self.console.page(page)
        decision = [("action", "deliver"), ("scope", "all")]
        return _until(self.outside, 1, lambda: self.console.send(page, decision))

    def release_all(self) -> float:
        chosen = [("id", message_id) for message_id, _ in self._held]
        self._held, told = [], self.inside.tally().mails + len(chosen)
        self.console.page("/held/")
        decision = [("action", "deliver"), *chosen]
        spent = _until(self.outside, len(chosen), lambda: self.console.send("/held/act/", decision))
        # Senders are told what others decided; none of that may arrive in the peer's turn.
        work(self.stack, "tell")
        _await(self.inside, told)
        return spent


@dataclass(slots=True)
class Theirs:
    """Postfix: the hold queue of the port that holds everything."""

    peer: Postfix
    folder: Path
    outside: Sink
    name: str = PEER
    _held: list[str] = field(default_factory=list)

    def hold(self, count: int) -> None:
        send(self.peer.accept, _shape(count, self.folder), SENDER, CUSTOMER)
        self._held = self.peer.held()

    def release_one(self) -> float:
        queue_id = self._held.pop()
        return _until(self.outside, 1, lambda: self.peer.release(queue_id))

    def release_all(self) -> float:
        count, self._held = len(self._held), []
        return _until(self.outside, count, lambda: self.peer.release("ALL"))


def write_mail(folder: Path, secret: str) -> None:
    """The one mail that is sent again and again, with what proves the tenant's mail server."""
    made = make_message(Load("", 0, size=_BYTES, sender=SENDER, recipient=CUSTOMER))
    mail = made.removesuffix(b".\r\n")
    (folder / "mail.eml").write_bytes(f"{PROOF}: {secret}\r\n".encode() + mail)


def add_rule(stack: Stack) -> None:
    """Have such mail held."""
    stack.manage("tenant", "hold-rule", "add", TENANT, *RULE)


def measure(
    sides: Sequence[Side], rounds: int, mails: int, at_once: int, say: Callable[[str], None]
) -> list[Figure]:
    """Milliseconds for mails one by one, and seconds for many at once, beside the peer's."""
    single: dict[str, list[list[float]]] = {side.name: [] for side in sides}
    many: dict[str, list[float]] = {side.name: [] for side in sides}
    for number in range(rounds):
        say(f"held mail: round {number + 1} of {rounds}")
        turn = number % len(sides)
        for side in (*sides[turn:], *sides[:turn]):
            side.hold(mails)
            single[side.name].append([side.release_one() for _ in range(mails)])
            side.hold(at_once)
            many[side.name].append(side.release_all())
    halves = {name: [median(each) for each in found] for name, found in single.items()}
    tails = {name: [high(each) for each in found] for name, found in single.items()}
    name = "hold, release to arrival"
    return [
        _figure(f"{name}, one mail, median", halves, 1000, "ms"),
        _figure(f"{name}, one mail, p95", tails, 1000, "ms"),
        _figure(f"{name}, {at_once} mails at once", many, 1, "s"),
    ]


def high(times: Sequence[float]) -> float:
    """The 95th percentile: the least time that 95 of 100 do not exceed."""
    return sorted(times)[-(-len(times) * 95 // 100) - 1]


def _figure(name: str, times: dict[str, list[float]], scale: float, unit: str) -> Figure:
    """The medians of the rounds; the ratio says how many times as fast as the peer we are."""
    value = round(median(times[OURS]) * scale, 3)
    if PEER not in times:
        return Figure(name, value, unit)
    ratio = median(other / one for one, other in zip(times[OURS], times[PEER], strict=True))
    return Figure(f"{name}; {PEER}", value, unit, _of(times[PEER], scale), round(ratio, 2))


def _of(times: Sequence[float], scale: float) -> float:
    return round(median(times) * scale, 3)


def _shape(count: int, folder: Path) -> Shape:
    return Shape(_BYTES, min(_CONNECTIONS, count), count, str(folder))


def _until(sink: Sink, count: int, decide: Callable[[], None]) -> float:
    """The seconds from the decision to the arrival of the last of so many mails."""
    wanted = sink.tally().mails + count
    began = time.monotonic()
    decide()
    return _await(sink, wanted) - began


def _await(sink: Sink, wanted: int) -> float:
    """When the last of so many mails in all arrived; MailMissing where they do not."""
    found = sink.wait_for(wanted, _PATIENCE)
    if found.mails != wanted:
        raise MailMissing(f"{wanted - found.mails} held mails did not arrive")
    return found.last
