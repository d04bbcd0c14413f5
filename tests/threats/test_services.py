"""The operator's list of harmful files."""

from __future__ import annotations

import hashlib

import pytest

from threats import selectors, services
from threats.errors import InvalidHash
from workers.examination import scanner

FILE = b"a harmless file of the tests"
DIGEST = hashlib.sha256(FILE).hexdigest()


@pytest.mark.django_db
def test_a_blocked_file_is_a_virus_for_every_scan() -> None:
    """The built-in scanner reports the operator's name for it."""
    assert not scanner().scan(FILE).infected
    services.block_file(DIGEST.upper(), "Operator.Test")
    selectors.forget()
    assert scanner().scan(FILE).virus == "Operator.Test"


@pytest.mark.django_db
@pytest.mark.parametrize(("digest", "name"), [("x", "n"), (DIGEST, " "), (DIGEST[:-1], "n")])
def test_a_bad_entry_is_refused(digest: str, name: str) -> None:
    """With words, and nothing stored."""
    with pytest.raises(InvalidHash):
        services.block_file(digest, name)


@pytest.mark.django_db
def test_a_file_is_blocked_once_and_unblocked_once() -> None:
    """The second time is an error that says so."""
    services.block_file(DIGEST, "Operator.Test")
    with pytest.raises(InvalidHash):
        services.block_file(DIGEST, "Again")
    services.unblock_file(DIGEST)
    with pytest.raises(InvalidHash):
        services.unblock_file(DIGEST)
