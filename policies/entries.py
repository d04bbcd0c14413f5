"""Entries of the allow and block lists as values, and what taking some of them in comes to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from policies.models import ListEntry

# What makes an entry the same as another: kind, entry, recipient.
Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry that is to be on a list: canonical, and the recipient's address in lower case."""

    kind: str
    entry: str
    recipient: str = ""
    expires_at: datetime | None = None
    note: str = ""

    @property
    def key(self) -> Key:
        """What it replaces, if that is there."""
        return self.kind, self.entry, self.recipient


@dataclass(frozen=True, slots=True)
class Effect:
    """What taking entries in does: those that are new, that replace another, that are there."""

    added: tuple[NewEntry, ...]
    replaced: tuple[NewEntry, ...]
    unchanged: int


def effect_of(entries: Iterable[NewEntry], present: Mapping[Key, ListEntry]) -> Effect:
    """Compare entries with those on the lists."""
    added, replaced, unchanged = [], [], 0
    for each in entries:
        row = present.get(each.key)
        if row is None:
            added.append(each)
        elif (row.expires_at, row.note) != (each.expires_at, each.note):
            replaced.append(each)
        else:
            unchanged += 1
    return Effect(tuple(added), tuple(replaced), unchanged)


def end_of(day: date, zone: ZoneInfo) -> datetime:
    """The moment at which an entry ends whose last day this is."""
    return datetime.combine(day + timedelta(days=1), time(), zone)


def last_day(expires_at: datetime, zone: ZoneInfo) -> date:
    """The last day on which an entry holds, at least for a part of it."""
    return (expires_at - timedelta(microseconds=1)).astimezone(zone).date()
