"""Allow and block lists of an operator, a tenant or one of its users, as frozen values.

An entry is an address (``sales@example.com``), a domain that stands for its subdomains too
(``example.com``), an IP address or a network in CIDR notation.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from types import MappingProxyType

from mailsec.gateway.errors import InvalidPolicy

Network = IPv4Network | IPv6Network

_LONGEST = 254  # characters of an entry (RFC 5321 section 4.5.3.1.3, without the brackets)


class Standing(StrEnum):
    """What the lists say of a sender; a block outweighs an allowance on the same list."""

    NONE = ""
    ALLOWED = "allowed"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Entries:
    """The entries of one list, parted by kind; names in lower case, domains as A-labels."""

    names: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()
    # By version and length of the prefix, longest first: a list of 20,000 is asked as quickly as
    # one of ten.
    _by_prefix: Mapping[tuple[int, int], frozenset[int]] = field(
        init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        found: dict[tuple[int, int], set[int]] = {}
        for net in self.networks:
            found.setdefault((net.version, net.prefixlen), set()).add(int(net.network_address))
        ordered = sorted(found.items(), reverse=True)
        object.__setattr__(self, "_by_prefix", {key: frozenset(all_) for key, all_ in ordered})

    def holding_ip(self, ip: str) -> str:
        """The narrowest entry that holds this address, empty where none does."""
        try:
            address = ipaddress.ip_address(ip)
        except ValueError:
            return ""
        number = int(address)
        for (version, length), networks in self._by_prefix.items():
            if version == address.version:
                rest = address.max_prefixlen - length
                if number >> rest << rest in networks:
                    kind = IPv4Network if version == 4 else IPv6Network
                    return str(kind((number >> rest << rest, length)))
        return ""

    def holding_address(self, address: str) -> str:
        """The entry for this mail address, its domain or a domain above; empty where none is."""
        return next((name for name in names_of(address) if name in self.names), "")


@dataclass(frozen=True, slots=True)
class Lists:
    """An allow list and a block list that were written by the same people."""

    allow: Entries = field(default_factory=Entries)
    block: Entries = field(default_factory=Entries)

    def of_ip(self, ip: str) -> tuple[Standing, str]:
        """What they say of an SMTP client, and the entry that says it."""
        return _standing(self.block.holding_ip(ip), self.allow.holding_ip(ip))

    def of_address(self, address: str) -> tuple[Standing, str]:
        """What they say of a mail address, and the entry that says it."""
        return _standing(self.block.holding_address(address), self.allow.holding_address(address))


@dataclass(frozen=True, slots=True)
class TenantLists:
    """The lists of a tenant and those of its users by address; ``until`` is when the first of the
    entries ends, None where none does."""

    tenant: Lists = field(default_factory=Lists)
    users: Mapping[str, Lists] = field(default_factory=lambda: MappingProxyType({}))
    until: datetime | None = None


def _standing(blocked: str, allowed: str) -> tuple[Standing, str]:
    if blocked:
        return Standing.BLOCKED, blocked
    return (Standing.ALLOWED, allowed) if allowed else (Standing.NONE, "")


def names_of(address: str) -> Iterator[str]:
    """The entries that hold this address, narrowest first: itself, its domain, those above."""
    address = address.strip().lower().rstrip(".")
    local, at, domain = address.rpartition("@")
    domain = _ascii(domain)
    if at and local:
        yield f"{local}@{domain}"
    if len(domain) > _LONGEST:
        # No entry is that long, but a domain above may be one.
        domain = domain[-_LONGEST:].partition(".")[2]
    while domain:
        yield domain
        domain = domain.partition(".")[2]


def _ascii(domain: str) -> str:
    try:
        return domain.encode("idna").decode("ascii") if not domain.isascii() else domain
    except UnicodeError:
        return domain


def canonical_entry(text: str) -> str:
    """An entry as it is stored; InvalidPolicy where it is none."""
    entry = text.strip().lower().removeprefix("@").rstrip(".")
    try:
        return str(ipaddress.ip_network(entry, strict=False))
    except ValueError:
        pass
    local, at, domain = entry.rpartition("@")
    domain = _ascii(domain)
    labels = domain.split(".")
    proper = (
        len(entry) <= _LONGEST
        and len(labels) > 1
        and all(label and label.replace("-", "a").replace("_", "a").isalnum() for label in labels)
        and domain.isascii()
    )
    if (
        not proper
        or (at and local in ("", "*"))  # no sender has that name; the domain alone means them all
        or any(sign.isspace() or not sign.isprintable() for sign in local)
    ):
        raise InvalidPolicy("entry", "takes an address, a domain, an IP address or a network")
    return f"{local}@{domain}" if at else domain


def entries(canonical: Iterable[str]) -> Entries:
    """Stored entries as a list that can be asked; what is no entry is left out."""
    names: set[str] = set()
    networks: list[Network] = []
    for entry in canonical:
        try:
            # Networks have their length behind them; asking before is what makes this quick.
            if "/" in entry:
                networks.append(ipaddress.ip_network(entry))
                continue
        except ValueError:
            pass
        names.add(entry)
    return Entries(frozenset(names), tuple(networks))
