"""Who a message says it is from, and where its answers go."""

from __future__ import annotations

from mailsec.gateway.deception import data, domains
from mailsec.gateway.envelope import domain_of
from mailsec.gateway.message import Address, Message
from mailsec.gateway.policy import Policy
from mailsec.gateway.reading import addresses

_LIST_FIELDS = frozenset(("list-id", "list-post", "mailing-list", "x-mailing-list", "x-ml-name"))
_MOST = 20  # addresses: more tell nothing new


def authors(message: Message) -> tuple[Address, ...]:
    """Everybody in the From fields."""
    return message.from_[:_MOST]


def answered_at(message: Message) -> tuple[Address, ...]:
    """Everybody in the Reply-To fields."""
    return addresses.read(message.all("reply-to")[:3])[:_MOST]


def is_list_mail(message: Message) -> bool:
    """Whether a mailing list passed it on (RFC 2919, RFC 2369 section 3.4, and older custom)."""
    return any(header.name.lower() in _LIST_FIELDS for header in message.headers)


def is_list_address(message: Message, person: Address) -> bool:
    """Whether answers to this address go back to the list, or to whom the mail was sent anyway.

    Anybody can write a List-Id field, so the list has to be the one that is named there. No list
    lives in a free mailbox.
    """
    if host_of(person) in data.free_mail():
        return False
    written = {other.address.lower() for other in (*message.to[:200], *message.cc[:200])}
    return person.address.lower() in written or is_of_list(message, person)


def is_of_list(message: Message, person: Address) -> bool:
    """Whether the address belongs to whom a list's fields name: lists write in members' stead."""
    owner = domains.registrable(host_of(person))
    return any(
        owner and owner in header.decoded.lower()[:1000]
        for header in message.headers
        if header.name.lower() in _LIST_FIELDS
    )


def host_of(address: Address) -> str:
    """The domain of an address, readable."""
    return domains.readable(domain_of(address.address))


def ours(policy: Policy) -> frozenset[str]:
    """The tenant's own domains, readable."""
    return frozenset(domains.readable(name) for name in policy.own_domains)


def trusted(policy: Policy) -> frozenset[str]:
    """The tenant's own and protected domains, readable."""
    return ours(policy) | frozenset(domains.readable(name) for name in policy.protected_domains)
