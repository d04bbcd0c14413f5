"""What readers of containers yield."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from mailsec.gateway.archives.budget import Budget


class Problem(StrEnum):
    """Why a member could not be looked into, or not wholly."""

    NONE = ""
    ENCRYPTED = "encrypted"
    DAMAGED = "damaged"
    OVER_BUDGET = "over-budget"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class Member:
    """One file inside a container; ``path`` leads to it through all levels, parted by ``/``.

    With a problem the content may be empty or only what could be read. An empty path with a problem
    speaks of the container itself.
    """

    path: str
    content: bytes
    problem: Problem = Problem.NONE


@dataclass(frozen=True, slots=True)
class Label:
    """What is known of a content from outside: its own name, and the charset of its names.

    ``charset`` is the one of the text that the content travelled in; empty where none is known.
    """

    name: str = ""
    charset: str = ""


Reader = Callable[[bytes, Label, Budget], Iterator[Member]]
