"""Whom a mail is for, seen from the company that sends it."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from mailsec.gateway.envelope import domain_of
from mailsec.gateway.message import Message


def is_outside(address: str, own_domains: Collection[str]) -> bool:
    """Whether it is another company's.

    Inside is what lies in one of the tenant's own domains; their subdomains are domains of their
    own. What is no address counts as outside: nobody can say whom it leads to.
    """
    return domain_of(address.strip()) not in own_domains


def outside(addresses: Iterable[str], own_domains: Collection[str]) -> tuple[str, ...]:
    """The addresses of other companies, in lower case and each once, in order."""
    lower = dict.fromkeys(address.strip().lower() for address in addresses)
    return tuple(each for each in lower if each and is_outside(each, own_domains))


def shown_outside(message: Message, own_domains: Collection[str]) -> tuple[str, ...]:
    """The distinct outside addresses of To and Cc: those that every recipient would see."""
    shown = [*message.to, *message.cc]
    return outside((each.address for each in shown if "@" in each.address), own_domains)
