"""The lists as a CSV file: kind, entry, recipient, last_day, note; written also: author."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from mailsec.gateway.errors import InvalidPolicy
from mailsec.gateway.lists import canonical_entry
from policies.csv_text import Problem, harmless, plain
from policies.entries import Key, NewEntry, end_of, last_day
from policies.models import ListEntry
from threats.choices import ListKind

COLUMNS = ("kind", "entry", "recipient", "last_day", "note", "author")
_NEEDED = ("kind", "entry")
_LATEST = date(2100, 1, 1)


@dataclass(frozen=True, slots=True)
class Reading:
    """The entries of a file, or what is wrong with it."""

    entries: tuple[NewEntry, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """What entries are measured by: the tenant's mail domains, its zone and calendar, the limit."""

    domains: frozenset[str]
    zone: ZoneInfo
    today: date
    most: int


def read_entries(text: str, rules: Rules) -> Reading:
    """Every entry of the file, or every line that is wrong; it never raises."""
    entries: dict[Key, tuple[int, NewEntry]] = {}
    problems: list[Problem] = []
    try:
        for number, row in _rows(text):
            try:
                entry = _entry(row, rules)
                if entry.key in entries:
                    raise ValueError(_same_as(entries[entry.key][0]))
                entries[entry.key] = (number, entry)
            except ValueError as error:
                problems.append(Problem(number, str(error)))
            if len(entries) > rules.most:
                raise ValueError(_too_many(rules.most))
    except (ValueError, csv.Error) as error:
        words = _("The file is no CSV file.") if isinstance(error, csv.Error) else str(error)
        problems = [Problem(0, words)]
    if problems:
        return Reading(problems=tuple(problems))
    return Reading(tuple(entry for _number, entry in entries.values()))


def _rows(text: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    reader = csv.reader(io.StringIO(text, newline=""))
    header = [name.strip().lower() for name in next(reader, [])]
    if not set(_NEEDED) <= set(header):
        raise ValueError(_("The first line must name the columns: kind, entry, …"))
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield reader.line_num, dict(zip(header, (cell.strip() for cell in cells), strict=False))


def _entry(row: Mapping[str, str], rules: Rules) -> NewEntry:
    kind = row.get("kind", "").lower()
    if kind not in ListKind.values:
        raise ValueError(_("The kind must be “allow” or “block”."))
    day = row.get("last_day", "")
    return NewEntry(
        kind,
        entry_of(plain(row.get("entry", ""))),
        recipient_of(plain(row.get("recipient", "")), rules.domains),
        end_of(day_of(day, rules.today), rules.zone) if day else None,
        note_of(plain(row.get("note", ""))),
    )


def entry_of(text: str) -> str:
    """An entry as it is stored; ValueError says in the reader's language what it takes."""
    try:
        return canonical_entry(text)
    except InvalidPolicy:
        raise ValueError(
            _("Enter a mail address, a domain, an IP address or a network such as 192.0.2.0/24.")
        ) from None


def recipient_of(text: str, domains: frozenset[str]) -> str:
    """One of the tenant's addresses, empty for the whole company; ValueError as above."""
    address = text.strip().lower()
    local, _at, domain = address.rpartition("@")
    proper = local and domain in domains and len(address) <= 254 and address.isprintable()
    if address and not (proper and " " not in address):
        raise ValueError(_("Enter an address of one of your mail domains, or leave it empty."))
    return address


def day_of(text: str, today: date) -> date:
    """A day that is not over; ValueError as above."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError(_("Enter the last day as in 2026-12-31.")) from None
    if not today <= day <= _LATEST:
        raise ValueError(_("This day is over, or too far ahead."))
    return day


def note_of(text: str) -> str:
    """A note; ValueError as above."""
    if len(text) > 200 or not text.isprintable():
        raise ValueError(_("A remark is one line of at most 200 characters."))
    return text


def _same_as(line: int) -> str:
    return _("The same entry stands in line %(line)d.") % {"line": line}


def _too_many(most: int) -> str:
    return _("The file has more than %(most)d entries.") % {"most": most}


def write_entries(rows: Iterable[ListEntry], zone: ZoneInfo) -> Iterator[str]:
    """The lines of the file, with its header; what is read again gives the same entries."""
    line = io.StringIO()
    writer = csv.writer(line)
    for cells in _cells(rows, zone):
        writer.writerow(cells)
        yield line.getvalue()
        line.seek(0)
        line.truncate()


def _cells(rows: Iterable[ListEntry], zone: ZoneInfo) -> Iterator[tuple[str, ...]]:
    yield COLUMNS
    for row in rows:
        day = last_day(row.expires_at, zone).isoformat() if row.expires_at else ""
        # Senders choose their addresses, and users put them on their lists.
        texts = (row.entry, row.recipient, day, row.note, row.author)
        yield row.kind, *map(harmless, texts)
