"""Values in the place of their names."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mailsec.gateway.variables import filled

_NAMES = st.sampled_from(("subject", "sender", "link", "password", "archive"))
_PIECES = st.lists(st.one_of(st.text(), _NAMES.map("{{{}}}".format), st.just("{")), max_size=20)


def test_each_value_is_put_in_wherever_its_name_stands() -> None:
    """Also twice in a line."""
    assert filled("{subject}: {sender}, {subject}", {"subject": "a", "sender": "b"}) == "a: b, a"


def test_what_a_value_holds_is_never_read_again() -> None:
    """A sender who writes a variable into a subject gets no link and no password."""
    values = {
        "subject": "{link}{password}",
        "link": "https://example.jp/",
        "password": "secret",
    }
    assert filled("{subject}", values) == "{link}{password}"
    assert filled("{{subject}}", values) == "{{link}{password}}"


def test_a_line_of_empty_values_goes_with_its_label() -> None:
    """One value is enough to keep it; lines without variables always stay."""
    text = "File: {archive}\nA {archive} B {subject}\n\nEnd"
    assert filled(text, {"archive": "", "subject": "s"}) == "A  B s\n\nEnd"


def test_a_name_without_a_value_stays_as_it_is() -> None:
    """Beside one that has a value."""
    assert filled("{subject} {other}", {"subject": "s"}) == "s {other}"


@given(_PIECES, st.dictionaries(_NAMES, st.text()))
def test_no_text_and_no_value_makes_it_fail(pieces: list[str], values: dict[str, str]) -> None:
    """Every line is either left out, or filled; words outside variables are kept."""
    text = "".join(pieces)
    result = filled(text, values)
    if "{" not in text:
        assert result == text
