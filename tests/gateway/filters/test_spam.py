"""The spam score's reasons as findings."""

from __future__ import annotations

from types import MappingProxyType

from mailsec.gateway.case import Case
from mailsec.gateway.envelope import Client, Direction, Envelope
from mailsec.gateway.filters import spam
from mailsec.gateway.message import Message
from mailsec.gateway.policy import Policy
from mailsec.gateway.ports import Services, SpamReason, SpamScore
from mailsec.gateway.signatures.engine import BuiltinScanner
from mailsec.gateway.verdict import Severity

ENVELOPE = Envelope(Direction.INBOUND, Client("192.0.2.1"), "a@example.net", ("b@example.com",))


def look(score: SpamScore | None) -> list[tuple[str, Severity, dict[str, str]]]:
    case = Case(Message(b""), ENVELOPE, Policy(), Services(BuiltinScanner()), spam=score)
    return [(each.code, each.severity, dict(each.detail)) for each in spam.look(case)]


def test_a_low_score_explains_nothing() -> None:
    """Most mail has no finding to store."""
    assert look(None) == []
    assert look(SpamScore(29.9)) == []


def test_a_score_near_the_threshold_is_a_note_and_over_it_unwanted() -> None:
    """With its value, for the reader."""
    assert look(SpamScore(45.04)) == [("spam", Severity.NOTE, {"score": "45.0"})]
    assert look(SpamScore(75)) == [("spam", Severity.UNWANTED, {"score": "75.0"})]


def test_what_speaks_for_spam_stands_beside_it_cleaned() -> None:
    """Not what speaks against; control characters never leave."""
    reasons = (
        SpamReason("links", 2.0, MappingProxyType({"words": "a\r\nb"})),
        SpamReason("sender", -1.0),
    )
    codes = look(SpamScore(80, reasons))[1:]
    assert [(code, severity) for code, severity, _ in codes] == [("spam-links", Severity.NOTE)]
    assert "\n" not in codes[0][2]["words"]
