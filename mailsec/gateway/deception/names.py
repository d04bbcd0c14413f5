"""Names of people, folded so that one person's name in another spelling is the same.

Width, case, blanks, punctuation, honorifics, titles, and the order of given and family name do not
count.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_BRACKETS = re.compile(r"[(\[【〔「『<＜(][^)\]】〕」』>＞)]{0,60}[)\]】〕」』>＞)]")
_DIVIDERS = re.compile(r"[/|｜／@＠:：;；]|\s[-–—]\s|\bvia\b|株式会社|有限会社|合同会社")
_BREAKS = re.compile(r"[\s,.、，．・･_'\"’“”\-‐–=＝*]+")
_HONORIFICS = re.compile(
    r"(?:代表取締役|取締役|執行役員|代表|社長|会長|副社長|専務|常務|部長|次長|課長|係長|主任|室長|"
    r"店長|支店長|所長|局長|先生|博士|様|殿|さん|さま|氏|君|くん)+$"
)
_TITLE_FRONT = re.compile(
    r"^(?:代表取締役|取締役|執行役員|代表|社長|会長|専務|常務|部長|次長|課長|係長|主任)+"
)
_LATIN_TITLES = frozenset(
    "mr mrs ms miss mx dr prof sir madam phd md mba ceo cfo coo cto president director manager "
    "jr sr san sama chan".split()
)
_MOST_PIECES = 6


@lru_cache(maxsize=4096)
def keys(name: str) -> tuple[str, ...]:
    """The folded forms under which a written name may be found, the likeliest first.

    Empty where too little is left to be a person's name of its own. Anybody who stores names to
    compare with must fold them by this function too: two names are one where they share a key.
    """
    text = unicodedata.normalize("NFKC", name[:200]).casefold()
    found: dict[str, None] = {}
    for piece in (text, _BRACKETS.sub(" ", text), *_DIVIDERS.split(_BRACKETS.sub(" ", text))[:4]):
        words = _words(piece)
        # Behind or in front of a company's or a department's name, too.
        for some in (words, words[-1:], words[-2:], words[:1], words[:2]):
            if _is_enough(some):
                found.setdefault("".join(some))
                found.setdefault("".join(reversed(some)))
    return tuple(found)


def _words(text: str) -> list[str]:
    words = []
    for word in _BREAKS.split(text)[: _MOST_PIECES + 3]:
        bare = "".join(char for char in word if unicodedata.category(char)[0] in "LMN")
        bare = _TITLE_FRONT.sub("", _HONORIFICS.sub("", bare)) if not bare.isascii() else bare
        if bare and bare not in _LATIN_TITLES:
            words.append(bare)
    return words if len(words) <= _MOST_PIECES else []


def _is_enough(words: list[str]) -> bool:
    """A family name alone is shared by thousands: two words, or three characters of kanji."""
    whole = "".join(words)
    if whole.isascii():
        return len(words) > 1 and len(whole) >= 5
    return len(whole) >= 3


@lru_cache(maxsize=1024)
def protected_keys(name: str) -> frozenset[str]:
    """The folded forms of a name that an administrator asked to protect, however short it is."""
    words = _words(unicodedata.normalize("NFKC", name[:200]).casefold())
    return frozenset((*keys(name), "".join(words))) - {""}
