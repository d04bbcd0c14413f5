"""Domains that look like the tenant's own, its partners' or a well-known brand's."""

from __future__ import annotations

from collections.abc import Iterator

from mailsec.gateway.case import Case
from mailsec.gateway.deception import domains, resemblance, senders
from mailsec.gateway.deception.details import cleaned
from mailsec.gateway.deception.resemblance import Way
from mailsec.gateway.envelope import Direction
from mailsec.gateway.verdict import Finding, Severity

CHECK = "lookalike-domain"
_MOST_LINKS = 500
_MOST_FOUND = 5


def look(case: Case) -> Iterator[Finding]:
    """``lookalike-domain`` for each domain of authors, Reply-To and links, with what it is like.

    What a mailing list passes on may name any link, so there the senders alone count.
    """
    if case.envelope.direction is not Direction.INBOUND:
        return
    own, protected = case.policy.own_domains, case.policy.protected_domains
    found: dict[str, Finding] = {}
    for host in _hosts(case):
        likeness = resemblance.of_company(host, own, protected) or resemblance.of_brand(host)
        if likeness is None or domains.registrable(host) in found:
            continue
        if likeness.way is Way.SUFFIX and _is_known_namesake(host, case):
            continue
        shown = host if likeness.way is Way.SUBDOMAIN else domains.registrable(host)
        detail = cleaned(
            domain=shown,
            resembles=likeness.model.domain,
            way=likeness.way.value,
            owner=likeness.model.owner,
        )
        finding = Finding(CHECK, "lookalike-domain", Severity.SUSPICIOUS, detail=detail)
        found[domains.registrable(host)] = finding
        if len(found) >= _MOST_FOUND:
            break
    yield from found.values()


def _is_known_namesake(host: str, case: Case) -> bool:
    """Whether another company of the same name writes, which is proved and wrote before."""
    authors = senders.authors(case.message)
    relations = case.services.relations
    if relations is None or len(authors) != 1 or not case.authentication.author_is_authentic:
        return False
    return domains.same_owner(host, senders.host_of(authors[0])) and relations.has_corresponded(
        authors[0].address, case.envelope.recipients
    )


def _hosts(case: Case) -> Iterator[str]:
    people = (*senders.authors(case.message), *senders.answered_at(case.message))
    hosts = dict.fromkeys(senders.host_of(person) for person in people)
    if not senders.is_list_mail(case.message):
        links = case.message.links[:_MOST_LINKS]
        hosts |= dict.fromkeys(domains.target_of(link).host for link in links)
    yield from filter(None, hosts)
