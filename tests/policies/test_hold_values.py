"""Hold rules and groups: what is stored, what is refused, and how they go through a file."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from mailsec.gateway.outbound.rules import Conditions, Exceptions, HoldRule, RuleAction
from policies.errors import InvalidRule, Problem
from policies.group_file import read_groups, write_groups
from policies.hold_file import read_rules, write_rules
from policies.hold_values import Group, checked, checked_group
from policies.hold_wording import in_a_sentence, problem_words

DOMAINS = frozenset(("alpha.example.jp",))


def rule(name: str = "rule", unless: Any = None, **when: Any) -> HoldRule:
    return HoldRule(name, when=Conditions(**when), unless=Exceptions(**(unless or {})))


def test_a_rule_is_stored_in_one_form() -> None:
    """Entries canonical, values once, blanks gone."""
    stored = checked(
        rule(
            " 外部 ",
            recipients=(" Sales@Example.COM ", "@example.net", "例え.example.jp", "example.net"),
            keywords=(" 社外秘 ",),
        )
    )
    assert stored == rule(
        "外部",
        recipients=("sales@example.com", "example.net", "xn--r8jz45g.example.jp"),
        keywords=("社外秘",),
    )


@pytest.mark.parametrize(
    ("wrong", "field", "problem"),
    [
        (rule(" "), "name", Problem.NAME),
        (rule("a\nb"), "name", Problem.NAME),
        (rule("x" * 101), "name", Problem.NAME),
        (rule(recipients=("nothing",)), "recipients", Problem.ENTRY),
        (rule(senders=("192.0.2.1",)), "senders", Problem.ENTRY),
        (rule(senders=("192.0.2.0/24",)), "senders", Problem.ENTRY),
        (rule(keywords=(" ",)), "keywords", Problem.KEYWORD),
        (rule(keywords=("a;b",)), "keywords", Problem.KEYWORD),
        (rule(keywords=("a\x00",)), "keywords", Problem.KEYWORD),
        (rule(recipients_at_least=-1), "recipients_at_least", Problem.COUNT),
        (rule(unless={"recipients": ("x",)}), "except_recipients", Problem.ENTRY),
        (rule(unless={"senders": ("x",)}), "except_senders", Problem.ENTRY),
        (rule(unless={"keywords": ("",)}), "except_keywords", Problem.KEYWORD),
        (
            rule(recipients=tuple(f"d{number}.example.com" for number in range(501))),
            "recipients",
            Problem.TOO_MANY,
        ),
    ],
)
def test_what_is_no_rule_is_refused_by_field(wrong: HoldRule, field: str, problem: Problem) -> None:
    """With words for it in both languages."""
    with pytest.raises(InvalidRule) as refused:
        checked(wrong)
    assert (refused.value.field, refused.value.problem) == (field, problem)
    for language in ("ja", "en"):
        with translation.override(language):
            assert "%(" not in problem_words(refused.value)


@pytest.mark.parametrize(
    ("group", "field"),
    [
        (Group("sales@example.com", ("a@alpha.example.jp",)), "address"),
        (Group("alpha.example.jp", ("a@alpha.example.jp",)), "address"),
        (Group("sales@alpha.example.jp", ("a@example.com",)), "members"),
        (Group("sales@alpha.example.jp", ()), "members"),
        (Group("sales@alpha.example.jp", ("a@alpha.example.jp",), "a\nb"), "name"),
    ],
)
def test_groups_hold_people_of_the_company_alone(group: Group, field: str) -> None:
    """A member may act on the others' mail."""
    with pytest.raises(InvalidRule) as refused:
        checked_group(group, DOMAINS)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("one", "sentence"),
    [
        (rule(), "All mail to outside is held."),
        (HoldRule("x", RuleAction.PASS), "All mail to outside goes at once."),
        (
            rule(recipients=("example.com", "example.net"), attachment=True),
            "Mail to example.com or example.net with attachments is held.",
        ),
        (
            rule(
                unless={"senders": ("boss@alpha.example.jp",), "keywords": ("広告",)},
                recipients_at_least=5,
            ),
            "Mail to at least 5 outside recipients is held. "
            "Except mail from boss@alpha.example.jp, or that says “広告”.",
        ),
        (
            rule(recipients=("a.jp", "b.jp", "c.jp", "d.jp", "e.jp"), attachment=False),
            "Mail to a.jp or b.jp or c.jp or 2 more without attachments is held.",
        ),
    ],
)
def test_a_rule_reads_as_a_sentence(one: HoldRule, sentence: str) -> None:
    """What is not given is not said."""
    with translation.override("en"):
        assert in_a_sentence(one) == sentence


_DOMAIN = st.sampled_from(["example.com", "sales@example.com", "-a@example.net"])
_MANY = st.lists(_DOMAIN, max_size=3, unique=True).map(tuple)
_WORD = st.lists(
    st.sampled_from(["=1+1", "社外秘", '"', "a, b", "'=x", "@home"]), max_size=3, unique=True
).map(tuple)
_RULES = st.lists(
    st.builds(
        HoldRule,
        st.text(st.characters(codec="utf-8"), min_size=1, max_size=20).filter(
            lambda text: text.isprintable() and text == text.strip() and bool(text)
        ),
        st.sampled_from(RuleAction),
        st.builds(
            Conditions,
            _MANY,
            st.sampled_from([None, True, False]),
            st.integers(0, 50),
            _MANY,
            _WORD,
        ),
        st.builds(Exceptions, _MANY, _MANY, _WORD),
        st.booleans(),
    ),
    max_size=5,
    unique_by=lambda one: one.name,
)


@given(_RULES)
def test_what_is_written_is_read_again(rules: list[HoldRule]) -> None:
    """Every rule, in its order."""
    reading = read_rules("".join(write_rules(rules)), 200)
    assert reading.problems == ()
    assert list(reading.rules) == rules


@given(st.text(max_size=300))
def test_any_text_is_a_file_or_told_why_not(text: str) -> None:
    """Nothing is raised."""
    header = "name,action,attachment,recipients_at_least,enabled\n"
    for some in (text, header + text):
        read_rules(some, 200)
        read_groups(some, DOMAINS, 10)
    read_groups("group,member,name\n" + text, DOMAINS, 10)


def problems(text: str, most: int = 200) -> list[tuple[int, str]]:
    with translation.override("en"):
        return [(each.line, each.text) for each in read_rules(text, most).problems]


def test_every_wrong_line_is_told() -> None:
    """And nothing of the file is taken."""
    text = (
        "name,action,recipients,attachment,recipients_at_least,enabled\n"
        "a,hold,example.com,,,\n"
        "a,hold,,,,\n"
        "b,keep,,,,\n"
        "c,hold,nowhere,,,\n"
        "d,pass,,maybe,,\n"
        "e,pass,,,many,\n"
        "f,pass,,,,perhaps\n"
        ",hold,,,,\n"
    )
    assert [line for line, _words in problems(text)] == [3, 4, 5, 6, 7, 8, 9]
    assert read_rules(text, 200).rules == ()
    assert "“nowhere”" in problems(text)[2][1]
    assert problems("action\nhold") == [
        (0, "The first line must name the columns: name, action, …")
    ]
    assert problems("name,action\na,hold\nb,hold", 1)[0][0] == 0


def test_groups_go_through_a_file() -> None:
    """One member a line, the name where it first stands."""
    groups = [
        Group("a@alpha.example.jp", ("x@alpha.example.jp", "y@alpha.example.jp"), "営業"),
        Group("b@alpha.example.jp", ("x@alpha.example.jp",)),
    ]
    reading = read_groups("".join(write_groups(groups)), DOMAINS, 10)
    assert (list(reading.groups), reading.problems) == (groups, ())
    wrong = "group,member\na@alpha.example.jp,x@example.com\nx,y@alpha.example.jp\n"
    assert [each.line for each in read_groups(wrong, DOMAINS, 10).problems] == [2, 3]
