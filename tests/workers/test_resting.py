"""What failed is left alone for a time."""

from __future__ import annotations

from uuid import uuid4

from workers.resting import Resting


def test_what_failed_is_taken_up_again_when_the_time_is_over() -> None:
    """Of its tenant alone."""
    now = 100.0
    resting, first, second = Resting(60, lambda: now), uuid4(), uuid4()
    resting.add("alpha", first)
    now = 130.0
    resting.add("alpha", second)
    assert resting.of("alpha") == {first, second}
    assert resting.of("beta") == frozenset()
    now = 161.0
    assert resting.of("alpha") == {second}


def test_it_never_grows_without_bound() -> None:
    """A process lives for days."""
    resting = Resting(60, lambda: 0.0)
    for _ in range(10_001):
        resting.add("alpha", uuid4())
    assert len(resting.of("alpha")) <= 10_000
