"""More than one author, and whom an allow rule may believe."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from mailsec.gateway import lists
from mailsec.gateway.decision import decide
from mailsec.gateway.envelope import Direction
from mailsec.gateway.filters import authorship, listed
from mailsec.gateway.lists import Lists
from mailsec.gateway.message import Message
from mailsec.gateway.verdict import Disposition, Label, Severity, Verdict
from tests.gateway.filters.making import INBOUND, POLICY, PROVED, case, mail

CASES = Path(os.environ.get("MAILSEC_CASES", Path(__file__).parents[4] / "shared" / "cases"))


def codes(raw: bytes) -> list[str]:
    return [found.code for found in authorship.look(case(raw))]


@pytest.mark.parametrize(
    "head",
    [
        "From: a@example.net\r\nFrom: b@example.com",
        "From: a@example.net, b@example.com",
        'From: "Name <b@example.com>" <a@example.net>',
        "From: Name <b@example.com> <a@example.net>",
    ],
)
def test_several_authors_are_unwanted_and_all_named(head: str) -> None:
    """Each program shows another one of them."""
    (found,) = authorship.look(case(f"{head}\r\n\r\nx".encode()))
    assert (found.code, found.severity) == ("several-authors", Severity.UNWANTED)
    assert "a@example.net" in found.detail["senders"]
    assert "b@example.com" in found.detail["senders"]


@pytest.mark.parametrize(
    "head",
    [
        "From: Name <a@example.net>",
        "From: a@example.net, b@www.example.net",
        "From: a@example.net, b@example.com\r\nSender: a@example.net",
        'From: "a@example.net" <a@example.net>',
        "From: Family, Given <a@example.net>",
        "Subject: no author at all",
    ],
)
def test_one_author_or_one_who_answers_for_all_is_let_be(head: str) -> None:
    """RFC 5322 allows several with a Sender."""
    assert codes(f"{head}\r\n\r\nx".encode()) == []


def test_two_subjects_are_unwanted_where_they_differ() -> None:
    """Twice the same deceives nobody."""
    assert codes(mail("a@example.net", "Subject: other")) == ["several-subjects"]
    assert codes(b"Subject: x\r\nSubject: x\r\n\r\n") == []


def test_outbound_mail_is_not_looked_at() -> None:
    """It is ours."""
    outbound = replace(INBOUND, direction=Direction.OUTBOUND)
    raw = b"From: a@example.net\r\nFrom: b@example.com\r\n\r\n"
    assert not list(authorship.look(case(raw, envelope=outbound)))


def test_two_from_fields_are_tagged_as_forged_and_no_allow_rule_holds() -> None:
    """hdr-07: the tag is decided, both senders are told, the shown author proves nothing."""
    path = CASES / "hdr-07.eml"
    if not path.exists():
        pytest.skip("the collected cases are not beside this checkout")
    raw = path.read_bytes()
    allow = lists.entries(["accounts@example.com", "example.com"])
    policy = replace(POLICY, lists=Lists(allow=allow))
    looked_at = case(raw, policy=policy, authentication=PROVED)
    assert not list(listed.look(looked_at))
    findings = tuple(authorship.look(looked_at))
    assert [found.code for found in findings] == ["several-authors", "several-subjects"]
    assert findings[0].detail["senders"] == "mailer@example.net, accounts@example.com"
    decision = decide(Verdict(findings), INBOUND, policy)
    assert (decision.disposition, decision.label) == (Disposition.DELIVER, Label.FORGED)
    assert decision.subject_prefix == policy.subject_tag
    assert decision.reasons == findings
    assert len(Message(raw).all("subject")) == 2
