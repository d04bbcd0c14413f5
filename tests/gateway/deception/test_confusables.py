"""Letters that look alike."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsec.gateway.deception.confusables import distance, mixes_scripts, skeleton

WORDS = st.text(alphabet="abcd", max_size=8)


@pytest.mark.parametrize(
    "text",
    [
        "example",
        "ехаmрⅼе",
        "ＥＸＡＭＰＬＥ",
        "exàmple",
        "examp1e",
        "exarnple",
        "εxαmple",
        "𝐞𝐱𝐚𝐦𝐩𝐥𝐞",
    ],
)
def test_everything_that_looks_like_a_word_has_its_skeleton(text: str) -> None:
    """Cyrillic, Greek, full width, accents, digits, pairs, mathematical letters."""
    assert skeleton(text) == skeleton("example")


def test_other_words_have_another() -> None:
    """And Japanese stays as it is."""
    assert skeleton("sample") != skeleton("example")
    assert skeleton("楽天") == "楽天"


@pytest.mark.parametrize(
    ("label", "expected"),
    [("аpple", True), ("αpple", True), ("apple", False), ("яндекс", False), ("楽天card", False)],
)
def test_mixed_scripts(label: str, expected: bool) -> None:
    """A whole Russian word is no deceit, nor is Japanese beside Latin."""
    assert mixes_scripts(label) is expected


@pytest.mark.parametrize(
    ("one", "other", "steps"),
    [("amazon", "amazon", 0), ("amazom", "amazon", 1), ("amzon", "amazon", 1),
     ("amaozn", "amazon", 1), ("amzaom", "amazon", 2), ("rakuten", "amazon", 3)],
)  # fmt: skip
def test_the_distance_counts_slips(one: str, other: str, steps: int) -> None:
    """Up to the limit that was asked for."""
    assert distance(one, other, 2) == steps


@settings(deadline=None)
@given(WORDS, WORDS)
def test_the_distance_is_a_distance(one: str, other: str) -> None:
    """Symmetric, and zero for the same word alone."""
    assert distance(one, other, 3) == distance(other, one, 3)
    assert (distance(one, other, 3) == 0) == (one == other)


@settings(deadline=None)
@given(st.text(max_size=200))
def test_a_skeleton_never_raises(text: str) -> None:
    """On any text."""
    skeleton(text), mixes_scripts(text)
