"""Risk facts in words."""

from __future__ import annotations

import pytest
from django.utils import translation

from mailsec.gateway.outbound.risks.facts import RiskCode
from quarantine.hold_words import KNOWN_RISKS, risk_words

DETAIL = {
    "domain": "hoshimi.example.com",
    "resembles": "hoshlmi.example.com",
    "company": "example.com",
    "name": "田中様",
    "words": "100% 添付",
    "count": "2",
    "end": "18",
}


@pytest.mark.parametrize("code", list(RiskCode))
@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_fact_has_words(code: RiskCode, language: str) -> None:
    """With all that is known of it, and without."""
    assert code in KNOWN_RISKS
    with translation.override(language):
        told, bare = risk_words(code, DETAIL), risk_words(code.value, {})
    assert told.title
    assert "%(" not in told.text + bare.text
    assert len(told.text) > 10
