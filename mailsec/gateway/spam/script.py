"""Which scripts a text is written in, and what does not go together in it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mailsec.gateway.spam.text import LONGEST_LINE, invisible_count

_LOOKED_AT = 4_000
_SCRIPTS = {
    "kana": re.compile("[\u3041-\u30ff\uff66-\uff9d]+"),
    "han": re.compile("[\u3400-\u9fff\uf900-\ufaff]+"),
    "hangul": re.compile("[\u1100-\u11ff\uac00-\ud7a3]+"),
    "cyrillic": re.compile("[\u0400-\u04ff]+"),
    "latin": re.compile("[A-Za-z\u00c0-\u024f]+"),
    "arabic": re.compile("[\u0600-\u06ff]+"),
    "thai": re.compile("[\u0e00-\u0e7f]+"),
}
_HAN = _SCRIPTS["han"]
_ASCII = re.compile("[\x00-\x7f]+")
_ASCII_LETTERS = re.compile("[A-Za-z]+")
_MIXED_WORD = re.compile(
    "[A-Za-z][\u0400-\u04ff\u0370-\u03ff]|[\u0400-\u04ff\u0370-\u03ff][A-Za-z]"
)
_STYLED = re.compile("[\U0001d400-\U0001d7ff\u2460-\u24ff]")
_EMOJI = re.compile("[\u2600-\u27bf\U0001f300-\U0001faff]")


def main_script(text: str) -> str:
    """``kana`` for Japanese, ``han`` for Chinese, otherwise the script of most letters."""
    start = text[:_LOOKED_AT]
    if start.isascii():
        return "latin" if any(map(str.isalpha, start)) else "none"
    # Most of a text with a few other characters is ASCII, which only one script has letters in.
    beyond = _ASCII.sub("", start)
    counts = {name: sum(map(len, runs.findall(beyond))) for name, runs in _SCRIPTS.items()}
    counts["latin"] += sum(map(len, _ASCII_LETTERS.findall(start)))
    letters = sum(counts.values())
    if not letters:
        return "none"
    if counts["kana"] * 12 >= letters:
        return "kana"
    if counts["han"] * 8 >= letters:
        return "han"
    return max(counts, key=lambda name: counts[name])


def facts(text: str, subject: str) -> Iterator[str]:
    """What is odd about the writing; the language itself is no fact, since it is no fault."""
    start = text[:_LOOKED_AT]
    both = subject[:LONGEST_LINE] + "\n" + start
    if both.isascii():
        return
    beyond = _ASCII.sub("", both)
    if main_script(both) == "kana":
        outside = _outside_jis(both)
        if outside:
            yield "kanji-outside-jis"
        if outside > 5:
            yield "many-kanji-outside-jis"
    if _MIXED_WORD.search(both):
        yield "scripts-mixed-in-word"
    if len(_STYLED.findall(beyond)) > 3:
        yield "styled-letters"
    hidden = invisible_count(beyond)
    if hidden:
        yield "invisible-letters"
    if hidden > 20:
        yield "many-invisible-letters"
    if _EMOJI.search(subject):
        yield "emoji-in-subject"
    if beyond.count("\ufffd") > 3:
        yield "undecodable-letters"


def _outside_jis(text: str) -> int:
    """How many Chinese characters Japanese character sets do not have."""
    written = "".join(_HAN.findall(text))
    return len(written) - len(written.encode("cp932", "ignore").decode("cp932"))
