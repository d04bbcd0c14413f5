"""One person's name in many spellings."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsec.gateway.deception import names


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("山田太郎", "山田　太郎"),
        ("山田太郎", "太郎 山田"),
        ("山田太郎", "山田太郎様"),
        ("ﾔﾏﾀﾞ ﾀﾛｳ", "ヤマダタロウ"),
        ("Taro Yamada", "YAMADA Taro"),
        ("Taro Yamada", "Yamada, Taro"),
        ("Taro Yamada", "taro.yamada"),
        ("Taro Yamada", "Dr. Taro Yamada (Sales)"),
    ],
)
def test_the_same_person_shares_a_key(one: str, other: str) -> None:
    """Width, case, blanks, order, honorifics, titles."""
    assert not set(names.keys(one)).isdisjoint(names.keys(other))


@pytest.mark.parametrize(
    "name", ["", "山田", "Taro", "部長", "様", "♪♪♪", "J Z", "a b c d e f g h i"]
)
def test_too_little_is_no_name(name: str) -> None:
    """It would fit thousands."""
    assert names.keys(name) == ()


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_has_few_keys(text: str) -> None:
    """Never raises, and asks little of the records."""
    assert len(names.keys(text)) <= 60
    names.protected_keys(text)
