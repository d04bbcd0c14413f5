"""The lists as a CSV file."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from mailsec.gateway.errors import InvalidPolicy
from mailsec.gateway.lists import canonical_entry
from policies.csv_text import decoded
from policies.entries import end_of, last_day
from policies.entry_file import Rules, read_entries, write_entries
from policies.models import ListEntry

TOKYO = ZoneInfo("Asia/Tokyo")
RULES = Rules(frozenset({"alpha.example.jp"}), TOKYO, date(2026, 4, 1), 5)
HEADER = "kind,entry,recipient,last_day,note\r\n"


def texts(file: str) -> list[tuple[int, str]]:
    with translation.override("en"):
        return [(problem.line, problem.text) for problem in read_entries(file, RULES).problems]


def test_entries_are_read_in_their_canonical_form() -> None:
    """As when they are entered one by one."""
    file = HEADER + (
        "block,@EXAMPLE.com,,,\r\n\r\n"
        "ALLOW, 192.0.2.7/24 ,User@alpha.example.jp,2026-04-30,取引先\r\n"
    )
    first, second = read_entries(file, RULES).entries
    assert first.key == ("block", "example.com", "")
    assert second.key == ("allow", "192.0.2.0/24", "user@alpha.example.jp")
    assert second.expires_at == datetime(2026, 5, 1, tzinfo=TOKYO)
    assert second.note == "取引先"


def test_columns_may_stand_in_any_order_and_others_are_passed_over() -> None:
    """A file of somebody else's has them."""
    file = "Note,Entry,Owner,Kind\r\nwhy,example.com,me,block\r\n"
    (entry,) = read_entries(file, RULES).entries
    assert (entry.key, entry.note) == (("block", "example.com", ""), "why")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("deny,example.com,,,", "“allow” or “block”"),
        ("block,no domain,,,", "a mail address, a domain"),
        ("block,a\x07b@example.com,,,", "a mail address, a domain"),
        ("block,,,,", "a mail address, a domain"),
        ("block", "a mail address, a domain"),
        ("block,example.com,user@beta.example.jp,,", "one of your mail domains"),
        ("block,example.com,@alpha.example.jp,,", "one of your mail domains"),
        ("block,example.com,a b@alpha.example.jp,,", "one of your mail domains"),
        ("block,example.com,,tomorrow,", "2026-12-31"),
        ("block,example.com,,2026-03-31,", "over"),
        ("block,example.com,,9999-12-31,", "too far"),
        ("block,example.com,,," + "x" * 201, "200"),
        ("block,example.org,,,", "in line 2"),
    ],
)
def test_every_wrong_line_is_named(line: str, words: str) -> None:
    """With its number in the file; the good ones beside it are not taken either."""
    file = f"{HEADER}block,example.org,,,\r\nblock,example.net,,,\r\n{line}\r\n"
    ((number, text),) = texts(file)
    assert number == 4
    assert words in text
    assert not read_entries(file, RULES).entries


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("", "must name the columns"),
        ("block,example.com\r\n", "must name the columns"),
        (HEADER + "".join(f"block,d{n}.example.com,,,\r\n" for n in range(6)), "more than 5"),
        (HEADER + 'block,"' + "x" * 200_000 + '",,,\r\n', "no CSV file"),
    ],
)
def test_a_file_that_is_none_is_refused_as_a_whole(file: str, words: str) -> None:
    """One problem for all of it."""
    ((number, text),) = texts(file)
    assert number == 0
    assert words in text


@given(st.text(max_size=300))
def test_no_text_stops_the_reader(text: str) -> None:
    """It gives entries or problems, never both."""
    reading = read_entries(HEADER + text, RULES)
    assert not (reading.entries and reading.problems)


_LINES = st.text(st.characters(blacklist_categories=["C", "Z"]), max_size=20)
_NOTES = st.builds(lambda mark, text: mark + text, st.sampled_from(["", *"=+-@'"]), _LINES)


@given(st.sampled_from(["allow", "block"]), _NOTES, st.none() | st.dates(date(2026, 4, 1)))
def test_what_is_written_reads_the_same(kind: str, note: str, day: date | None) -> None:
    """Also what a spreadsheet would take for a formula."""
    if day is not None and day > date(2099, 1, 1):
        day = date(2099, 1, 1)
    row = ListEntry(
        kind=kind,
        entry="=a@example.com",
        recipient="+b@alpha.example.jp",
        author="a@alpha.example.jp",
        note=note,
        expires_at=end_of(day, TOKYO) if day else None,
    )
    (entry,) = read_entries("".join(write_entries([row], TOKYO)), RULES).entries
    assert entry.key == (kind, "=a@example.com", "+b@alpha.example.jp")
    assert (entry.note, entry.expires_at) == (note, row.expires_at)


@pytest.mark.parametrize(
    "text", ["=cmd|'/c'!a@example.net", "+1@example.net", "-1@example.net", "＝a@example.net"]
)
def test_no_cell_of_the_file_is_a_formula(text: str) -> None:
    """Attack: a user blocks such a sender, and it runs in the administrator's spreadsheet."""
    row = ListEntry(kind="block", entry=text, recipient=text, author=text, note=text)
    _header, line = write_entries([row], TOKYO)
    assert not any(cell.startswith(("=", "+", "-", "@", "＝")) for cell in next(csv.reader([line])))


def test_an_entry_that_ends_within_a_day_holds_on_that_day() -> None:
    """Made from the shell, it may end at any time."""
    assert last_day(datetime(2026, 4, 1, 3, tzinfo=UTC), TOKYO) == date(2026, 4, 1)
    assert last_day(end_of(date(2026, 4, 1), TOKYO), TOKYO) == date(2026, 4, 1)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("取引先".encode("cp932"), "取引先"),
        ("取引先".encode("utf-8-sig"), "取引先"),
        (b"\x81\x20", None),
    ],
)
def test_files_of_japanese_spreadsheets_are_read(data: bytes, text: str | None) -> None:
    """UTF-8 with or without its mark, and CP932; anything else is refused."""
    assert decoded(data) == text


def test_a_control_character_makes_no_entry() -> None:
    """PostgreSQL would refuse NUL with an error."""
    with pytest.raises(InvalidPolicy):
        canonical_entry("a\0b@example.com")
