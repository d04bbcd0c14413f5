"""Answers that would go to somebody else than the author."""

from __future__ import annotations

from collections.abc import Iterator

from mailsec.gateway.case import Case
from mailsec.gateway.deception import brands, data, domains, names, senders
from mailsec.gateway.deception.details import cleaned
from mailsec.gateway.envelope import Direction
from mailsec.gateway.message import Address
from mailsec.gateway.verdict import Finding, Severity

CHECK = "reply-to-elsewhere"


def look(case: Case) -> Iterator[Finding]:
    """``reply-to-elsewhere`` where the author claims a name that the answers do not go to.

    That is: the author's domain is the tenant's own, a protected one or a brand's, and answers go
    to another owner; or a company writes and answers go to a free mailbox under the same name.
    Web forms, newsletters and mailing lists lead answers elsewhere as a matter of course.
    """
    if case.envelope.direction is not Direction.INBOUND or senders.is_list_mail(case.message):
        return
    authors = [author for author in senders.authors(case.message) if author.address]
    answered = [person for person in senders.answered_at(case.message) if person.address]
    if not authors or not answered:
        return
    # Who is asked to answer the author as well does not lose him.
    owners = {domains.registrable(senders.host_of(author)) for author in authors}
    if any(domains.registrable(senders.host_of(person)) in owners for person in answered):
        return
    for author in authors:
        for person in answered:
            if _leads_away(author, person, case):
                detail = cleaned(address=author.address, reply_to=person.address)
                yield Finding(CHECK, "reply-to-elsewhere", Severity.SUSPICIOUS, detail=detail)
                return


def _leads_away(author: Address, person: Address, case: Case) -> bool:
    host, other = senders.host_of(author), senders.host_of(person)
    if not other:
        return False
    trusted = senders.trusted(case.policy)
    if domains.under(other, trusted):
        return False
    if domains.under(host, trusted):
        return True
    free = other in data.free_mail()
    if free and host not in data.free_mail() and domains.under(host, brands.genuine()):
        return True
    named = bool(author.name) and names.same(author.name, person.name or author.name)
    return free and host not in data.free_mail() and named
