"""Japanese family names and their readings, to compare names in kanji with addresses."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("surnames.txt")
# Forms of characters that names in registers keep and mail programs exchange.
_VARIANTS = str.maketrans(
    "齋齊斉邊邉澤髙﨑嵜廣濱濵嶋眞冨櫻國惠龍榮齢淵渕瀧德應槇",
    "斎斎斎辺辺沢高崎崎広浜浜島真富桜国恵竜栄齢渕渕滝徳応槙",
)
_LONG = (("ou", ("o", "oh")), ("oo", ("o", "oh")), ("uu", ("u",)))
_OTHER_SPELLINGS = (
    ("sh", ("sy",)), ("shi", ("si",)), ("chi", ("ti",)), ("tsu", ("tu",)), ("fu", ("hu",)),
    ("ji", ("zi",)), ("jo", ("zyo",)), ("ju", ("zyu",)), ("cho", ("tyo",)), ("nb", ("mb",)),
    ("nm", ("mm",)), ("np", ("mp",)), *_LONG,
)  # fmt: skip
_LONGEST_NAME = 3  # characters of the names in the file


def standard(text: str) -> str:
    """A text with its characters in their ordinary forms."""
    return unicodedata.normalize("NFKC", text).casefold().translate(_VARIANTS)


@cache
def _table() -> Mapping[str, frozenset[str]]:
    table: dict[str, frozenset[str]] = {}
    for line in _FILE.read_text(encoding="utf-8").splitlines():
        words = line.partition("#")[0].split()
        latin = [word for word in words if word.isascii()]
        readings = frozenset(spelling for word in latin for spelling in _spellings(word))
        for name in words[: len(words) - len(latin)]:
            name = standard(name)
            table[name] = table.get(name, frozenset()) | readings
    return table


def _spellings(reading: str) -> frozenset[str]:
    found = {reading}
    for sound, others in _OTHER_SPELLINGS:
        found |= {
            spelling.replace(sound, other)
            for spelling in list(found)
            if sound in spelling
            for other in others
        }
    return frozenset(found)


@cache
def _all_readings() -> frozenset[str]:
    return frozenset(reading for readings in _table().values() for reading in readings)


def surname_of(text: str) -> str:
    """The longest known family name that a Japanese text begins with, empty where none is."""
    text = standard(text[: 2 * _LONGEST_NAME])
    starts = (text[:length] for length in range(_LONGEST_NAME, 0, -1))
    return next((start for start in starts if start in _table()), "")


def readings_of(surname: str) -> frozenset[str]:
    """How a family name may be spelled in Latin letters; empty where it is not known."""
    return _table().get(standard(surname), frozenset())


def readings_in(words: Iterator[str] | list[str]) -> frozenset[str]:
    """The known readings among Latin words, also behind or in front of a given name's initial."""
    known = _all_readings()
    return frozenset(
        part for word in words for part in (word, word[1:], word[:-1]) if part in known
    )
