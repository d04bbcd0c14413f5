"""What becomes of mail that a person let out of quarantine."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsec.gateway.decision import decide_original, decide_released
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


def test_an_administrator_lets_file_types_through_and_no_virus() -> None:
    """What was let through stays named, so that the trace tells of it."""
    decision = decide_released(Verdict((VIRUS, PROGRAM)), INBOUND, STRICT, files_allowed=True)
    assert dict(decision.remove) == {1: VIRUS}
    decision = decide_released(Verdict((PROGRAM,)), OUTBOUND, STRICT, files_allowed=True)
    assert decision.disposition is Disposition.DELIVER
    assert not decision.changes_message
    assert (decision.label, decision.restricted) == (Label.FORBIDDEN, True)
    assert decision.reasons == (PROGRAM,)


class TestOriginal:
    """The whole mail, after the one that lacked a part of it."""

    @pytest.mark.parametrize(
        ("findings", "files_allowed", "leaves"),
        [
            ((), False, True),
            (PARDONED[3:], False, True),
            ((PROGRAM,), False, False),
            ((PROGRAM,), True, True),
            ((VIRUS,), True, False),
            ((VIRUS, PROGRAM), True, False),
            ((replace(VIRUS, part=None),), True, False),
        ],
    )
    def test_it_leaves_whole_or_not_at_all(
        self, findings: tuple[Finding, ...], files_allowed: bool, leaves: bool
    ) -> None:
        """A virus keeps it here whoever asks; a forbidden file, unless it is let through."""
        decision = decide_original(Verdict(findings), INBOUND, STRICT, files_allowed=files_allowed)
        assert (decision.disposition is Disposition.DELIVER) is leaves
        assert not decision.changes_message
        assert decision.restricted
        if leaves:
            assert not decision.keep_original

    @pytest.mark.parametrize(
        ("score", "allowed", "tagged"),
        [(10.0, False, False), (60.0, False, True), (60.0, True, False), (99.0, False, False)],
    )
    def test_it_is_tagged_where_the_first_mail_was(
        self, score: float, allowed: bool, tagged: bool
    ) -> None:
        """What scored higher was held, and a person answered for it."""
        policy = Policy(tag_score=50, quarantine_score=90)
        findings = (Finding("listed", "allowed", Severity.NOTE),) if allowed else ()
        decision = decide_original(Verdict(findings, spam_score=score), INBOUND, policy)
        assert bool(decision.subject_prefix) is tagged
        assert decision.label is (Label.SPAM if tagged else Label.CLEAN)

    @given(st.lists(st.sampled_from([VIRUS, PROGRAM, *PARDONED])), st.booleans())
    def test_no_part_is_ever_taken_out(self, findings: list[Finding], files_allowed: bool) -> None:
        """And nothing malicious leaves."""
        decision = decide_original(
            Verdict(tuple(findings)), INBOUND, STRICT, files_allowed=files_allowed
        )
        assert not decision.remove
        if VIRUS in findings or (PROGRAM in findings and not files_allowed):
            assert decision.disposition is Disposition.QUARANTINE


@given(st.lists(st.sampled_from([VIRUS, PROGRAM, *PARDONED])))
def test_a_condemned_part_never_leaves(findings: list[Finding]) -> None:
    """Whatever else was found beside it."""
    decision = decide_released(Verdict(tuple(findings)), INBOUND, STRICT)
    condemned = {f.part for f in findings if f.severity in (Severity.MALICIOUS, Severity.FORBIDDEN)}
    assert set(decision.remove) == condemned
