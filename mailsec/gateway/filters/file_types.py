"""File types that the tenant does not let in, by content as well as by name."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

from mailsec.gateway.authentication import Result
from mailsec.gateway.case import Case
from mailsec.gateway.contents import Content
from mailsec.gateway.file_names import clean_name
from mailsec.gateway.lists import entries
from mailsec.gateway.verdict import Finding, Severity

CHECK = "file-types"


def look(content: Content, case: Case) -> Iterator[Finding]:
    """One finding with the type that the policy forbids, the content's own before the name's.

    None for a sender of the policy's exceptions that is proved to be who it says.
    """
    if not case.policy.file_type_check:
        return
    found = content.file_type
    if content.is_text_body and found.by_text:
        return
    forbidden = found.extensions.intersection(case.policy.file_types)
    if forbidden and not _is_excepted(case):
        shown = found.kind if found.kind in forbidden else min(forbidden)
        detail = {
            "name": clean_name(content.name),
            "inside": clean_name(content.inside),
            "type": shown,
        }
        yield Finding(
            CHECK, "file-type", Severity.FORBIDDEN, content.part, MappingProxyType(detail)
        )


def _is_excepted(case: Case) -> bool:
    """Whether an exception names the author in From, or the envelope's sender, and it is proved."""
    if not case.policy.file_type_exceptions:
        return False
    excepted = entries(case.policy.file_type_exceptions)
    proved = case.authentication
    authors = case.message.from_
    author_is_proved = proved.author_is_authentic and len(authors) == 1
    if author_is_proved and excepted.holding_address(authors[0].address):
        return True
    domain = case.envelope.sender.rpartition("@")[2].lower()
    return (
        proved.spf.result is Result.PASS
        and proved.spf.scope == "mailfrom"
        and proved.spf.domain.lower() == domain
        and bool(excepted.holding_address(case.envelope.sender))
    )
