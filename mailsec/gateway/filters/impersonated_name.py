"""A name that belongs to somebody of the company, or an address as a name, on a foreign address."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mailsec.gateway.case import Case
from mailsec.gateway.deception import domains, names, senders
from mailsec.gateway.deception.details import cleaned
from mailsec.gateway.envelope import Direction, domain_of
from mailsec.gateway.message import Address
from mailsec.gateway.verdict import Finding, Severity

CHECK = "impersonated-name"
_MOST_KEYS = 8  # each is a question to the tenant's records
_ADDRESS = re.compile(r"[A-Za-z0-9._%+'=-]{1,64}@((?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24})")


def look(case: Case) -> Iterator[Finding]:
    """``impersonated-name`` and ``address-in-name`` for the authors and the addresses of Reply-To.

    Lists write in the stead of their members, who may be colleagues: an address that the list's own
    fields name, and that wrote before, bears their names rightly.
    """
    if case.envelope.direction is not Direction.INBOUND:
        return
    ours = senders.ours(case.policy)
    shown = (*senders.authors(case.message), *senders.answered_at(case.message))
    for person in dict.fromkeys(shown):
        if not person.name or domains.under(senders.host_of(person), ours):
            continue
        if _is_of_company(person, case) and not _is_known_list(person, case):
            detail = cleaned(shown=person.name, address=person.address or "-")
            yield Finding(CHECK, "impersonated-name", Severity.SUSPICIOUS, detail=detail)
        elif other := _other_address(person):
            detail = cleaned(shown=other, address=person.address or "-")
            yield Finding(CHECK, "address-in-name", Severity.SUSPICIOUS, detail=detail)


def _is_of_company(person: Address, case: Case) -> bool:
    keys = names.keys(person.name)
    protected = case.policy.protected_names
    if any(not set(keys).isdisjoint(names.protected_keys(name)) for name in protected):
        return not _is_registered(person, case, keys)
    if case.services.relations is None:
        return False
    found = [case.services.relations.addresses_of(key) for key in keys[:_MOST_KEYS]]
    known = {address.lower() for addresses in found for address in addresses}
    return bool(known) and person.address.lower() not in known


def _is_known_list(person: Address, case: Case) -> bool:
    relations = case.services.relations
    if relations is None or not senders.is_of_list(case.message, person):
        return False
    return relations.has_corresponded(person.address, case.envelope.recipients)


def _is_registered(person: Address, case: Case, keys: tuple[str, ...]) -> bool:
    relations = case.services.relations
    if relations is None:
        return False
    return any(
        person.address.lower() == address.lower()
        for key in keys[:_MOST_KEYS]
        for address in relations.addresses_of(key)
    )


def _other_address(person: Address) -> str:
    """An address of another owner that the name itself holds."""
    real = domain_of(person.address)
    for match in _ADDRESS.finditer(domains.mapped(person.name[:500])):
        if not domains.same_owner(match[1], real):
            return match[0]
    return ""
