"""A sender that calls itself by a well-known name and writes from somewhere else."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mailsec.gateway.case import Case
from mailsec.gateway.deception import brands, domains, senders
from mailsec.gateway.deception.brands import Brand
from mailsec.gateway.deception.details import cleaned
from mailsec.gateway.envelope import Direction
from mailsec.gateway.message import Address
from mailsec.gateway.verdict import Finding, Severity

CHECK = "brand-name"
# The name alone in brackets at the very start: 【三井住友カード】.
_BRACKETED = re.compile(r"\s*[【\[［]([^】\]］]{2,30})[】\]］]")
_MOST_LINKS = 200


def look(case: Case) -> Iterator[Finding]:
    """``brand-name`` where the author's name or the start of the subject claims a brand.

    The subject counts only where every link leads elsewhere too: shops and newsletters speak of
    brands, and then they lead there. A mailing list speaks of whatever its members like.
    """
    if case.envelope.direction is not Direction.INBOUND:
        return
    authors = [author for author in senders.authors(case.message) if author.address]
    for author in authors:
        brand = brands.claimed_by(author.name)
        if brand is not None:
            if not _may_speak_for(author, brand, case):
                yield _finding(brand, author)
            return
    brand = _in_subject(case)
    if brand and authors and not any(_may_speak_for(author, brand, case) for author in authors):
        yield _finding(brand, authors[0])


def _may_speak_for(author: Address, brand: Brand, case: Case) -> bool:
    host = senders.host_of(author)
    return brands.is_genuine(brand, host) or domains.under(host, senders.trusted(case.policy))


def _in_subject(case: Case) -> Brand | None:
    match = _BRACKETED.match(case.message.subject[:100])
    brand = brands.claimed_by(match[1], alone=True) if match else None
    if brand is None or not case.message.links or senders.is_list_mail(case.message):
        return None
    hosts = (domains.target_of(link).host for link in case.message.links[:_MOST_LINKS])
    return None if any(brands.is_genuine(brand, host) for host in hosts) else brand


def _finding(brand: Brand, author: Address) -> Finding:
    detail = cleaned(brand=brand.name, address=author.address, shown=author.name)
    return Finding(CHECK, "brand-name", Severity.SUSPICIOUS, detail=detail)
