"""Text as the classifier compares it: one spelling for what looks alike, no addresses, one line."""

from __future__ import annotations

import re
import unicodedata

# Spam says what it wants at its start; a long tail would only cost time.
LONGEST_BODY = 24_000
LONGEST_LINE = 400

_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"'、。」）]{1,2000}", re.IGNORECASE)
_MAIL_ADDRESS = re.compile(r"[\w.+=-]{1,64}@[\w.-]{1,200}")
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\ufeff]"
)
_DIGIT = re.compile(r"[0-9]")
_LONG_RUN = re.compile(r"([^\w\s])\1{3,}")
_BLANKS = re.compile(r"\s+")


def normalise(text: str, longest: int = LONGEST_BODY) -> str:
    """NFKC, lower case, digits as 0, links and addresses as marks, blanks as one blank each.

    Of the text only the first ``longest`` characters are looked at. That neither links nor
    addresses nor numbers stay keeps persons and hosts out of the model.
    """
    text = text[:longest]
    if not text.isascii():
        text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))[: 2 * longest]
    text = _URL.sub(" \u2197 ", text)
    text = _MAIL_ADDRESS.sub(" \u2709 ", text)
    text = _DIGIT.sub("0", text.lower())
    text = _LONG_RUN.sub(r"\1\1\1", text)
    return _BLANKS.sub(" ", text).strip()


def invisible_count(text: str) -> int:
    """How many characters of the start of a text take no place on the screen."""
    return 0 if text.isascii() else len(_INVISIBLE.findall(text[:LONGEST_BODY]))
