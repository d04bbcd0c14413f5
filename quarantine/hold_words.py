"""Risk facts of held mail in words, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy

from mailsec.gateway.outbound.risks.facts import RiskCode


@dataclass(frozen=True, slots=True)
class RiskWords:
    """A risk in two or three words, and in a sentence that says what to look at."""

    title: str
    text: str


_WORDS: Mapping[RiskCode, tuple[Any, Any]] = {
    RiskCode.LOOKALIKE: (
        gettext_lazy("Similar domain"),
        gettext_lazy(
            "No mail was sent to the domain %(domain)s before, and it resembles %(resembles)s. "
            "Please check that the address is right."
        ),
    ),
    RiskCode.OTHER_COMPANY: (
        gettext_lazy("Another company"),
        gettext_lazy("Most recipients are at %(company)s, but this one is at %(domain)s."),
    ),
    RiskCode.SALUTATION: (
        gettext_lazy("Name fits nobody"),
        gettext_lazy(
            "The letter greets “%(name)s”, but no recipient shows this name. Please check whom it "
            "is for."
        ),
    ),
    RiskCode.FIRST_MAIL: (
        gettext_lazy("First mail"),
        gettext_lazy("No mail of your company was delivered to this address before."),
    ),
    RiskCode.MISSING_ATTACHMENT: (
        gettext_lazy("No attachment"),
        gettext_lazy("The letter speaks of an attachment (“%(words)s”), but there is none."),
    ),
    RiskCode.MY_NUMBER: (
        gettext_lazy("Individual Number"),
        gettext_lazy(
            "The mail holds digits that look like an Individual Number (My Number): %(count)s in "
            "all, the first ending in %(end)s."
        ),
    ),
    RiskCode.CARD_NUMBER: (
        gettext_lazy("Card number"),
        gettext_lazy(
            "The mail holds digits that look like a payment card’s: %(count)s in all, the first "
            "ending in %(end)s."
        ),
    ),
}
KNOWN_RISKS = tuple(_WORDS)


def risk_words(code: str, detail: Mapping[str, str]) -> RiskWords:
    """One risk, by its stored code, for the person who is to decide; text is plain, not HTML."""
    title, text = _WORDS[RiskCode(code)]
    return RiskWords(str(title), str(text) % _Values(detail))


class _Values(dict[str, str]):
    """What a stored fact does not hold is shown as a dash."""

    def __missing__(self, key: str) -> str:
        return "–"
