"""A short fuzz run of every test run; ``python -m tests.fuzz`` makes the long ones."""

from __future__ import annotations

import pytest

from tests.fuzz.__main__ import own_seeds
from tests.fuzz.mutate import mutated
from tests.fuzz.target import check

SEEDS = list(own_seeds())


@pytest.mark.parametrize("first", range(0, 400, 100))
def test_broken_mail_is_looked_at_decided_and_changed(first: int) -> None:
    """No input raises, and none is delivered with what was condemned in it."""
    for number in range(first, first + 100):
        check(mutated(SEEDS, number, run=0), number)


def test_an_input_is_the_same_every_time() -> None:
    """So that a finding can be repeated by its numbers."""
    assert mutated(SEEDS, 17, run=3) == mutated(SEEDS, 17, run=3)
    assert mutated(SEEDS, 17, run=3) != mutated(SEEDS, 18, run=3)
