"""Judging a sample by what arrived and what the records say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from demo.inbox import Received
from demo.outcome import Sent, judge
from demo.samples import load

WHEN = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
CLEAN = next(sample for sample in load() if sample.name == "01-clean-english")
WIRE = CLEAN.build("run", WHEN)
SENT = Sent(CLEAN, CLEAN.message_id("run"), WIRE, "250 2.0.0 OK")
TRACE = b"Received: from a by b;\r\n Mon, 5 Jan 2026 09:00:00 +0000\r\n"


def received(raw: bytes) -> Received:
    return Received("1", "customer", WHEN, "buyer@example.net", CLEAN.recipients, raw)


def recorded(_: str, __: str) -> list[Mapping[str, Any]]:
    delivery = {"recipient": CLEAN.recipients[0], "state": "delivered", "reply": "250 OK"}
    return [{"queue_id": "1", "state": "done", "findings": [], "deliveries": [delivery]}]


def test_a_mail_below_its_trace_headers_is_unchanged() -> None:
    """Header fields on top are allowed; all bytes below are as sent."""
    assert judge(SENT, [received(TRACE + WIRE)], recorded).problems == ()


def test_one_changed_byte_is_a_problem() -> None:
    """A single changed byte breaks signatures, so it is told."""
    outcome = judge(SENT, [received(TRACE + WIRE.replace(b"4711 confirmed", b"4712 confirmed"))],
                    recorded)  # fmt: skip
    assert outcome.problems == ("bytes changed on the way to sales@acme.example.jp",)


def test_a_missing_and_a_second_copy_are_problems() -> None:
    """Lost and doubled mail both show."""
    assert judge(SENT, [], recorded).problems
    assert judge(SENT, [received(WIRE), received(WIRE)], recorded).problems


def test_a_copy_for_anyone_else_is_a_problem() -> None:
    """What reaches the wrong tenant's address must fail the run."""
    stray = replace(received(WIRE), recipients=("orders@globex.example.com",))
    outcome = judge(SENT, [received(WIRE), stray], recorded)
    assert outcome.problems == ("a copy for orders@globex.example.com that nobody asked for",)


def test_the_records_must_agree() -> None:
    """A mail that arrived but is not recorded as delivered is a problem."""
    assert judge(SENT, [received(WIRE)], lambda _, __: []).problems == (
        "0 records in acme instead of 1",
    )
