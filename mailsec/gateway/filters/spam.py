"""The reasons of a spam score that is high enough to explain itself."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

from mailsec.gateway.case import Case
from mailsec.gateway.file_names import clean_name
from mailsec.gateway.verdict import Finding, Severity

CHECK = "spam"
_REASONS = 5
# Below this share of the tag threshold nobody asks why.
_SHARE = 0.5


def look(case: Case) -> Iterator[Finding]:
    """One finding with the score, and notes with what speaks for spam."""
    if case.spam is None or case.spam.score < case.policy.tag_score * _SHARE:
        return
    detail = {"score": f"{case.spam.score:.1f}"}
    over = case.spam.score >= min(case.policy.tag_score, case.policy.quarantine_score)
    severity = Severity.UNWANTED if over else Severity.NOTE
    yield Finding(CHECK, "spam", severity, detail=MappingProxyType(detail))
    for reason in [one for one in case.spam.reasons if one.weight > 0][:_REASONS]:
        values = {key: clean_name(text) for key, text in reason.detail.items()}
        yield Finding(CHECK, f"spam-{reason.code}", Severity.NOTE, detail=MappingProxyType(values))
