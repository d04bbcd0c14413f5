"""How each stage of outbound mail begins: every mail is brought to stand at its own step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.faults.office import REMIND_NOW, Office
from tests.faults.stages import (
    COURIER,
    EXAMINER,
    Bring,
    Case,
    Due,
    Ground,
    deliver_all,
)
from tests.faults.standstill import Remote, until

_AGES = "SELECT message_id, held_at FROM t_alpha.quarantine_hold"
_END_NOW = """
UPDATE t_alpha.quarantine_hold SET due_at = held_at - interval '1 day', ending = %s
WHERE message_id = %s
"""
# As a worker leaves it that died between claim and settling, when its lease is over.
_LOSE_CLAIM = """
UPDATE t_alpha.quarantine_delivery
SET state = 'in-flight', attempts = attempts + 1, claimed_at = now(), sweep_at = now()
WHERE message_id = %s
"""
_MAY_BE_SWEPT = """
SELECT bool_and(sweep_at <= now()) FROM t_alpha.quarantine_delivery WHERE message_id = %s
"""


def examine(ground: Ground, cases: Sequence[Case]) -> None:
    """Each mail comes in while nobody looks, and is then looked at in a task of its own."""
    office, service = ground.office, ground.service
    service.kill(EXAMINER)
    office.submit(case.mail for case in cases)
    office.await_announced([case.mail for case in cases])
    office.forget_tasks("examine", "sweep")
    ground.arm(cases)
    service.start(EXAMINER)
    for case in cases:
        office.task("examine", case.mail.id)
    ground.await_standing(cases)


def press(button: str) -> Bring:
    """The sender of each mail presses this button."""

    def bring(ground: Ground, cases: Sequence[Case]) -> None:
        ground.arm(cases)
        for case in cases:
            ground.office.press_meanwhile(case.mail, button)
        ground.await_standing(cases)

    return bring


def deliver(ground: Ground, cases: Sequence[Case]) -> None:
    """Each mail is let go while nobody delivers, and is then delivered in a task of its own."""
    office, service = ground.office, ground.service
    service.kill(COURIER)
    at_once = [case.mail for case in cases if not case.step.held]
    office.submit(at_once)
    for case in cases:
        if case.step.held:
            office.press(case.mail, "deliver")
        if case.step.asked:
            office.press(case.mail, "notify")
    office.wait_for(at_once, lambda mail: "received" not in office.states(mail), "examined")
    ground.arm(cases)
    office.forget_tasks("deliver")
    service.start(COURIER)
    # A courier gives up after some seconds at a server that says nothing: those begin last.
    for remote in (False, True):
        those = [case for case in cases if isinstance(case.step.at, Remote) is remote]
        for case in those:
            office.task("deliver", case.mail.id)
        ground.await_standing(those)


def sweep(ground: Ground, cases: Sequence[Case]) -> None:
    """A sweep for each mail. It goes from step to step and from older to newer mails, and would
    wait at the first that another stands at: so the last one begins.
    """
    office = ground.office
    deliver_all(office, [case.mail for case in cases if case.step.due is Due.PASSWORDS_UNTOLD])
    ground.service.kill(COURIER)
    ground.arm(cases)
    ages = {str(message_id): held_at for message_id, held_at in office.ask(_AGES)}
    order = list(Due)

    def place(case: Case) -> tuple[int, Any]:
        return order.index(case.step.due or Due.CLAIM_LOST), ages[case.mail.id]

    for case in sorted(cases, key=place, reverse=True):
        _make_due(office, case)
        office.forget_tasks("deliver")
        office.task("sweep")
        ground.await_standing([case])


def _make_due(office: Office, case: Case) -> None:
    mail, due = case.mail, case.step.due
    if due is Due.REMINDER:
        office.change(REMIND_NOW, mail.id)
    elif case.step.ending:
        office.change(_END_NOW, case.step.ending, mail.id)
    else:
        office.press(mail, "notify" if due is Due.PASSWORDS_UNTOLD else "deliver")
    if due is Due.CLAIM_LOST:
        office.change(_LOSE_CLAIM, mail.id)
    if due is Due.UNANNOUNCED:
        until(lambda: office.ask(_MAY_BE_SWEPT, mail.id) == [(True,)], "that the sweep may look")
