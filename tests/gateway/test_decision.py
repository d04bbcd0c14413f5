"""What becomes of inbound mail: lists, authentication, score, warnings, and their precedence."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsec.gateway.authentication import Authentication, Dmarc, Result, Spf
from mailsec.gateway.decision import decide
from mailsec.gateway.envelope import Client, Direction, Envelope
from mailsec.gateway.policy import Handling, Language, Policy
from mailsec.gateway.verdict import Decision, Disposition, Finding, Label, Severity, Verdict

POLICY = Policy()
INBOUND = Envelope(Direction.INBOUND, Client("192.0.2.1"), "a@example.net", ("b@example.com",))
OUTBOUND = replace(INBOUND, direction=Direction.OUTBOUND)
ALLOWED = Finding("listed", "allowed", Severity.NOTE)
BLOCKED = Finding("listed", "blocked", Severity.UNWANTED)
SUSPICIOUS = Finding("lookalike-domain", "lookalike-domain", Severity.SUSPICIOUS)
VIRUS = Finding("virus", "virus", Severity.MALICIOUS, 1)
FORGED = Finding("authorship", "several-authors", Severity.UNWANTED)


def decided(*findings: Finding, score: float | None = None, policy: Policy = POLICY) -> Decision:
    return decide(Verdict(findings, spam_score=score), INBOUND, policy)


def judged(authentication: Authentication, policy: Policy = POLICY) -> Decision:
    return decide(Verdict(authentication=authentication), INBOUND, policy)


@pytest.mark.parametrize(
    ("score", "disposition", "tag", "label"),
    [
        (None, Disposition.DELIVER, "", Label.CLEAN),
        (59.9, Disposition.DELIVER, "", Label.CLEAN),
        (60.0, Disposition.DELIVER, "[SPAM] ", Label.SPAM),
        (89.9, Disposition.DELIVER, "[SPAM] ", Label.SPAM),
        (90.0, Disposition.QUARANTINE, "", Label.SPAM),
    ],
)
def test_the_score_tags_and_then_quarantines(
    score: float | None, disposition: Disposition, tag: str, label: Label
) -> None:
    """At the thresholds of the policy."""
    decision = decided(score=score)
    assert (decision.disposition, decision.subject_prefix) == (disposition, tag)
    assert decision.label is label


def test_the_policy_says_what_happens_above_the_quarantine_threshold() -> None:
    """A tenant that wants no quarantine has the mail tagged."""
    tagging = replace(POLICY, above_quarantine_score=Handling.TAG, subject_tag="[迷惑] ")
    decision = decided(score=99, policy=tagging)
    assert (decision.disposition, decision.subject_prefix) == (Disposition.DELIVER, "[迷惑] ")


def test_a_block_quarantines_and_an_allowance_skips_all_but_the_contents() -> None:
    """A virus is taken out whoever sends it."""
    assert decided(BLOCKED).label is Label.BLOCKED
    assert decided(BLOCKED).disposition is Disposition.QUARANTINE
    allowed = decided(ALLOWED, SUSPICIOUS, score=100)
    assert not allowed.changes_message
    assert allowed.label is Label.CLEAN
    infected = decided(ALLOWED, VIRUS, score=100)
    assert set(infected.remove) == {1}
    assert infected.label is Label.MALICIOUS


MATRIX = [
    (Dmarc(Result.PASS, "example.net", "reject"), Result.FAIL, Handling.DELIVER),
    (Dmarc(Result.FAIL, "example.net", "reject"), Result.PASS, Handling.QUARANTINE),
    (Dmarc(Result.FAIL, "example.net", "quarantine"), Result.NONE, Handling.QUARANTINE),
    (Dmarc(Result.FAIL, "example.net", "none"), Result.FAIL, Handling.DELIVER),
    (Dmarc(Result.NONE, "example.net"), Result.FAIL, Handling.TAG),
    (Dmarc(Result.NONE, "example.net"), Result.SOFTFAIL, Handling.DELIVER),
    (Dmarc(Result.TEMPERROR, "example.net"), Result.TEMPERROR, Handling.DELIVER),
    (Dmarc(Result.PERMERROR, "example.net"), Result.NONE, Handling.DELIVER),
]


@pytest.mark.parametrize(("dmarc", "spf", "handling"), MATRIX)
def test_the_matrix_honours_what_the_domain_owner_asks_for(
    dmarc: Dmarc, spf: Result, handling: Handling
) -> None:
    """With the defaults of the product."""
    decision = judged(Authentication(Spf(spf, "example.net"), dmarc=dmarc))
    assert _handling(decision) is handling
    assert (decision.label is Label.FORGED) == (handling is not Handling.DELIVER)


def _handling(decision: Decision) -> Handling:
    if decision.disposition is Disposition.QUARANTINE:
        return Handling.REJECT if decision.restricted else Handling.QUARANTINE
    return Handling.TAG if decision.subject_prefix else Handling.DELIVER


@pytest.mark.parametrize("handling", list(Handling))
def test_each_cell_of_the_matrix_is_the_tenants_choice(handling: Handling) -> None:
    """``reject`` keeps the mail for administrators alone."""
    policy = replace(
        POLICY,
        dmarc_reject=handling,
        dmarc_quarantine=handling,
        dmarc_none=handling,
        spf_fail=handling,
    )
    for asked in ("reject", "quarantine", "none"):
        found = Authentication(dmarc=Dmarc(Result.FAIL, "example.net", asked))
        assert _handling(judged(found, policy)) is handling
    assert _handling(judged(Authentication(Spf(Result.FAIL, "example.net")), policy)) is handling


def test_domains_may_be_excepted_with_all_below_them() -> None:
    """But none that merely ends in the same letters."""
    policy = replace(POLICY, authentication_exceptions=("example.net",))
    for domain, handling in (
        ("example.net", Handling.DELIVER),
        ("mail.example.net", Handling.DELIVER),
        ("badexample.net", Handling.QUARANTINE),
    ):
        found = Authentication(dmarc=Dmarc(Result.FAIL, domain, "reject"))
        assert _handling(judged(found, policy)) is handling


def test_the_strictest_wins_and_all_reasons_stay() -> None:
    """A mail may be spam and forged."""
    verdict = Verdict(
        (BLOCKED, Finding("spam", "spam", Severity.UNWANTED)),
        spam_score=70,
        authentication=Authentication(Spf(Result.FAIL, "example.net")),
    )
    decision = decide(verdict, INBOUND, POLICY)
    assert decision.label is Label.BLOCKED
    assert {finding.code for finding in decision.reasons} == {"blocked", "spam"}


def test_forged_authorship_is_tagged() -> None:
    """Two From lines: the reader sees one of them, the checks another."""
    decision = decided(FORGED)
    assert decision.subject_prefix == "[SPAM] "
    assert decision.label is Label.FORGED
    assert FORGED in decision.reasons


def test_suspicious_mail_carries_its_reasons_at_its_head() -> None:
    """Beside a tag too; without a banner where the tenant wants none."""
    assert decided(SUSPICIOUS).banner == (SUSPICIOUS,)
    assert decided(SUSPICIOUS).label is Label.SUSPICIOUS
    tagged = decided(SUSPICIOUS, score=70)
    assert (tagged.banner, tagged.label) == ((SUSPICIOUS,), Label.SPAM)
    silent = decided(SUSPICIOUS, policy=replace(POLICY, warn_suspicious=False))
    assert (silent.banner, silent.label) == ((), Label.SUSPICIOUS)


def test_a_letter_that_may_not_be_altered_is_warned_of_before_its_subject() -> None:
    """In the tenant's language; a spam tag says enough by itself."""
    protected = Finding("structure", "letter-protected", Severity.NOTE)
    assert decided(SUSPICIOUS, protected).subject_prefix == "[要注意] "
    english = replace(POLICY, language=Language.ENGLISH)
    assert decided(SUSPICIOUS, protected, policy=english).subject_prefix == "[Suspicious] "
    assert decided(SUSPICIOUS, protected, score=70).subject_prefix == "[SPAM] "
    silent = replace(POLICY, warn_suspicious=False)
    assert not decided(SUSPICIOUS, protected, policy=silent).changes_message
    assert not decided(protected).changes_message


def test_outbound_mail_is_judged_by_its_contents_and_changed_by_no_verdict() -> None:
    """Lists and warnings are about those who write to the company."""
    verdict = Verdict((BLOCKED, SUSPICIOUS), spam_score=POLICY.quarantine_score - 1)
    decision = decide(verdict, OUTBOUND, POLICY)
    assert decision.disposition is Disposition.DELIVER
    assert not decision.changes_message


def test_spam_that_would_leave_the_company_is_kept() -> None:
    """The account that sends it may be in other hands; notices of our own are never spam."""
    verdict = Verdict(spam_score=POLICY.quarantine_score)
    decision = decide(verdict, OUTBOUND, POLICY)
    assert (decision.disposition, decision.label) == (Disposition.QUARANTINE, Label.SPAM)
    notice = replace(OUTBOUND, direction=Direction.NOTICE)
    assert decide(verdict, notice, POLICY).disposition is Disposition.DELIVER


SEVERITIES = st.sampled_from(list(Severity))
FINDINGS = st.lists(
    st.builds(
        Finding,
        st.sampled_from(["virus", "listed", "structure", "readable", "spam", "authorship"]),
        st.sampled_from(["virus", "blocked", "allowed", "too-deep", "protected", "x"]),
        SEVERITIES,
        st.one_of(st.none(), st.integers(0, 3)),
    ),
    max_size=6,
)


@given(FINDINGS, st.one_of(st.none(), st.floats(0, 100)), st.sampled_from(list(Direction)))
def test_nothing_condemned_is_ever_delivered_whole(
    findings: list[Finding], score: float | None, direction: Direction
) -> None:
    """Whatever else was found, and whoever sent it."""
    verdict = Verdict(tuple(findings), spam_score=score)
    decision = decide(verdict, replace(INBOUND, direction=direction), POLICY)
    condemned = [f for f in findings if f.severity in (Severity.MALICIOUS, Severity.FORBIDDEN)]
    if decision.disposition is Disposition.DELIVER:
        assert {f.part for f in condemned} <= set(decision.remove)
        if condemned:
            assert decision.restricted
            assert decision.keep_original
