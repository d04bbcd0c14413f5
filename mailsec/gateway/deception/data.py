"""The package's data files: one entry a line, ``#`` starts a comment."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent


def lines_of(name: str) -> tuple[str, ...]:
    """The entries of one data file, without blanks and comments."""
    rows = (_FOLDER / name).read_text(encoding="utf-8").splitlines()
    return tuple(line for row in rows if (line := row.partition("#")[0].strip()))


@cache
def free_mail() -> frozenset[str]:
    """The domains at which anybody can have a mailbox."""
    return frozenset(lines_of("free_mail.txt"))


@cache
def link_rewriters() -> frozenset[str]:
    """The domains through which senders and mail filters lead every link."""
    return frozenset(lines_of("link_rewriters.txt"))
