"""Errors of this app.

PolicyError
├── InvalidAddresses    lines of an address file that cannot be taken; nothing was imported
├── InvalidNotice       the words of a notice that cannot be taken; nothing was changed
├── InvalidRule         a hold rule or a group that cannot be taken; nothing was changed
├── NotBought           settings of another service menu; nothing was changed
└── PolicyChanged       somebody else changed the policy meanwhile; nothing was changed
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum


class PolicyError(Exception):
    """Base of the errors that this app raises on purpose."""


class PolicyChanged(PolicyError):
    """The change was made from a version that is not the last one any more."""


class NotBought(PolicyError):
    """``keys`` are settings of something that the tenant's menu has not got."""

    def __init__(self, keys: Sequence[str], menu: int) -> None:
        super().__init__(f"Menu {menu} has nothing to set with: {', '.join(keys)}.")
        self.keys = tuple(keys)


class InvalidAddresses(PolicyError):
    """``problems`` holds one text for each line that is wrong, with its number."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems[:5]))
        self.problems = tuple(problems)


class Problem(StrEnum):
    """What is wrong with a hold rule or a group; its text is for the operator's shell."""

    NAME = "takes one line of 1 to 100 characters"
    TITLE = "takes one line of at most 100 characters"
    TAKEN = "is the name of another rule"
    ENTRY = "is neither a mail address nor a domain"
    KEYWORD = "is no keyword: one line of at most 100 characters without a semicolon"
    COUNT = "is no number from 0 to 1,000"
    TOO_MANY = "are more values than a field takes"
    FULL = "is more than there may be"
    GONE = "is not there any more"
    INSIDE = "is no address of the tenant's mail domains"
    MEMBERS = "takes 1 to 1,000 members"


class InvalidRule(PolicyError):
    """``field`` names what cannot be taken, ``value`` is what was given."""

    def __init__(self, field: str, problem: Problem, value: str = "") -> None:
        super().__init__(f"{field}: {value or field} {problem}.")
        self.field = field
        self.problem = problem
        self.value = value


class NoticeProblem(StrEnum):
    """What is wrong with the words of a notice; its text is for the operator's shell."""

    SUBJECT = "takes one line of 1 to 200 characters"
    BODY = "takes 1 to 5,000 characters"
    CONTROL = "has control characters"
    UNKNOWN = "does not know"
    BODY_ONLY = "does not take"
    MISSING = "needs"


class InvalidNotice(PolicyError):
    """``field`` is subject or body, ``names`` are the variables that it is about."""

    def __init__(self, field: str, problem: NoticeProblem, names: Sequence[str] = ()) -> None:
        shown = ", ".join(f"{{{name}}}" for name in names)
        super().__init__(f"{field}: {problem} {shown}".rstrip() + ".")
        self.field = field
        self.problem = problem
        self.names = tuple(names)
