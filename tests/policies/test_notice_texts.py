"""The words of notices: what a text may say, and how it is filled."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsec.gateway.policy import Language
from mailsec.gateway.variables import filled
from policies.errors import InvalidNotice, NoticeProblem
from policies.notice_texts import (
    BODY_ONLY,
    REQUIRED,
    VARIABLES,
    NoticeKind,
    NoticeText,
    checked,
    default_text,
)

_NAMES = st.sampled_from(sorted({name for names in VARIABLES.values() for name in names}))
_PIECES = st.lists(st.one_of(st.text(), _NAMES.map("{{{}}}".format), st.just("{")), max_size=20)


def problem(kind: NoticeKind, subject: str, body: str) -> tuple[str, NoticeProblem]:
    """What is refused, and where."""
    with pytest.raises(InvalidNotice) as caught:
        checked(kind, subject, body)
    return caught.value.field, caught.value.problem


class TestDefaults:
    @pytest.mark.parametrize("language", list(Language))
    @pytest.mark.parametrize("kind", list(NoticeKind))
    def test_the_products_words_keep_their_own_rules(
        self, kind: NoticeKind, language: Language
    ) -> None:
        """Known variables, the required ones, and nothing that a tenant could not write."""
        text = default_text(kind, language)
        used = set(re.findall(r"\{([^}]*)\}", text.subject + text.body))
        assert used <= set(VARIABLES[kind])
        assert set(REQUIRED[kind]) <= used
        assert checked(kind, text.subject, text.body) == text

    @pytest.mark.parametrize("kind", list(NoticeKind))
    def test_both_languages_show_the_same_values(self, kind: NoticeKind) -> None:
        """A reader of one language is told as much as one of the other."""
        japanese, english = (
            set(re.findall(r"\{(\w+)\}", text.subject + text.body))
            for text in (
                default_text(kind, Language.JAPANESE),
                default_text(kind, Language.ENGLISH),
            )
        )
        assert japanese == english


class TestHostileValues:
    @given(st.sampled_from(list(NoticeKind)), st.sampled_from(list(Language)), st.text(min_size=1))
    def test_a_hostile_value_appears_exactly_as_often_as_it_was_asked_for(
        self, kind: NoticeKind, language: Language, hostile: str
    ) -> None:
        """Whatever it holds, nothing of another variable comes with it."""
        text = default_text(kind, language).subject
        before, name, after = text.partition("{subject}")
        assert filled(text, {"subject": hostile, "link": "LINK", "count": "{count}"}) == (
            before + hostile + after if name else text
        )


class TestChecked:
    def test_a_good_text_is_taken(self) -> None:
        """The subject becomes one line; lines end in one way; an indent of Japanese text stays."""
        text = checked(NoticeKind.HELD, " 保留\t {subject} ", "\r\n　本文\r\n{link}\rend\n\n")
        assert text == NoticeText("保留 {subject}", "　本文\n{link}\nend")

    @pytest.mark.parametrize(
        "name", ["password", "nothing", "Link", "件名", "sender.pk", "", "a b"]
    )
    def test_unknown_variables_are_told_with_their_field(self, name: str) -> None:
        """A mistyped one would be sent to readers as it stands; another notice's would be empty."""
        wrong = f"x {{{name}}}"
        unknown = NoticeProblem.UNKNOWN
        assert problem(NoticeKind.HELD, "s", wrong + "{link}") == ("body", unknown)
        assert problem(NoticeKind.HELD, wrong, "{link}") == ("subject", unknown)

    @pytest.mark.parametrize("kind", [kind for kind in NoticeKind if REQUIRED[kind]])
    def test_a_notice_without_what_it_is_for_is_refused(self, kind: NoticeKind) -> None:
        """The link to decide by, or the password."""
        assert problem(kind, "s", "words alone") == ("body", NoticeProblem.MISSING)

    @pytest.mark.parametrize("name", sorted(BODY_ONLY))
    def test_neither_secrets_nor_lists_stand_in_a_subject(self, name: str) -> None:
        """Whoever sees the list of mails sees subjects: no password, and no link to decide by."""
        kind = next(kind for kind in NoticeKind if name in VARIABLES[kind])
        body = " ".join(f"{{{each}}}" for each in VARIABLES[kind])
        found = problem(kind, f"x {{{name}}}", body)
        assert found == ("subject", NoticeProblem.BODY_ONLY)

    def test_lengths_have_limits(self) -> None:
        """200 characters of subject, 5,000 of text, and neither may be empty."""
        assert checked(NoticeKind.DISCARDED, "s" * 200, "b" * 5_000)
        for subject, body, expected in (
            ("s" * 201, "b", ("subject", NoticeProblem.SUBJECT)),
            (" \n", "b", ("subject", NoticeProblem.SUBJECT)),
            ("s", "b" * 5_001, ("body", NoticeProblem.BODY)),
            ("s", " \r\n　", ("body", NoticeProblem.BODY)),
        ):
            assert problem(NoticeKind.DISCARDED, subject, body) == expected

    @pytest.mark.parametrize("control", ["\0", "\x07", "\x1b", "\x7f", "\x80", "\u2028", "\ud800"])
    def test_control_characters_are_refused(self, control: str) -> None:
        """Nothing that a terminal, a header or the database would trip over; tabs may stay."""
        found = problem(NoticeKind.DISCARDED, "s", f"a{control}b")
        assert found == ("body", NoticeProblem.CONTROL)
        if not control.isspace():
            found = problem(NoticeKind.DISCARDED, f"a{control}b", "b")
            assert found == ("subject", NoticeProblem.CONTROL)
        assert checked(NoticeKind.DISCARDED, "s", "a\tb").body == "a\tb"

    @given(st.sampled_from(list(NoticeKind)), _PIECES, _PIECES)
    def test_whatever_is_written_is_taken_or_refused_by_name(
        self, kind: NoticeKind, subject: list[str], body: list[str]
    ) -> None:
        """What was taken is taken again unchanged, so that a page can be saved as it was read."""
        try:
            text = checked(kind, "".join(subject), "".join(body))
        except InvalidNotice as error:
            assert error.field in {"subject", "body"}
        else:
            assert checked(kind, text.subject, text.body) == text
