"""Text as the classifier compares it: one spelling for what looks alike, no addresses, one line."""

from __future__ import annotations

import re
import unicodedata

# Spam says what it wants at its start; a long tail would only cost time.
LONGEST_BODY = 24_000
LONGEST_LINE = 400

# A set of first letters lets the search skip to where a link may begin; ignoring case would not.
_URL = re.compile(
    r"[HhWw](?:(?<=[Hh])[Tt][Tt][Pp][Ss]?://|(?<=[Ww])[Ww][Ww]\.)[^\s<>\"'、。」）]{1,2000}"
)
_LONGEST_LOCAL = 64
_LOCAL_BACKWARDS = re.compile(r"[\w.+=-]{1,64}")
_DOMAIN = re.compile(r"[\w.-]{1,200}")
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\ufeff]"
)
_ZEROS = str.maketrans("123456789", "000000000")
_LONG_RUN = re.compile(r"([^\w\s])\1{3,}")


def normalise(text: str, longest: int = LONGEST_BODY) -> str:
    """NFKC, lower case, digits as 0, links and addresses as marks, blanks as one blank each.

    Of the text only the first ``longest`` characters are looked at. That neither links nor
    addresses nor numbers stay keeps persons and hosts out of the model.
    """
    text = text[:longest]
    if not text.isascii():
        text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))[: 2 * longest]
    text = _URL.sub(" \u2197 ", text)
    text = _digits_as_zero(_addresses_as_marks(text).lower())
    text = _LONG_RUN.sub(r"\1\1\1", text)
    return " ".join(text.split())


def _addresses_as_marks(text: str) -> str:
    """Each ``local@domain`` as a mark, looked for from its ``@``, since few texts hold any."""
    at = text.find("@")
    if at < 0:
        return text
    pieces, done = [], 0
    while at >= 0:
        local = _LOCAL_BACKWARDS.match(text[max(done, at - _LONGEST_LOCAL) : at][::-1])
        domain = _DOMAIN.match(text, at + 1)
        if local is None or domain is None:
            at = text.find("@", at + 1)
            continue
        pieces += [text[done : at - local.end()], " \u2709 "]
        done = domain.end()
        at = text.find("@", done)
    return "".join((*pieces, text[done:]))


def _digits_as_zero(text: str) -> str:
    if text.isascii():
        return text.translate(_ZEROS)
    for digit in "123456789":
        text = text.replace(digit, "0")
    return text


def invisible_count(text: str) -> int:
    """How many characters of the start of a text take no place on the screen."""
    return 0 if text.isascii() else len(_INVISIBLE.findall(text[:LONGEST_BODY]))
