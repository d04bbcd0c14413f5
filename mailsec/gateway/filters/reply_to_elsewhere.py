"""Answers that would go to somebody else than the author."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mailsec.gateway.case import Case
from mailsec.gateway.deception import data, domains, senders
from mailsec.gateway.deception.details import cleaned
from mailsec.gateway.envelope import Direction
from mailsec.gateway.message import Address
from mailsec.gateway.verdict import Finding, Severity

CHECK = "reply-to-elsewhere"
_MACHINE = re.compile(
    r"(?i)(?:no-?_?reply|do-?not-?reply|(?:web)?-?form|contact|inquiry|toiawase|wordpress|mailer|system|"
    r"www|web|apache|postmaster|notifications?|bounces?)[^@]*@"
)


def look(case: Case) -> Iterator[Finding]:
    """``reply-to-elsewhere`` where the author claims a name that the answers do not go to.

    That is: the author's domain is the tenant's own or a protected one and answers go to another
    owner; or a company seems to write and answers go to a free mailbox. Web forms and mailing lists
    lead answers elsewhere as a matter of course: the tenant's own mail is let be where it is
    proved, a machine's where it answers to its user, a list's where it writes for its members.
    """
    if case.envelope.direction is not Direction.INBOUND:
        return
    authors = [author for author in senders.authors(case.message) if author.address]
    answered = [person for person in senders.answered_at(case.message) if person.address]
    if not authors or any(senders.is_list_address(case.message, who) for who in answered):
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
        return not (len(case.message.from_) == 1 and case.authentication.author_is_authentic)
    if other not in data.free_mail() or host in data.free_mail():
        return False
    return not (_MACHINE.match(author.address) or senders.is_of_list(case.message, author))
