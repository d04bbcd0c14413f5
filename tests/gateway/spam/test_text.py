"""One spelling for what looks alike."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsec.gateway.spam.text import LONGEST_BODY, invisible_count, normalise


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("ＦＲＥＥ　ＭＯＮＥＹ", "free money"),
        ("ﾒｰﾙ", "メール"),
        ("fr\u200bee", "free"),
        ("100円", "999円"),
        ("a\r\n\t b", "a b"),
        ("see https://a.example.com/x?y=1 now", "see http://b.example.net now"),
        ("write to a.b@example.com", "write to other@example.jp"),
        ("!!!!!!!!", "!!!!"),
    ],
)
def test_what_looks_alike_is_written_alike(written: str, same: str) -> None:
    """Width, case, digits, hidden letters, links, addresses and blanks make no difference."""
    assert normalise(written) == normalise(same)


def test_no_address_host_or_number_is_left() -> None:
    """What could name a person or a host never reaches the model."""
    text = normalise("Call 0312345678 or a@example.com, https://secret.example.com/abc")
    assert "example" not in text
    assert "secret" not in text
    assert "0000000000" in text


def test_a_japanese_sentence_behind_a_link_stays() -> None:
    """A link ends where Japanese punctuation starts."""
    assert normalise("https://a.example.com/、詳細です").endswith("詳細です")


@given(st.text(max_size=300))
def test_normalising_is_bounded_and_never_raises(text: str) -> None:
    """Any text comes out as one line without upper case digits or blanks in a row."""
    found = normalise(text)
    assert "\n" not in found
    assert "  " not in found
    assert invisible_count(text) >= 0


def test_only_the_start_of_a_long_text_is_read() -> None:
    """The cap holds, also where one character becomes many (U+FDFA)."""
    assert len(normalise("a" * (3 * LONGEST_BODY))) == LONGEST_BODY
    assert len(normalise("\ufdfa" * LONGEST_BODY)) <= 2 * LONGEST_BODY


_SLOW_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"'、。」）]{1,2000}", re.IGNORECASE)
_SLOW_ADDRESS = re.compile(r"[\w.+=-]{1,64}@[\w.-]{1,200}")
_PIECES = st.sampled_from(
    ["http://", "HTTPS://", "wWw.", "https", "ｗｗｗ．", "@", "@@", "a.b", "x" * 70, "é", "9", "７",
     "!!!!!", "\u3000", "\x1c", "\n ", "\u00a0", "、", "ſ", "İ", "Σ", "-", "_", "="]
)  # fmt: skip


@given(st.lists(st.one_of(_PIECES, st.text(max_size=4)), max_size=30).map("".join))
def test_the_quick_ways_find_what_plain_expressions_would(text: str) -> None:
    """Links, addresses, digits and blanks are those that one expression for each would find."""
    plain = text
    if not text.isascii():
        plain = _visible(unicodedata.normalize("NFKC", text))
    plain = _SLOW_ADDRESS.sub(" \u2709 ", _SLOW_URL.sub(" \u2197 ", plain))
    plain = re.sub("[0-9]", "0", plain.lower())
    plain = re.sub(r"([^\w\s])\1{3,}", r"\1\1\1", plain)
    assert normalise(text) == re.sub(r"\s+", " ", plain).strip()


def _visible(text: str) -> str:
    return "".join(one for one in text if not invisible_count(one))
