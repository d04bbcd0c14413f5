"""Groups as a CSV file: one member a line, below the columns group, member and name."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from policies.csv_text import Problem, rows_of, written
from policies.errors import InvalidRule
from policies.hold_values import Group, checked_group
from policies.hold_wording import problem_words

COLUMNS = ("group", "member", "name")
_NEEDED = ("group", "member")
MOST_LINES = 50_000


@dataclass(frozen=True, slots=True)
class GroupReading:
    """The groups of a file, or what is wrong with it."""

    groups: tuple[Group, ...] = ()
    problems: tuple[Problem, ...] = ()


def read_groups(text: str, domains: Collection[str], most: int) -> GroupReading:
    """Every group of the file, or every line that is wrong; it never raises."""
    groups: dict[str, Group] = {}
    problems: list[Problem] = []
    try:
        for count, (line, row) in enumerate(rows_of(text, _NEEDED)):
            try:
                group = _line(row, domains)
                known = groups.get(group.address, group)
                groups[group.address] = Group(
                    group.address, (*known.members, *group.members), known.name or group.name
                )
            except InvalidRule as error:
                problems.append(Problem(line, f"{error.field}: {problem_words(error)}"))
            if len(groups) > most or count >= MOST_LINES:
                words = _("The file has more than %(most)d groups or %(lines)d lines.")
                return _unreadable(words % {"most": most, "lines": MOST_LINES})
        found = () if problems else tuple(checked_group(each, domains) for each in groups.values())
    except KeyError:
        return _unreadable(_("The first line must name the columns: group, member, …"))
    except csv.Error:
        return _unreadable(_("The file is no CSV file."))
    except InvalidRule as error:
        return _unreadable(problem_words(error))
    return GroupReading(found, tuple(problems))


def _unreadable(words: str) -> GroupReading:
    return GroupReading(problems=(Problem(0, words),))


def _line(row: Mapping[str, str], domains: Collection[str]) -> Group:
    group = Group(row.get("group", ""), (row.get("member", ""),), row.get("name", ""))
    return checked_group(group, domains)


def write_groups(groups: Iterable[Group]) -> Iterator[str]:
    """The lines of the file, with its header; what is read again gives the same groups."""
    return written(_cells(groups))


def _cells(groups: Iterable[Group]) -> Iterator[tuple[str, ...]]:
    yield COLUMNS
    for group in groups:
        for member in group.members:
            yield group.address, member, group.name
