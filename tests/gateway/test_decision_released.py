"""What becomes of mail that a person let out of quarantine."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsec.gateway.decision import decide_released
from mailsec.gateway.envelope import Client, Direction, Envelope
from mailsec.gateway.policy import Policy, Unexamined
from mailsec.gateway.verdict import Disposition, Finding, Label, Severity, Verdict

STRICT = Policy(unexamined=Unexamined.QUARANTINE, unreadable=Unexamined.QUARANTINE, tag_score=1)
INBOUND = Envelope(Direction.INBOUND, Client("192.0.2.1"), "a@example.net", ("b@example.com",))
OUTBOUND = replace(INBOUND, direction=Direction.OUTBOUND)
VIRUS = Finding("virus", "virus", Severity.MALICIOUS, 1)
PROGRAM = Finding("file-type", "file-type", Severity.FORBIDDEN, 2)
PARDONED = (
    Finding("listed", "blocked", Severity.UNWANTED),
    Finding("spam", "spam", Severity.UNWANTED),
    Finding("authentication", "dmarc", Severity.UNWANTED),
    Finding("lookalike-domain", "lookalike-domain", Severity.SUSPICIOUS),
    Finding("readable", "too-deep", Severity.UNEXAMINED),
    Finding("contents", "encrypted", Severity.UNEXAMINED, 1),
)


@pytest.mark.parametrize("finding", PARDONED)
@pytest.mark.parametrize("envelope", [INBOUND, OUTBOUND])
def test_what_a_person_answers_for_leaves_as_it_came(finding: Finding, envelope: Envelope) -> None:
    """No tag, no warning, no second quarantine."""
    decision = decide_released(Verdict((finding,), spam_score=100.0), envelope, STRICT)
    assert decision.disposition is Disposition.DELIVER
    assert not decision.changes_message
    assert decision.keep_original


def test_viruses_and_forbidden_files_are_removed_all_the_same() -> None:
    """Nobody can answer for those."""
    decision = decide_released(Verdict((VIRUS, PROGRAM, *PARDONED)), INBOUND, STRICT)
    assert decision.disposition is Disposition.DELIVER
    assert dict(decision.remove) == {1: VIRUS, 2: PROGRAM}
    assert not decision.banner
    assert (decision.label, decision.restricted) == (Label.MALICIOUS, True)


@pytest.mark.parametrize(
    ("verdict", "envelope"),
    [
        (Verdict((replace(VIRUS, part=None),)), INBOUND),
        (Verdict((VIRUS, Finding("structure", "protected", Severity.NOTE, 1))), INBOUND),
        (Verdict((VIRUS,)), OUTBOUND),
    ],
)
def test_what_cannot_be_taken_out_stays_in_quarantine(verdict: Verdict, envelope: Envelope) -> None:
    """The whole message, a signed part, a company's own letter."""
    decision = decide_released(verdict, envelope, STRICT)
    assert decision.disposition is Disposition.QUARANTINE
    assert decision.restricted


@given(st.lists(st.sampled_from([VIRUS, PROGRAM, *PARDONED])))
def test_a_condemned_part_never_leaves(findings: list[Finding]) -> None:
    """Whatever else was found beside it."""
    decision = decide_released(Verdict(tuple(findings)), INBOUND, STRICT)
    condemned = {f.part for f in findings if f.severity in (Severity.MALICIOUS, Severity.FORBIDDEN)}
    assert set(decision.remove) == condemned
