"""What the tenant's and the recipients' own allow and block lists say of the sender."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

from mailsec.gateway.authentication import Result
from mailsec.gateway.case import Case
from mailsec.gateway.envelope import Direction, domain_of
from mailsec.gateway.lists import Lists, Standing
from mailsec.gateway.verdict import Finding, Severity

CHECK = "listed"
_NOBODY = Lists()


def look(case: Case) -> Iterator[Finding]:
    """``blocked`` or ``allowed`` with the entry; a block outweighs.

    Anybody can write a name into a mail, so a name is allowed only where it is proved: the author
    in From by DMARC's alignment, the envelope's sender by SPF. An address of the network needs no
    proof, and a block needs none either. A user's own lists hold where all recipients of the
    message keep the same.
    """
    if case.envelope.direction is not Direction.INBOUND:
        return
    for standing, severity in (
        (Standing.BLOCKED, Severity.UNWANTED),
        (Standing.ALLOWED, Severity.NOTE),
    ):
        entry = _entry(case, standing)
        if entry:
            detail = MappingProxyType({"entry": entry})
            yield Finding(CHECK, standing.value, severity, detail=detail)
            return


def _entry(case: Case, standing: Standing) -> str:
    found = _of_network(case, standing)
    for address in _senders(case, standing):
        found = found or _of_tenant(case, address, standing) or _of_users(case, address, standing)
    return found


def _of_network(case: Case, standing: Standing) -> str:
    said, entry = case.policy.lists.of_ip(case.envelope.client.ip)
    return entry if said is standing else ""


def _of_tenant(case: Case, address: str, standing: Standing) -> str:
    said, entry = case.policy.lists.of_address(address)
    return entry if said is standing else ""


def _of_users(case: Case, address: str, standing: Standing) -> str:
    entry = ""
    for recipient in case.envelope.recipients:
        lists = case.policy.user_entries.get(recipient.lower(), _NOBODY)
        said, entry = lists.of_address(address)
        if said is not standing:
            return ""
    return entry


def _senders(case: Case, standing: Standing) -> Iterator[str]:
    """The addresses that count: every one for a block, the proved ones for an allowance."""
    authors = [author.address for author in case.message.from_ if author.address]
    sender = case.envelope.sender
    if standing is Standing.BLOCKED:
        yield from (*authors, *([sender] if sender else ()))
        return
    if len(authors) == 1 and case.authentication.author_is_authentic:
        yield authors[0]
    spf = case.authentication.spf
    if sender and spf.result is Result.PASS and spf.domain == domain_of(sender):
        yield sender
