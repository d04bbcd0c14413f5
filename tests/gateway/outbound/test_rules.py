"""Hold rules: conditions, exceptions, order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsec.gateway.outbound.rules import (
    Conditions,
    Exceptions,
    HoldRule,
    Miss,
    Outgoing,
    RuleAction,
    described,
    first_match,
    first_matches,
    folded,
    misses,
    outgoing,
)
from tests.gateway.outbound.writing import letter

GROUPS = {"sales@alpha.example.jp": frozenset(("user@alpha.example.jp",))}
TO = "partner@mail.example.com"


def mail(
    words: str = "", *, recipients: tuple[str, ...] = (TO,), attachment: bool = False
) -> Outgoing:
    return described("User@alpha.example.jp", recipients, GROUPS, attachment, words)


def rule(unless: Mapping[str, Any] | None = None, **when: Any) -> HoldRule:
    return HoldRule("rule", when=Conditions(**when), unless=Exceptions(**(unless or {})))


def why(one: HoldRule, of: Outgoing, recipient: str = TO) -> list[str]:
    return [miss.value for miss in misses(one, of, recipient)]


@pytest.mark.parametrize(
    ("entry", "met"),
    [
        (TO, True),
        ("mail.example.com", True),
        ("example.com", True),
        ("com", True),
        ("ail.example.com", False),
        ("other@mail.example.com", False),
    ],
)
def test_a_recipient_is_an_address_or_a_domain_with_those_below(entry: str, met: bool) -> None:
    """As allow and block lists take it."""
    assert why(rule(recipients=(entry,)), mail()) == ([] if met else ["recipient"])


@pytest.mark.parametrize(
    ("entry", "met"),
    [
        ("user@alpha.example.jp", True),
        ("alpha.example.jp", True),
        ("sales@alpha.example.jp", True),
        ("other@alpha.example.jp", False),
        ("board@alpha.example.jp", False),
    ],
)
def test_a_sender_is_an_address_a_domain_or_a_group(entry: str, met: bool) -> None:
    """A group stands for its members."""
    assert why(rule(senders=(entry,)), mail()) == ([] if met else ["sender"])
    assert why(rule({"senders": (entry,)}), mail()) == (["except-sender"] if met else [])


@pytest.mark.parametrize(("wanted", "has"), [(True, True), (True, False), (False, True)])
def test_attachments_may_be_wanted_or_not(wanted: bool, has: bool) -> None:
    """None stands for either."""
    expected = [] if wanted is has else ["attachment"]
    assert why(rule(attachment=wanted), mail(attachment=has)) == expected
    assert why(rule(attachment=None), mail(attachment=has)) == []


def test_the_number_of_outside_recipients_counts_from_a_least_number_on() -> None:
    """Whoever it is that is inside does not count."""
    few, many = mail(recipients=("a@example.com",)), mail(recipients=("a@example.com", TO))
    assert why(rule(recipients_at_least=2), few, "a@example.com") == ["count"]
    assert why(rule(recipients_at_least=2), many) == []


@pytest.mark.parametrize(
    ("keyword", "words", "met"),
    [
        ("社外秘", "これは社外秘です", True),
        ("社外秘", "これは社外\r\n 秘です", True),
        ("ＡＢＣ契約", "abc契約書の件", True),
        ("ﾏｲﾅﾝﾊﾞｰ", "マイナンバーの提出", True),
        ("secret", "A Secret!", True),
        ("secret", "the secretary", False),
        ("secret", "これはsecretです", True),
        ("q4 plan", "Q4\r\nplan", True),
        ("q4", "fq4", False),
        ("q4", "fq4 q4", True),
        ("社外秘", "社外", False),
    ],
)
def test_keywords_are_compared_without_width_case_and_line_ends(
    keyword: str, words: str, met: bool
) -> None:
    """Latin words are whole words, Japanese has no words to be whole."""
    assert why(rule(keywords=(keyword,)), mail(words)) == ([] if met else ["keyword"])
    assert why(rule({"keywords": (keyword,)}), mail(words)) == (["except-keyword"] if met else [])


def test_all_conditions_must_hold_and_one_value_of_each() -> None:
    """Every one that does not is told."""
    every = rule(
        recipients=("example.net", "example.com"), attachment=True, keywords=("見積", "契約")
    )
    assert why(every, mail("契約の件", attachment=True)) == []
    assert why(every, mail("その件")) == ["attachment", "keyword"]
    assert why(replace(every, enabled=False), mail("契約", attachment=True)) == ["disabled"]


def test_an_exception_lifts_a_rule_for_the_copies_it_names() -> None:
    """Others of the same mail are met still."""
    one = rule({"recipients": ("example.net",)})
    both = mail(recipients=(TO, "known@example.net"))
    assert first_matches([one], both) == {TO: one, "known@example.net": None}
    assert why(one, both, "known@example.net") == [Miss.EXCEPT_RECIPIENT]


def test_the_first_rule_that_meets_wins() -> None:
    """Also where it says that the mail goes at once."""
    passing = HoldRule("known", RuleAction.PASS, Conditions(recipients=("example.com",)))
    holding = HoldRule("all")
    assert first_match([passing, holding], mail(), TO) is passing
    assert first_match([holding, passing], mail(), TO) is holding
    assert first_match([passing], mail(), "a@example.org") is None


def test_a_mail_is_read_once_for_all_rules() -> None:
    """Subject and text, and what stands for the sender."""
    seen = outgoing(letter("本文", subject="件名"), "user@alpha.example.jp", (TO,), GROUPS)
    assert seen.words == "件名本文"
    assert not seen.has_attachment
    assert {"alpha.example.jp", "sales@alpha.example.jp"} <= seen.senders


_ADDRESS = st.sampled_from(["a@example.com", "b@mail.example.com", "c@example.net", "x", ""])
_ENTRY = st.sampled_from(["example.com", "a@example.com", "example.net", "alpha.example.jp"])
_TUPLES = st.lists(_ENTRY, max_size=2).map(tuple)
_WORDS = st.lists(st.sampled_from(["契約", "secret", "", " "]), max_size=2).map(tuple)
_RULES = st.lists(
    st.builds(
        HoldRule,
        st.text(max_size=3),
        st.sampled_from(RuleAction),
        st.builds(
            Conditions, _TUPLES, st.sampled_from([None, True, False]), st.integers(0, 3), _TUPLES,
            _WORDS,
        ),
        st.builds(Exceptions, _TUPLES, _TUPLES, _WORDS),
        st.booleans(),
    ),
    max_size=5,
)  # fmt: skip
_MAILS = st.builds(
    described,
    st.one_of(_ADDRESS, st.text(max_size=20)),
    st.lists(_ADDRESS, unique=True, max_size=4),
    st.just(GROUPS),
    st.booleans(),
    st.one_of(st.sampled_from(["契約", "a secret"]), st.text(max_size=50)),
)


@given(_RULES, _MAILS)
def test_every_copy_has_the_rule_that_stands_first_among_those_that_meet(
    rules: list[HoldRule], some: Outgoing
) -> None:
    """Asked for all copies at once or for each alone, and with reasons for every earlier rule."""
    found = first_matches(rules, some)
    assert set(found) == set(some.recipients)
    for recipient, met in found.items():
        assert first_match(rules, some, recipient) is met
        before = rules[: next(i for i, each in enumerate(rules) if each is met)] if met else rules
        assert all(why(each, some, recipient) for each in before)
        if met:
            assert met.enabled
            assert why(met, some, recipient) == []


@given(_RULES, _MAILS)
def test_exceptions_only_ever_lift(rules: list[HoldRule], some: Outgoing) -> None:
    """What a rule does not meet, no exception adds."""
    for each in rules:
        bare = replace(each, unless=Exceptions())
        for recipient in some.recipients:
            if not why(each, some, recipient):
                assert not why(bare, some, recipient)


@given(st.text(max_size=200))
def test_folding_is_stable(text: str) -> None:
    """A folded text is not changed by folding it again, but for what NFKC leaves behind."""
    once = folded(text)
    assert folded(folded(once)) == folded(once)
