"""The stages of outbound mail: each brings one mail to every of its steps, and kills the process.

All mails of a stage stand at the same time, each in a process or thread of its own, so that one
kill ends all. The clock (beat) rests meanwhile: no sweep runs but those that are asked for.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from tests.faults.office import DELIVERED, DISCARDED, HELD, REMINDED, Mail, Office
from tests.faults.standstill import (
    Remote,
    RemoteStills,
    Standstills,
    Still,
    Write,
    all_let_go,
)
from tests.journeys.mails import marker
from tests.service import Service

EXAMINER, COURIER = "worker-examine", "worker-deliver"


class Due(Enum):
    """What a sweep finds to do; in the order of the sweep."""

    CLAIM_LOST = "a dead worker's claim is over"
    UNANNOUNCED = "a queued copy of which the broker knows nothing"
    TIME_OVER = "the hold's time is over"
    REMINDER = "the hold's time is nearly over"
    ENDING_UNTOLD = "the time is over, and the sender is told"
    PROCESSED_UNTOLD = "the mail leaves, and the sender is told"
    PASSWORDS_UNTOLD = "the password was asked for"


@dataclass(frozen=True, slots=True)
class Step:
    """A point to be killed at. ``copies`` is how often each customer gets the mail.

    ``due`` is what the sweep is at, ``ending`` what the time's end does, empty where the sender
    decides. ``asked``: the password may be told as soon as the mail is delivered.
    """

    name: str
    at: Write | Remote
    copies: int = 1
    held: bool = True
    to_colleague: bool = False
    asked: bool = False
    due: Due | None = None
    ending: str = ""

    @property
    def reminded(self) -> bool:
        return self.due is Due.REMINDER


@dataclass(slots=True)
class Case:
    """A mail for one step; ``stood`` once a process was seen to stand there and was killed."""

    step: Step
    mail: Mail
    still: Still | None = None
    stood: bool = False
    trace: dict[str, Any] = field(default_factory=dict)


class Ground:
    """The service, its office, and where its processes can be made to stand."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.office = Office(service)
        self.standstills = Standstills(self.office.database, "t_alpha")
        self.remote = RemoteStills(service.mail_servers["outside"])

    def close(self) -> None:
        self.office.close()

    def arm(self, cases: Sequence[Case]) -> None:
        for case in cases:
            one, two = case.mail.customers
            names = {"id": case.mail.id, "hex": case.mail.id.replace("-", ""), "one": one}
            names |= {"two": two, "schema": "t_alpha"}
            if isinstance(case.step.at, Remote):
                case.still = self.remote.arm(case.step.at, one)
            else:
                case.still = self.standstills.arm(case.step.at, names)

    def await_standing(self, cases: Sequence[Case], seconds: float = 40) -> None:
        """Wait until each stands; which does not is a failure of its own case."""
        self.service.wait_for(lambda: all(map(_stands, cases)), seconds)


def _stands(case: Case) -> bool:
    return case.still is not None and case.still.stands()


Bring = Callable[[Ground, Sequence[Case]], None]


@dataclass(frozen=True, slots=True)
class Stage:
    """Steps of one process; ``bring`` has each mail stand, ``button`` is pressed once more later.

    ``begins`` says how far the mails have come before: new, held or delivered.
    """

    process: str
    begins: str
    bring: Bring
    steps: tuple[Step, ...]
    button: str = ""


def play(ground: Ground, stage: Stage) -> dict[str, Case]:
    """Kill the stage's process at each of its steps, and let each mail come to its end."""
    office, service = ground.office, ground.service
    cases = [Case(step, Mail(marker("step"), step.held, step.to_colleague)) for step in stage.steps]
    held = [case.mail for case in cases if case.step.held]
    if stage.begins != "new":
        office.hand_in(held)
    if stage.begins == "delivered":
        deliver_all(office, held)
    with _clock_stopped(service), _ended(cases):
        stage.bring(ground, cases)
        for case in cases:
            case.stood = _stands(case)
        service.kill(stage.process)
    ground.standstills.clear()
    service.start(*{stage.process, EXAMINER, COURIER, "web"} - service.running())
    if stage.button:
        for mail in held:
            office.press(mail, stage.button)
    _finish(office, cases)
    office.sweep_passes()
    rows = {row["message_id"]: row for row in service.trace("alpha", limit=2000)}
    for case in cases:
        case.trace = rows[f"<{case.mail.mark}@alpha.example.jp>"]
    return {case.step.name: case for case in cases}


class Plays:
    """Each stage, played when it is first asked for."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self._cases: dict[int, dict[str, Case]] = {}
        self._failed: dict[int, AssertionError] = {}

    def case(self, stage: Stage, step: Step) -> Case:
        """What came of this step; the failure of the whole stage again for each."""
        place = id(stage)
        if place in self._failed:
            raise self._failed[place]
        if place not in self._cases:
            try:
                self._cases[place] = play(self.ground, stage)
            except AssertionError as error:
                self._failed[place] = error
                raise
        return self._cases[place][step.name]


@contextmanager
def _clock_stopped(service: Service) -> Iterator[None]:
    beat = service.pid("beat")
    os.kill(beat, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(beat, signal.SIGCONT)


@contextmanager
def _ended(cases: Sequence[Case]) -> Iterator[None]:
    stills: list[Still] = []
    with all_let_go(stills):
        try:
            yield
        finally:
            stills += [case.still for case in cases if case.still is not None]


def deliver_all(office: Office, mails: Sequence[Mail]) -> None:
    """Let these go, and wait until everybody has them."""
    for mail in mails:
        office.press(mail, "deliver")
    office.wait_for(mails, office.served, "delivered")
    office.wait_for(mails, lambda mail: office.states(mail) == {"closed"}, "closed")


def _finish(office: Office, cases: Sequence[Case]) -> None:
    """What people do until the end. What does not come in time is missed in the case's own test."""
    held = [case.mail for case in cases if case.step.held]
    office.missed(held, lambda mail: office.told(mail, HELD))
    reminded = [case.mail for case in cases if case.step.reminded]
    office.missed(reminded, lambda mail: office.told(mail, REMINDED))
    for case in cases:
        if case.step.held and not case.step.ending and office.told(case.mail, HELD):
            office.press(case.mail, "deliver")
    leaving = [case.mail for case in cases if case.step.ending != "discard"]
    office.missed(leaving, office.served)
    for mail in leaving:
        if office.served(mail) and (office.told(mail, HELD) or not mail.held):
            office.press(mail, "notify")
    office.missed(leaving, office.told_passwords)
    for ending, kind in (("deliver", DELIVERED), ("discard", DISCARDED)):
        ended = [case.mail for case in cases if case.step.ending == ending]
        office.missed(ended, lambda mail, kind=kind: office.told(mail, kind))
    office.missed([case.mail for case in cases], lambda mail: office.states(mail) == {"closed"})
