"""Errors of this app.

PolicyError
├── InvalidAddresses    lines of an address file that cannot be taken; nothing was imported
└── PolicyChanged       somebody else changed the policy meanwhile; nothing was changed
"""

from __future__ import annotations

from collections.abc import Sequence


class PolicyError(Exception):
    """Base of the errors that this app raises on purpose."""


class PolicyChanged(PolicyError):
    """The change was made from a version that is not the last one any more."""


class InvalidAddresses(PolicyError):
    """``problems`` holds one text for each line that is wrong, with its number."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems[:5]))
        self.problems = tuple(problems)
