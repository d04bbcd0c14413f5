"""Characters that look like others, taken back to what a hasty reader sees."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

# Cyrillic, Greek, Armenian and Latin letters beside the ASCII letter of the same shape.
_TWINS = {
    "a": "аӓᴀɑαɐ", "b": "Ььƅ", "c": "сϲᴄ", "d": "ԁɗ", "e": "еёҽєε", "g": "ɡց", "h": "һհ",
    "i": "іїıι", "j": "јϳ", "k": "κк", "l": "ӏǀⅼ", "m": "м", "n": "ոռпη", "o": "оοσօ๐",
    "p": "ρр", "q": "ԛգ", "r": "г", "s": "ѕʂ", "t": "тτ", "u": "υս", "v": "νѵ", "w": "ωшѡ",
    "x": "хχ", "y": "уүγʏ", "z": "ᴢ",
}  # fmt: skip
_LETTERS = str.maketrans({twin: letter for letter, twins in _TWINS.items() for twin in twins})
# Signs for which another stands in at a glance; what is longer comes first.
_GROUPS = (("rn", "m"), ("vv", "w"), ("0", "o"), ("1", "l"))
_LONGEST = 128


def latin(text: str) -> str:
    """The text with Cyrillic, Greek and Armenian letters as the Latin ones of the same shape."""
    return text if text.isascii() else text.translate(_LETTERS)


@lru_cache(maxsize=8192)
def skeleton(text: str) -> str:
    """What the text looks like in plain Latin letters; two texts with one skeleton look alike."""
    text = latin(unicodedata.normalize("NFKC", text[:_LONGEST]).casefold()).replace("|", "l")
    if not text.isascii():
        parts = unicodedata.normalize("NFD", text)
        text = "".join(char for char in parts if not unicodedata.combining(char))
    for group, letter in _GROUPS:
        text = text.replace(group, letter)
    return text


def mixes_scripts(label: str) -> bool:
    """Whether one label holds Latin letters beside Cyrillic, Greek or Armenian ones.

    Japanese names mix Latin with kana and kanji as a matter of course.
    """
    if label.isascii():
        return False
    scripts = {unicodedata.name(char, "").partition(" ")[0] for char in label if char.isalpha()}
    foreign = scripts & {"CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE"}
    return len(foreign) > 1 or (bool(foreign) and "LATIN" in scripts)


def distance(one: str, other: str, most: int) -> int:
    """Insertions, deletions, changes and swaps of neighbours between two texts, up to ``most``.

    The optimal string alignment; anything above ``most`` is given as ``most + 1``.
    """
    if abs(len(one) - len(other)) > most or max(len(one), len(other)) > _LONGEST:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, 1):
        older, before = before, row
        row = [i]
        for j, right in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (left != right))
            swapped = i > 1 and j > 1 and left == other[j - 2] and one[i - 2] == right
            row.append(min(cost, older[j - 2] + 1) if swapped else cost)
        if min(row) > most:
            return most + 1
    return min(row[-1], most + 1)
