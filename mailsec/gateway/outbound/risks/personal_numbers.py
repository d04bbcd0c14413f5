"""Numbers that must not go astray: My Number and payment cards, known by their check digits."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from mailsec.gateway.deception.details import cleaned
from mailsec.gateway.outbound.risks.facts import Dispatch, Risk, RiskCode

_LONGEST = 1_000_000  # characters of subject and text
# Twelve to nineteen digits that stand alone, whole or in groups with one sign between.
_ALONE, _ENDS = r"(?<![A-Za-z0-9_.+-])", r"(?![A-Za-z0-9_-])"
_RUN = re.compile(rf"{_ALONE}(?:[0-9]{{12,19}}|[0-9]{{4}}(?:[ -][0-9]{{2,6}}){{2,4}}){_ENDS}")
_CARD = re.compile(
    r"4\d{15}|4\d{18}|(?:5[1-5]\d{2}|222[1-9]|22[3-9]\d|2[3-6]\d{2}|27[01]\d|2720)\d{12}"
    r"|3[47]\d{13}|35(?:2[89]|[3-8]\d)\d{12}|(?:30[0-5]|309|36\d|3[89]\d)\d{11}"
    r"|(?:6011|64[4-9]\d|65\d{2})\d{12}|62\d{14,17}"
)


def look(mail: Dispatch) -> Iterator[Risk]:
    """``my-number`` and ``card-number``, each once, with how many there are and how the first ends.

    The numbers themselves are never passed on. Quoted text counts too: it leaves with the mail.
    """
    text = f"{mail.message.subject}\n{mail.message.text}"[:_LONGEST]
    found: dict[RiskCode, dict[str, None]] = {}
    for run in _RUN.findall(unicodedata.normalize("NFKC", text)):
        digits = re.sub(r"\D", "", run)
        if is_my_number(digits):
            found.setdefault(RiskCode.MY_NUMBER, {})[digits] = None
        elif is_card_number(digits):
            found.setdefault(RiskCode.CARD_NUMBER, {})[digits] = None
    for code in (RiskCode.MY_NUMBER, RiskCode.CARD_NUMBER):
        if code in found:
            first = next(iter(found[code]))
            yield Risk(code, detail=cleaned(count=str(len(found[code])), end=first[-2:]))


def is_my_number(digits: str) -> bool:
    """Twelve digits, the last of which checks the others.

    The check digit is that of the Ordinance of the Ministry of Internal Affairs and Communications
    No. 85 of 2014, article 5: 11 less the remainder by 11 of the sum of P times Q, and 0 where the
    remainder is 0 or 1; P are the digits from the lowest, Q is 2 to 7 and then 2 to 6.
    """
    if len(digits) != 12 or not _are_digits(digits) or len(set(digits)) == 1:
        return False
    body = [int(digit) for digit in reversed(digits[:11])]
    total = sum(digit * (place + 2 if place < 6 else place - 4) for place, digit in enumerate(body))
    remainder = total % 11
    return int(digits[11]) == (0 if remainder <= 1 else 11 - remainder)


def is_card_number(digits: str) -> bool:
    """A number of the great brands whose Luhn sum (ISO/IEC 7812-1) is right."""
    if not _are_digits(digits) or not _CARD.fullmatch(digits) or len(set(digits)) == 1:
        return False
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _are_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()
