"""Passwords that people read and type."""

from __future__ import annotations

import re

import pytest

from mailsec.gateway.zipping.password import new_archive_name, new_password


@pytest.mark.parametrize("length", [8, 14, 64])
def test_every_password_is_long_mixed_and_can_be_read_aloud(length: int) -> None:
    """Four classes, no look-alikes, and no end that a mail program takes for punctuation."""
    for _ in range(500):
        password = new_password(length)
        assert len(password) == length
        assert re.search("[a-z]", password)
        assert re.search("[A-Z]", password)
        assert re.search("[0-9]", password)
        assert re.search("[^a-zA-Z0-9]", password)
        assert not set(password) & set("0O1lI")
        assert password[-1].isalnum()
        assert not set(password) & set("<>&\"'\\")


def test_no_two_are_the_same() -> None:
    """They come from the system's random source."""
    assert len({new_password() for _ in range(1000)}) == 1000


@pytest.mark.parametrize("length", [0, 7, 65])
def test_too_short_or_too_long_a_password_is_not_made(length: int) -> None:
    """A setting that slipped through makes no weak password."""
    with pytest.raises(ValueError, match="8 to 64"):
        new_password(length)


def test_the_archives_name_tells_nothing() -> None:
    """Seven digits, leading zeros kept."""
    names = {new_archive_name() for _ in range(200)}
    assert len(names) > 190
    assert all(re.fullmatch(r"enc\d{7}\.zip", name) for name in names)
