"""File types that the tenant does not let in, by content as well as by name."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

from mailsec.gateway.case import Case
from mailsec.gateway.contents import Content
from mailsec.gateway.file_names import clean_name
from mailsec.gateway.verdict import Finding, Severity

CHECK = "file-types"


def look(content: Content, case: Case) -> Iterator[Finding]:
    """One finding with the type that the policy forbids, the content's own before the name's."""
    if not case.policy.file_type_check:
        return
    found = content.file_type
    if content.is_text_body and found.by_text:
        return
    forbidden = found.extensions.intersection(case.policy.file_types)
    if forbidden:
        shown = found.kind if found.kind in forbidden else min(forbidden)
        detail = {
            "name": clean_name(content.name),
            "inside": clean_name(content.inside),
            "type": shown,
        }
        yield Finding(
            CHECK, "file-type", Severity.FORBIDDEN, content.part, MappingProxyType(detail)
        )
