"""Viruses, by the scanner that the installation runs."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

from mailsec.gateway.case import Case
from mailsec.gateway.contents import Content
from mailsec.gateway.errors import ContentTooLarge
from mailsec.gateway.file_names import clean_name
from mailsec.gateway.verdict import Finding, Severity

CHECK = "virus"


def look(content: Content, case: Case) -> Iterator[Finding]:
    """The virus by name. ``ScannerUnavailable`` passes through: the caller tries again later."""
    if not case.policy.virus_check or not content.data:
        return
    detail = {"name": clean_name(content.name), "inside": clean_name(content.inside)}
    try:
        result = case.services.scanner.scan(content.data)
    except ContentTooLarge:
        yield _finding("over-budget", Severity.UNEXAMINED, content, detail)
        return
    if result.infected:
        detail["virus"] = clean_name(result.virus)
        yield _finding("virus", Severity.MALICIOUS, content, detail)


def _finding(code: str, severity: Severity, content: Content, detail: dict[str, str]) -> Finding:
    return Finding(CHECK, code, severity, content.part, MappingProxyType(detail))
