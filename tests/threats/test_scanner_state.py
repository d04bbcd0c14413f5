"""Which scanner is at work, and how old its definitions are."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsec.gateway.errors import ScannerUnavailable
from threats.scanner_state import ScannerState, read_state

TODAY = datetime.now(UTC).date()


def clamd(words: str) -> ScannerState:
    return read_state("clamd:127.0.0.1:3310", lambda address: words)


def test_clamd_names_its_version_and_the_day_of_its_database() -> None:
    """As it writes them."""
    state = clamd("ClamAV 1.0.7/27450/Thu Nov  7 09:30:12 2024")
    assert state == ScannerState("ClamAV", "1.0.7 / 27450", date(2024, 11, 7))
    assert state.is_old


@pytest.mark.parametrize(
    ("words", "version"),
    [
        ("ClamAV 1.0.7", "1.0.7"),
        ("ClamAV 1.0.7/27450/some day", "1.0.7 / 27450"),
        ("ClamAV 1.0.7/27450", "1.0.7 / 27450"),
    ],
)
def test_without_a_database_or_a_date_the_age_is_not_known(words: str, version: str) -> None:
    """That is no reason to call it fresh, nor old."""
    state = clamd(words)
    assert (state.version, state.dated, state.days, state.is_old) == (version, None, None, False)


@given(st.text(max_size=200))
def test_no_answer_stops_the_page(words: str) -> None:
    """Whatever the other end says."""
    assert clamd(words).reachable


def test_a_silent_clamd_is_named_as_such() -> None:
    """Instead of an error page."""

    def ask(address: str) -> str:
        raise ScannerUnavailable("no answer")

    assert read_state("clamd:/run/clamd.sock", ask) == ScannerState("ClamAV", reachable=False)


def test_a_clamd_that_is_not_there_is_not_reachable() -> None:
    """Asked over a real socket, to a path that does not exist."""
    assert not read_state("clamd:/nowhere/clamd.sock").reachable


@pytest.mark.parametrize(("days", "old"), [(0, False), (7, False), (8, True)])
def test_definitions_are_old_after_a_week(days: int, old: bool) -> None:
    """Only those that are renewed every day."""
    state = ScannerState("ClamAV", "1", TODAY - timedelta(days=days))
    assert (state.days, state.is_old) == (days, old)
    assert not replace(state, engine="Mailsec").is_old


def test_the_built_in_scanner_has_version_and_day() -> None:
    """Of the rules that ship with the service."""
    state = read_state("builtin")
    assert state.engine == "Mailsec"
    assert state.version
    assert state.dated is not None
