"""What could not be looked into: encrypted, damaged, beyond the budget, or of a kind not opened."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

from mailsec.gateway.case import Case
from mailsec.gateway.contents import Content
from mailsec.gateway.file_names import clean_name
from mailsec.gateway.verdict import Finding, Severity

CHECK = "readable"
# Containers that nothing here opens: what lies in them was not looked at, so it is not clean.
# Those that a missing library leaves unopened say so themselves, by the problem of a member.
_NOT_OPENED = frozenset("arj ace wim alz egg sit szdd zpaq hqx gca dgca xar sis".split())


def look(content: Content, case: Case) -> Iterator[Finding]:
    """The problem under its own name as the code, ``unsupported`` for what nothing here opens."""
    code = content.problem.value
    if not code and content.file_type.kind in _NOT_OPENED and not content.is_text_body:
        code = "unsupported"
    if not code and content.file_type.kind == "encrypted-office":
        code = "encrypted"
    if code:
        detail = {"name": clean_name(content.name), "inside": clean_name(content.inside)}
        yield Finding(CHECK, code, Severity.UNEXAMINED, content.part, MappingProxyType(detail))
