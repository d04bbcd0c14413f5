"""The whole inbound examination on one core: mails a second, and where the time goes.

A realistic mix of mail is read, authenticated (no name server: every record is absent), classified,
opened (containers in the jail), scanned, judged, decided and changed, in one process. SpamAssassin
judges the same mails in one child, with its local rules alone and no virus scan.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bench import mix, spamd
from bench.report import Figure
from mailsec.gateway.archives.budget import Budget
from mailsec.gateway.archives.members import Label, Member
from mailsec.gateway.authentication import Authentication
from mailsec.gateway.checks.authenticator import SenderAuthenticator
from mailsec.gateway.checks.lookups import NoRecords
from mailsec.gateway.edits.trace import Trace
from mailsec.gateway.envelope import Client, Direction, Envelope
from mailsec.gateway.errors import EditRefused
from mailsec.gateway.examine import envelope_of
from mailsec.gateway.jail.opener import Jail
from mailsec.gateway.message import Message
from mailsec.gateway.pipeline import decide, examine, prepare
from mailsec.gateway.policy import Policy
from mailsec.gateway.ports import ScanResult, Services, SpamScore
from mailsec.gateway.signatures.engine import BuiltinScanner
from mailsec.gateway.spam.classifier import BaseClassifier
from mailsec.gateway.verdict import Disposition

MAILS = 600
PEER_MAILS = 60
_WHEN = datetime(2024, 4, 1, 10, 0, tzinfo=UTC)
_UNNAMED = Label()
_POLICY = Policy(own_domains=("example.com",))


class _Clock:
    """Wall time by step; the time of a step inside another one counts for the inner one alone."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._inner = 0.0

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        outer, self._inner = self._inner, 0.0
        start = time.perf_counter()
        yield
        spent = time.perf_counter() - start
        self.seconds[name] = self.seconds.get(name, 0.0) + spent - self._inner
        self._inner = outer + spent


class _Timed:
    """The services of an examination, each step's time taken."""

    name = "timed"

    def __init__(self, clock: _Clock, jail: Jail) -> None:
        self._clock = clock
        self._jail = jail
        self._scanner = BuiltinScanner()
        self._classifier = BaseClassifier()
        self._authenticator = SenderAuthenticator(
            NoRecords(), lambda: datetime.now(UTC), time.monotonic
        )

    def services(self) -> Services:
        return Services(self, classifier=self, authenticator=self, unpack=self.unpack)

    def scan(self, content: bytes) -> ScanResult:
        with self._clock.step("scan for viruses"):
            return self._scanner.scan(content)

    def score(self, message: Message, envelope: Envelope) -> SpamScore:
        with self._clock.step("classify"):
            return self._classifier.score(message, envelope)

    def check(self, message: Message, envelope: Envelope) -> Authentication:
        with self._clock.step("authenticate"):
            return self._authenticator.check(message, envelope)

    def unpack(self, content: bytes, budget: Budget, label: Label = _UNNAMED) -> Iterator[Member]:
        with self._clock.step("open containers"):
            return iter(list(self._jail(content, budget, label)))


def measure(folder: Path, say: Callable[[str], None]) -> tuple[list[Figure], list[str]]:
    """The figures, and each step's share. ``MixMissing`` where there is no real mail."""
    mails = [path.read_bytes() for path in mix.write(folder, MAILS)]
    say(f"examination of {len(mails)} mails")
    jail, clock = Jail(), _Clock()
    try:
        timed = _Timed(clock, jail)
        _all_of(mails[:20], _Timed(_Clock(), jail), _Clock())  # what is loaded once
        start = time.perf_counter()
        _all_of(mails, timed, clock)
        ours = len(mails) / (time.perf_counter() - start)
    finally:
        jail.close()
    figure = Figure("examine real mail, one process", round(ours, 1), "mails/s")
    figures = [figure, *_beside_spamd(mails, say)]
    total = sum(clock.seconds.values())
    shares = [
        f"  {name}: {1000 * spent / len(mails):.2f} ms, {100 * spent / total:.0f} %"
        for name, spent in sorted(clock.seconds.items(), key=lambda item: -item[1])
    ]
    return figures, ["Time a mail by step:", *shares]


def _all_of(mails: Sequence[bytes], timed: _Timed, clock: _Clock) -> None:
    for raw in mails:
        _one(raw, timed, clock)


def _one(raw: bytes, timed: _Timed, clock: _Clock) -> None:
    with clock.step("read"):
        message = Message(raw)
        envelope = _envelope(message)
        message.text, message.links, message.attachments, message.anchors  # noqa: B018
    with clock.step("filters"):
        verdict = examine(message, envelope, _POLICY, timed.services())
    with clock.step("decide"):
        decision = decide(verdict, envelope, _POLICY)
    if decision.disposition is not Disposition.DELIVER:
        return
    trace = Trace("gateway.example.org", "0" * 32, _WHEN, envelope)
    with clock.step("change"):
        try:
            prepare(message, decision, _POLICY, _WHEN, trace)
        except EditRefused:
            return


def _envelope(message: Message) -> Envelope:
    found = envelope_of(message)
    client = Client("192.0.2.1", "mail.example.net")
    return Envelope(Direction.INBOUND, client, found.sender, found.recipients)


def _beside_spamd(mails: Sequence[bytes], say: Callable[[str], None]) -> Iterator[Figure]:
    """The same for fewer mails, since SpamAssassin takes its time: both sides take turns."""
    chosen = mails[:: max(1, len(mails) // PEER_MAILS)]
    try:
        with spamd.spamd() as port:
            spamd.check(port, chosen[0])
            say(f"SpamAssassin with {len(chosen)} of them")
            jail = Jail()
            try:
                timed = _Timed(_Clock(), jail)
                ours = theirs = 0.0
                for raw in chosen:
                    start = time.perf_counter()
                    _one(raw, timed, _Clock())
                    middle = time.perf_counter()
                    spamd.check(port, raw)
                    ours += middle - start
                    theirs += time.perf_counter() - middle
            finally:
                jail.close()
    except spamd.SpamdMissing as missing:
        say(f"no SpamAssassin beside it: {missing}")
        return
    value, peer = len(chosen) / ours, len(chosen) / theirs
    name = "examine real mail, one process; spamd, one child"
    yield Figure(name, round(value, 1), "mails/s", round(peer, 1), round(value / peer, 2))
