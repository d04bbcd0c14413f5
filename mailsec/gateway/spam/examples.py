"""The few strings of a mail that weigh most, for people to read."""

from __future__ import annotations

import unicodedata

import numpy as np
from numpy.typing import NDArray

from mailsec.gateway.spam import features, ngrams

_WINDOW = 4
_MOST = 3
_LONGEST = 24


def strongest(text: str, code: str, weights: NDArray[np.float32], spam: bool) -> tuple[str, ...]:
    """Up to three pieces of a normalised text that speak most for spam, or against it."""
    if not text:
        return ()
    places = _places(text, code, weights) * (1.0 if spam else -1.0)
    found: dict[str, None] = {}
    for _ in range(_MOST * 3):
        if len(found) == _MOST or not places.size:
            break
        at = int(places.argmax())
        if places[at] <= 0:
            break
        start, end = _bounds(text, at)
        places[max(start - _WINDOW, 0) : end] = 0
        piece = _clean(text[start:end])
        if len(piece) > 1:
            found[piece] = None
    return tuple(found)


def _places(text: str, code: str, weights: NDArray[np.float32]) -> NDArray[np.float64]:
    """For each place of the text what the n-grams within the next few characters weigh."""
    total = np.zeros(len(text) + 2)
    for size, buckets in ngrams.hashes(text, features.SALTS[code], features.TEXT_BITS).items():
        total[: buckets.size] += weights[buckets] / size
    return np.convolve(total[1:-1], np.ones(_WINDOW), "full")[_WINDOW - 1 :][: len(text)]


def _bounds(text: str, at: int) -> tuple[int, int]:
    """The words of Latin text, or the run of one kind of Japanese letters, around a place."""
    start, end = at, min(at + _WINDOW, len(text))
    while start > 0 and end - start < _LONGEST and _joined(text[start - 1], text[start]):
        start -= 1
    while end < len(text) and end - start < _LONGEST and _joined(text[end - 1], text[end]):
        end += 1
    return start, end


def _joined(left: str, right: str) -> bool:
    return _kind(left) == _kind(right) != ""


def _kind(character: str) -> str:
    if character.isascii():
        return "latin" if character.isalnum() else ""
    if not character.isalpha():
        return ""
    return unicodedata.name(character, "").partition(" ")[0]


def _clean(piece: str) -> str:
    """Without control characters and what only stands for something that was left out."""
    shown = "".join(one if one.isprintable() and one not in "↗✉" else " " for one in piece)
    return " ".join(shown.split()).strip("「」、。,.;:()[]-")
