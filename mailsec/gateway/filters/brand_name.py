"""A sender that calls itself by a well-known name and writes from somewhere else."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mailsec.gateway.authentication import Result
from mailsec.gateway.case import Case
from mailsec.gateway.deception import brands, data, domains, resemblance, senders
from mailsec.gateway.deception.brands import Brand
from mailsec.gateway.deception.details import cleaned
from mailsec.gateway.envelope import Direction
from mailsec.gateway.message import Address
from mailsec.gateway.verdict import Finding, Severity

CHECK = "brand-name"
# The name alone in brackets at the very start: 【三井住友カード】.
_BRACKETED = re.compile(r"\s*[【\[［]([^】\]］]{2,30})[】\]］]")
_MOST_LINKS = 200
# Names that providers keep for themselves.
_RESERVED = re.compile(r"(?i)[^@]{0,60}no-?_?reply@|(?:mailer-daemon|postmaster|abuse)@")


def look(case: Case) -> Iterator[Finding]:
    """``brand-name`` where a brand is claimed from elsewhere, ``brand-unproved`` where the address
    is the brand's own, but its authentication was checked and did not prove it.

    The author's name claims a brand, also by a host of the brand's or one that looks like it. The
    start of the subject does where every link leads elsewhere too: shops and newsletters speak of
    brands, and then they lead there. A mailing list speaks of whatever its members like.
    """
    if case.envelope.direction is not Direction.INBOUND:
        return
    authors = senders.authors(case.message)
    claims = [(author, _claimed_in(author.name)) for author in authors]
    subject = None if any(brand for _, brand in claims) else _in_subject(case)
    for author, brand in claims:
        claimed = brand or subject
        if claimed is None or domains.under(senders.host_of(author), senders.trusted(case.policy)):
            continue
        if not brands.is_genuine(claimed, senders.host_of(author)) or _is_mailbox(author):
            yield _finding("brand-name", claimed, author)
            return
        if brand and _is_refuted(author, case):
            yield _finding("brand-unproved", claimed, author)
            return


def _claimed_in(name: str) -> Brand | None:
    host = domains.host_in(name)
    if not host:
        return brands.claimed_by(name)
    likeness = resemblance.of_brand(host)
    return brands.owning(likeness.model.domain if likeness else host)


def _is_mailbox(author: Address) -> bool:
    """Whether anybody could have opened this address: the brand gives out free mailboxes."""
    return senders.host_of(author) in data.free_mail() and not _RESERVED.match(author.address)


def _is_refuted(author: Address, case: Case) -> bool:
    """Whether the checks were made for this author, gave answers, and none of them proves him.

    Mailing lists break proofs by what they add.
    """
    dmarc = case.authentication.dmarc
    if senders.is_list_mail(case.message) or case.authentication.author_is_authentic:
        return False
    checked = domains.readable(dmarc.domain) == senders.host_of(author)
    return checked and dmarc.result in (Result.FAIL, Result.NONE)


def _in_subject(case: Case) -> Brand | None:
    match = _BRACKETED.match(case.message.subject[:100])
    brand = brands.claimed_by(match[1], alone=True) if match else None
    if brand is None or not case.message.links or senders.is_list_mail(case.message):
        return None
    hosts = (domains.target_of(link).host for link in case.message.links[:_MOST_LINKS])
    return None if any(brands.is_genuine(brand, host) for host in hosts) else brand


def _finding(code: str, brand: Brand, author: Address) -> Finding:
    detail = cleaned(brand=brand.name, address=author.address or "-", shown=author.name)
    return Finding(CHECK, code, Severity.SUSPICIOUS, detail=detail)
