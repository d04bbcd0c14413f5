"""Everyday business mail, never learnt from, stays free of marks."""

from __future__ import annotations

from mailsec.gateway.spam.classifier import BaseClassifier
from tests.gateway.spam import everyday
from tests.gateway.spam.mails import ENVELOPE

_MOST_TAGGED = 2


def test_everyday_mail_is_hardly_ever_tagged_and_never_quarantined() -> None:
    """Of orders, invoices, notices and one-line answers at most two reach 60, and none 90."""
    mails = [*everyday.mails("en"), *everyday.mails("ja")]
    classifier = BaseClassifier()
    scores = {name: classifier.score(mail, ENVELOPE).score for name, mail in mails}
    high = {name: round(score) for name, score in scores.items() if score >= 60}
    assert len(high) <= _MOST_TAGGED, high
    assert max(high.values(), default=0) < 90, high


def test_there_is_enough_of_everyday_mail_in_both_languages() -> None:
    """Sixty of each, so that two of all are well below 2 %."""
    for language in ("en", "ja"):
        assert len(list(everyday.mails(language))) >= 60
