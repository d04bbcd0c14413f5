"""Deciding about stored messages again under another policy."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsec.gateway.authentication import Authentication, Dmarc, Result, Spf
from mailsec.gateway.decision import decide
from mailsec.gateway.envelope import Client, Direction, Envelope
from mailsec.gateway.lists import Lists, canonical_entry, entries
from mailsec.gateway.policy import Handling, Policy, Unexamined
from mailsec.gateway.verdict import Finding, Severity, Verdict
from quarantine.reconsider import (
    Record,
    Treatment,
    Way,
    both,
    changed_lists,
    treatment_of,
    under,
)

ENVELOPE = Envelope(
    Direction.INBOUND, Client("192.0.2.1"), "news@example.net", ("b@alpha.example.jp",)
)
PROVED = Authentication(
    spf=Spf(Result.PASS, "example.net"), dmarc=Dmarc(Result.PASS, "example.net", "none")
)
FORGED = Authentication(dmarc=Dmarc(Result.FAIL, "example.net", "reject"))
EXE = Finding("file-types", "file-type", Severity.FORBIDDEN, 1, {"type": "exe"})
JS = Finding("file-types", "file-type", Severity.FORBIDDEN, 2, {"type": "js"})
VIRUS = Finding("virus", "virus", Severity.MALICIOUS, 1, {"virus": "Test"})
LOCKED = Finding("readable", "encrypted", Severity.UNEXAMINED, 1)
BROKEN = Finding("structure", "too-deep", Severity.UNEXAMINED)
ODD = Finding("brand-name", "brand-name", Severity.SUSPICIOUS)
ALLOWED = Finding("listed", "allowed", Severity.NOTE, detail={"entry": "example.net"})
PLAIN = Policy()
DELIVERED, TAGGED = Treatment(Way.DELIVERED), Treatment(Way.TAGGED)
KEPT, RESTRICTED = Treatment(Way.QUARANTINED), Treatment(Way.RESTRICTED)
WARNED = Treatment(Way.DELIVERED, warned=True)


def record(
    *findings: Finding,
    score: float | None = None,
    found: Authentication = PROVED,
    header_from: str = "News <news@example.net>",
) -> Record:
    return Record(ENVELOPE, header_from, Verdict(findings, (), score, found))


def blocking(*names: str) -> Policy:
    return replace(PLAIN, lists=Lists(block=entries(map(canonical_entry, names))))


def allowing(*names: str) -> Policy:
    return replace(PLAIN, lists=Lists(allow=entries(map(canonical_entry, names))))


@pytest.mark.parametrize(
    ("stored", "draft", "before", "after"),
    [
        (record(score=55.0), replace(PLAIN, tag_score=50), DELIVERED, TAGGED),
        (record(score=85.0), replace(PLAIN, quarantine_score=80), TAGGED, KEPT),
        (
            record(score=95.0),
            replace(PLAIN, above_quarantine_score=Handling.REJECT),
            KEPT,
            RESTRICTED,
        ),
        (record(score=95.0), replace(PLAIN, spam_check=False), KEPT, DELIVERED),
        (record(found=FORGED), replace(PLAIN, dmarc_reject=Handling.TAG), KEPT, TAGGED),
        (record(found=FORGED), replace(PLAIN, authentication_check=False), KEPT, DELIVERED),
        (
            record(found=FORGED),
            replace(PLAIN, authentication_exceptions=("example.net",)),
            KEPT,
            DELIVERED,
        ),
        (
            record(EXE),
            replace(PLAIN, file_types=("js",)),
            Treatment(Way.DELIVERED, removed=1),
            DELIVERED,
        ),
        (
            record(EXE, JS),
            replace(PLAIN, file_types=("js",)),
            Treatment(Way.DELIVERED, removed=2),
            Treatment(Way.DELIVERED, removed=1),
        ),
        (
            record(EXE),
            replace(PLAIN, file_type_check=False),
            Treatment(Way.DELIVERED, removed=1),
            DELIVERED,
        ),
        (
            record(VIRUS),
            replace(PLAIN, virus_check=False),
            Treatment(Way.DELIVERED, removed=1),
            DELIVERED,
        ),
        (record(LOCKED), replace(PLAIN, unexamined=Unexamined.QUARANTINE), WARNED, KEPT),
        (record(BROKEN), replace(PLAIN, unreadable=Unexamined.DELIVER), KEPT, WARNED),
        (record(ODD), replace(PLAIN, warn_suspicious=False), WARNED, DELIVERED),
    ],
)
def test_a_setting_changes_what_it_says(
    stored: Record, draft: Policy, before: Treatment, after: Treatment
) -> None:
    """And back again, when the draft is what holds."""
    assert both(stored, PLAIN, draft) == (before, after)
    assert both(stored, draft, PLAIN) == (after, before)


@pytest.mark.parametrize(
    ("stored", "draft", "after"),
    [
        (record(), blocking("example.net"), KEPT),
        (record(), blocking("192.0.2.0/24"), KEPT),
        (record(), blocking("example.org"), DELIVERED),
        (record(header_from="ニュース <x@mail.example.org>"), blocking("example.org"), KEPT),
        (record(score=95.0), allowing("news@example.net"), DELIVERED),
        # Anybody can write a name into a mail.
        (record(score=95.0, found=Authentication()), allowing("news@example.net"), KEPT),
        (record(score=95.0, found=Authentication()), allowing("192.0.2.1"), DELIVERED),
        (record(VIRUS), allowing("example.net"), Treatment(Way.DELIVERED, removed=1)),
    ],
)
def test_lists_are_asked_anew_where_they_differ(
    stored: Record, draft: Policy, after: Treatment
) -> None:
    """As the filter does it with the whole message at hand."""
    assert both(stored, PLAIN, draft)[1] == after


def test_what_the_lists_said_then_stands_where_they_are_the_same() -> None:
    """The entry may have ended since; that is no doing of the draft's."""
    stored = record(ALLOWED, score=95.0)
    assert both(stored, PLAIN, replace(PLAIN, tag_score=50)) == (DELIVERED, DELIVERED)


def test_without_the_check_of_authentication_no_name_is_proved() -> None:
    """An allowance by name then holds for nobody."""
    present = allowing("example.net")
    draft = replace(present, authentication_check=False)
    assert both(record(ALLOWED, score=95.0), present, draft) == (DELIVERED, KEPT)


def test_a_users_own_list_is_asked_for_its_recipient() -> None:
    """It is part of the policy too."""
    own = {"b@alpha.example.jp": Lists(block=entries(["example.net"]))}
    draft = replace(PLAIN, user_entries=MappingProxyType(own))
    assert both(record(), PLAIN, draft) == (DELIVERED, KEPT)


_FINDINGS = st.sampled_from([EXE, JS, VIRUS, LOCKED, BROKEN, ODD, ALLOWED])
_HANDLINGS = st.sampled_from(list(Handling))
_POLICIES = st.builds(
    Policy,
    tag_score=st.integers(1, 100),
    quarantine_score=st.integers(1, 100),
    above_quarantine_score=_HANDLINGS,
    dmarc_reject=_HANDLINGS,
    unexamined=st.sampled_from(list(Unexamined)),
    unreadable=st.sampled_from(list(Unexamined)),
    warn_suspicious=st.booleans(),
    file_types=st.sampled_from([("exe",), ("js",), ("exe", "js"), ()]),
)
_VERDICTS = st.builds(
    Verdict,
    st.lists(_FINDINGS, max_size=5).map(tuple),
    spam_score=st.none() | st.floats(0, 100),
    authentication=st.sampled_from([PROVED, FORGED, Authentication()]),
)


@given(_VERDICTS, _POLICIES)
def test_the_same_policy_changes_nothing(verdict: Verdict, policy: Policy) -> None:
    """Whatever was found, and whatever the policy says."""
    before, after = both(Record(ENVELOPE, "a@example.net", verdict), policy, policy)
    assert before == after


@given(_VERDICTS, _POLICIES)
def test_with_every_check_on_the_decision_is_the_gateways_own(
    verdict: Verdict, policy: Policy
) -> None:
    """Nothing is judged here a second way."""
    policy = replace(policy, file_types=("exe", "js"))
    assert under(verdict, policy) == verdict
    expected = treatment_of(decide(verdict, ENVELOPE, policy))
    assert both(Record(ENVELOPE, "a@example.net", verdict), policy, PLAIN)[0] == expected


@given(st.text(max_size=80), st.text(max_size=40))
def test_no_text_of_a_header_or_sender_stops_the_lists(header_from: str, sender: str) -> None:
    """They were written by strangers."""
    envelope = replace(ENVELOPE, sender=sender)
    stored = Record(envelope, header_from, Verdict(authentication=PROVED))
    assert both(stored, PLAIN, blocking("192.0.2.1"))[1] == KEPT


NAMES = ("example.net", "mail.example.net", "news@example.net", "example.com", "xn--eckwd4c7c.jp")
NETWORKS = ("192.0.2.0/24", "192.0.2.1", "198.51.100.0/24", "2001:db8::/32")
_lists = st.builds(
    lambda allow, block: Lists(
        entries(map(canonical_entry, allow)), entries(map(canonical_entry, block))
    ),
    *[st.lists(st.sampled_from(NAMES + NETWORKS), max_size=4)] * 2,
)
_kept = st.builds(
    lambda lists, own: replace(PLAIN, lists=lists, user_entries=MappingProxyType(own)),
    _lists,
    st.dictionaries(
        st.sampled_from(["b@alpha.example.jp", "c@alpha.example.jp"]), _lists, max_size=2
    ),
)
_stored = st.builds(
    lambda ip, sender, recipients, author, found: Record(
        Envelope(Direction.INBOUND, Client(ip), sender, tuple(recipients)),
        author,
        Verdict((), (), None, found),
    ),
    st.sampled_from(["192.0.2.1", "198.51.100.7", "203.0.113.1", "2001:db8::1", "", "nowhere"]),
    st.sampled_from(["news@example.net", "News@Mail.Example.NET", "", "x@example.org"]),
    st.lists(st.sampled_from(["b@alpha.example.jp", "C@alpha.example.jp"]), max_size=2),
    st.sampled_from(
        [
            *("News <news@example.net>", "a@b.example.com, x@example.org", ""),
            *("x@\N{KATAKANA LETTER DO}メイン.jp", '"a@example.com" <x@example.org>', "<<@>"),
        ]
    ),
    st.sampled_from([PROVED, FORGED, Authentication()]),
)


@settings(max_examples=400)
@given(_stored, _kept, _kept, st.sampled_from(["lists", "user_entries", ""]))
def test_whoever_no_changed_entry_holds_is_handled_as_before(
    stored: Record, present: Policy, draft: Policy, same: str
) -> None:
    """So that a preview of lists decides again about few of its messages."""
    if same:
        draft = replace(draft, **{same: getattr(present, same)})
    lists = changed_lists(present, draft)
    assert lists is not None
    before, after = both(stored, present, draft)
    assert lists.touch(stored) or before == after


def test_where_more_than_lists_differs_all_messages_are_decided_again() -> None:
    """A threshold touches everybody."""
    assert changed_lists(PLAIN, replace(blocking("example.net"), tag_score=50)) is None
    lists = changed_lists(PLAIN, blocking("example.net"))
    assert lists is not None
    assert lists.touch(record())
    other = changed_lists(PLAIN, blocking("example.org"))
    assert other is not None
    assert not other.touch(record())
