"""The schedule of attempts, of the delay notice and of giving up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsec.gateway.retry import RetrySchedule

ARRIVED = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)
SCHEDULE = RetrySchedule()


def test_waits_grow_from_a_minute_to_an_hour() -> None:
    waits = []
    now = ARRIVED
    for attempts in range(1, 8):
        at = SCHEDULE.next_attempt(attempts, ARRIVED, now)
        assert at is not None
        waits.append((at - now) / timedelta(minutes=1))
        now = at
    assert waits == [1, 5, 15, 60, 60, 60, 60]


def test_the_last_attempt_is_made_at_the_end_and_then_it_is_given_up() -> None:
    expiry = ARRIVED + timedelta(hours=120)
    near = expiry - timedelta(minutes=10)
    assert SCHEDULE.next_attempt(99, ARRIVED, near) == expiry
    assert SCHEDULE.next_attempt(100, ARRIVED, expiry) is None


def test_a_tenant_may_choose_when_to_give_up() -> None:
    short = RetrySchedule(give_up_hours=1)
    assert short.next_attempt(5, ARRIVED, ARRIVED + timedelta(hours=1)) is None


def test_a_unit_makes_five_days_pass_quickly() -> None:
    quick = RetrySchedule(unit_seconds=0.001)
    assert quick.next_attempt(1, ARRIVED, ARRIVED) == ARRIVED + timedelta(milliseconds=60)
    assert quick.expires_at(ARRIVED) == ARRIVED + timedelta(seconds=432)


def test_the_delay_is_told_once_between_four_hours_and_the_end() -> None:
    at = {hours: ARRIVED + timedelta(hours=hours) for hours in (3.99, 4, 119, 120)}
    assert not SCHEDULE.delay_notice_due(ARRIVED, at[3.99], noticed=False)
    assert SCHEDULE.delay_notice_due(ARRIVED, at[4], noticed=False)
    assert SCHEDULE.delay_notice_due(ARRIVED, at[119], noticed=False)
    assert not SCHEDULE.delay_notice_due(ARRIVED, at[4], noticed=True)
    assert not SCHEDULE.delay_notice_due(ARRIVED, at[120], noticed=False)


@pytest.mark.parametrize("wrong", [{"delays": ()}, {"delays": (0.0,)}, {"unit_seconds": 0.0}])
def test_a_schedule_that_would_never_wait_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="schedule"):
        RetrySchedule(**wrong)  # type: ignore[arg-type]


@given(
    st.integers(-3, 10_000),
    st.floats(0, 200 * 3600),
    st.floats(0, 1),
    st.floats(0.001, 10),
)
def test_the_next_attempt_is_in_the_future_and_never_after_the_end(
    attempts: int, seconds: float, jitter: float, unit: float
) -> None:
    schedule = RetrySchedule(unit_seconds=unit)
    now = ARRIVED + timedelta(seconds=seconds)
    at = schedule.next_attempt(attempts, ARRIVED, now, jitter)
    if at is None:
        assert now >= schedule.expires_at(ARRIVED)
    else:
        assert now < at <= schedule.expires_at(ARRIVED)
        assert at - now <= timedelta(seconds=3600 * 1.1 * unit + 0.001)


@given(st.floats(0, 1))
def test_every_schedule_ends(jitter: float) -> None:
    now, attempts = ARRIVED, 1
    while (at := SCHEDULE.next_attempt(attempts, ARRIVED, now, jitter)) is not None:
        now, attempts = at, attempts + 1
    assert 110 <= attempts <= 130
    assert now == SCHEDULE.expires_at(ARRIVED)
