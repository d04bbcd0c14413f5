"""Text that programs read and people do not, and characters that turn or split words."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mailsec.gateway.case import Case
from mailsec.gateway.deception import brands, senders
from mailsec.gateway.deception.details import cleaned
from mailsec.gateway.envelope import Direction
from mailsec.gateway.message import Hidden
from mailsec.gateway.verdict import Finding, Severity

CHECK = "hidden-text"
# Letters that nobody sees: below this it is a counter or an alternative text. What is not shown at
# all may be meant for another layout; what is shown so that nobody can read it is meant to deceive.
_MUCH = 400
_MUCH_DISGUISED = 60
_DISGUISED = frozenset(("tiny", "same-colour", "transparent", "off-screen"))
# A newsletter's preview line: hidden, at the very top, one or two sentences.
_TOP = 100
_PREVIEW = 300
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
_OVERRIDE = re.compile("[\u202d\u202e]")
_ZERO_WIDTH = "\u00ad\u180e\u200b\u200c\u200d\u2060\ufeff"
# A word in pieces: letters on both sides of what has no width. Joiners have a use in some scripts,
# between Latin letters and kana they have none.
_SPLIT = re.compile(f"[A-Za-z0-9ぁ-ヿ一-鿿][{_ZERO_WIDTH}]+(?=[A-Za-z0-9ぁ-ヿ一-鿿])")
_MANY_SPLITS = 20
_NOTHING = str.maketrans("", "", _ZERO_WIDTH)
_MOST_TEXT = 200_000


def look(case: Case) -> Iterator[Finding]:
    """``hidden-text``, ``direction-override`` and ``split-words``, each once."""
    if case.envelope.direction is not Direction.INBOUND:
        return
    yield from _hidden(case)
    yield from _turned(case)
    yield from _split(case)


def _hidden(case: Case) -> Iterator[Finding]:
    amount: dict[str, int] = {}
    for hidden in case.message.hidden:
        letters = _letters(hidden.text)
        if letters and not _is_preview(hidden, letters):
            amount[hidden.way] = amount.get(hidden.way, 0) + letters
    disguised = sum(letters for way, letters in amount.items() if way in _DISGUISED)
    if disguised >= _MUCH_DISGUISED or sum(amount.values()) >= _MUCH:
        way = max(amount, key=lambda name: amount[name])
        detail = cleaned(way=way, letters=str(sum(amount.values())))
        yield Finding(CHECK, "hidden-text", Severity.SUSPICIOUS, detail=detail)


def _letters(text: str) -> int:
    return sum(map(str.isalnum, text))


def _is_preview(hidden: Hidden, letters: int) -> bool:
    return hidden.before <= _TOP and letters <= _PREVIEW and "://" not in hidden.text


def _turned(case: Case) -> Iterator[Finding]:
    """Names and subjects need no change of direction but in right-to-left scripts."""
    people = (*senders.authors(case.message), *senders.answered_at(case.message))
    for text in (case.message.subject, *(person.name for person in people)):
        if _OVERRIDE.search(text) or (_BIDI.search(text) and not _is_right_to_left(text)):
            detail = cleaned(shown=text)
            yield Finding(CHECK, "direction-override", Severity.SUSPICIOUS, detail=detail)
            return


def _is_right_to_left(text: str) -> bool:
    return re.search("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]", text) is not None


def _split(case: Case) -> Iterator[Finding]:
    people = (*senders.authors(case.message), *senders.answered_at(case.message))
    for text in (case.message.subject, *(person.name for person in people)):
        if _SPLIT.search(text) and brands.claimed_by(text.translate(_NOTHING)) is not None:
            yield _of_words(text.translate(_NOTHING))
            return
    text = case.message.text[:_MOST_TEXT]
    if text.isascii():
        return
    if sum(1 for _ in _SPLIT.finditer(text)) >= _MANY_SPLITS:
        yield _of_words("")


def _of_words(shown: str) -> Finding:
    return Finding(CHECK, "split-words", Severity.SUSPICIOUS, detail=cleaned(shown=shown))
