"""A stranger's urgent or secret request for money or access."""

from __future__ import annotations

from collections.abc import Iterator

from mailsec.gateway.case import Case
from mailsec.gateway.deception import domains, senders
from mailsec.gateway.deception.details import cleaned
from mailsec.gateway.deception.pleas import Kind, plea_in
from mailsec.gateway.envelope import Direction
from mailsec.gateway.verdict import Finding, Severity

CHECK = "money-request"


def look(case: Case) -> Iterator[Finding]:
    """``money-request`` with what is asked for, on the first contact of a sender from outside.

    Nothing is found where the tenant's records cannot tell a first contact, or a mailing list
    passes the message on. Who asks for credentials has to give a place for them: a link.
    """
    relations = case.services.relations
    if case.envelope.direction is not Direction.INBOUND or relations is None:
        return
    authors = [author for author in senders.authors(case.message) if author.address]
    if not authors or senders.is_list_mail(case.message):
        return
    if domains.under(senders.host_of(authors[0]), senders.ours(case.policy)):
        return
    plea = plea_in(f"{case.message.subject}\n{case.message.text}")
    if plea is None or (plea.kind is Kind.CREDENTIALS and not case.message.links):
        return
    if relations.has_corresponded(authors[0].address, case.envelope.recipients):
        return
    detail = cleaned(
        kind=plea.kind.value, asks=plea.asks, presses=plea.presses, address=authors[0].address
    )
    yield Finding(CHECK, "money-request", Severity.SUSPICIOUS, detail=detail)
