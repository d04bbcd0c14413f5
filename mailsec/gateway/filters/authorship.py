"""Mail that names more than one author, so that programs differ in whom they show."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mailsec.gateway.case import Case
from mailsec.gateway.deception import domains, senders
from mailsec.gateway.deception.details import cleaned, listed
from mailsec.gateway.envelope import Direction
from mailsec.gateway.verdict import Finding, Severity

CHECK = "authorship"
_SECOND_BRACKET = re.compile(rb"<[^<>@\s]{1,200}@[^<>\s]{1,250}>[^<,;]{0,200}<[^<>@\s]{1,200}@")
_IN_NAME = re.compile(r"<\s*[^<>@\s]{1,64}@([^<>\s]{1,250})>")


def look(case: Case) -> Iterator[Finding]:
    """``several-authors`` with all of them, and ``several-subjects``; both unwanted.

    RFC 5322 section 3.6 allows one From and one Subject field, and several authors only with a
    Sender who answers for them.
    """
    if case.envelope.direction is not Direction.INBOUND:
        return
    message = case.message
    if len(message.all("from")) > 1 or _unanswered(case) or _second_address(case):
        people = senders.authors(message)
        shown = [text for person in people for text in (person.address, person.name)]
        detail = cleaned(senders=listed(text for text in shown if "@" in text))
        yield Finding(CHECK, "several-authors", Severity.UNWANTED, detail=detail)
    if len({subject.decoded for subject in message.all("subject")}) > 1:
        subjects = listed(subject.decoded for subject in message.all("subject")[:5])
        yield Finding(
            CHECK, "several-subjects", Severity.UNWANTED, detail=cleaned(subjects=subjects)
        )


def _unanswered(case: Case) -> bool:
    """Authors of several owners, and nobody named who answers for them."""
    hosts = {senders.host_of(author) for author in senders.authors(case.message)} - {""}
    owners = {domains.registrable(host) for host in hosts}
    return len(owners) > 1 and case.message.first("sender") is None


def _second_address(case: Case) -> bool:
    """``"Name <one@address>" <other@address>``: the first is shown, the second is the author."""
    for author in senders.authors(case.message):
        inner = _IN_NAME.search(author.name[:500])
        if inner and not domains.same_owner(inner[1], senders.host_of(author)):
            return True
    for field in case.message.all("from"):
        if _SECOND_BRACKET.search(field.value_raw[:2_000]):
            hosts = {senders.host_of(author) for author in senders.authors(case.message)}
            return len({domains.registrable(host) for host in hosts if host}) > 1
    return False
