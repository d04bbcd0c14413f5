"""My Number and card numbers by their check digits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsec.gateway.outbound.risks import personal_numbers
from mailsec.gateway.outbound.risks.personal_numbers import is_card_number, is_my_number
from tests.gateway.outbound.writing import letter, sent

CARD = "4111111111111111"  # the test number of every payment service


def told(text: str) -> list[tuple[str, str, str]]:
    found = personal_numbers.look(sent(letter(text)))
    return [(risk.code.value, risk.detail["count"], risk.detail["end"]) for risk in found]


@pytest.mark.parametrize(
    "text",
    [
        "番号は123456789018です",
        "番号は 123456789018 です",
        "１２３４５６７８９０１８",
        "1234-5678-9018",
        "1234 5678 9018",
        "個人番号：123456789018。",
    ],
)
def test_a_my_number_is_told_however_it_is_written(text: str) -> None:
    """Only its last two digits are passed on."""
    assert told(text) == [("my-number", "1", "18")]


@pytest.mark.parametrize("text", [CARD, "4111 1111 1111 1111", "4111-1111-1111-1111"])
def test_a_card_number_is_told(text: str) -> None:
    """Whole or in its groups."""
    assert told(f"カード番号 {text} です") == [("card-number", "1", "11")]


@pytest.mark.parametrize(
    "text",
    [
        "123456789019",
        "000000000000",
        "AB123456789018",
        "123456789018-55",
        "03-1234-5678",
        "4111111111111112",
        "9111111111111111",
        "0123456789018123",
        "見積番号 20261126-0001",
    ],
)
def test_other_numbers_are_not(text: str) -> None:
    """A wrong check digit, no brand, or a part of something longer."""
    assert told(text) == []


def test_doubles_count_once() -> None:
    """A table of people is told by its size."""
    assert told(f"{CARD} {CARD} 123456789018") == [
        ("my-number", "1", "18"),
        ("card-number", "1", "11"),
    ]


@given(st.text(alphabet="0123456789", min_size=11, max_size=11))
def test_each_eleven_digits_have_one_check_digit(body: str) -> None:
    """So that one slip in the last digit is always noticed."""
    right = [digit for digit in "0123456789" if is_my_number(body + digit)]
    assert len(right) == 1 or body == body[0] * 11


@given(st.text(max_size=20))
def test_any_text_is_a_number_or_not(text: str) -> None:
    """Nothing is raised, and nothing but digits is taken."""
    assert not (is_my_number(text) or is_card_number(text)) or text.isdigit()
