"""What a client's own name and the name of its address say of it.

Together these weigh less than the threshold for refusing: a badly kept mail server is delayed, it
is never turned away for its names alone.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType

from mailsec.gateway.reputation.points import Point

_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\Z")
_DYNAMIC = re.compile(
    r"(?:\A|[.-])(?:dyn(?:amic|ip)?|dhcp|dial-?(?:up|in)?|ppp(?:oe)?|adsl|[asv]?dsl|cable|broadband"
    r"|pool|cust(?:omer)?|client|res(?:idential)?|fiber|ftth|hsd)"
    r"\d{0,6}(?:[.-]|\Z)"
)
_STATIC = re.compile(r"(?:\A|[.-])(?:static|mail|mx|smtp|relay|fixed)\d{0,4}(?:[.-]|\Z)")


@dataclass(frozen=True, slots=True)
class ReverseNames:
    """What the domain name system says of an address.

    ``names`` are its PTR names, ``confirmed`` those that lead back to it; ``known`` is false where
    there was no answer, and then nothing is held against the client.
    """

    names: tuple[str, ...] = ()
    confirmed: tuple[str, ...] = ()
    known: bool = True


@dataclass(frozen=True, slots=True)
class Greeting:
    """Who greets as what, and who we are: our own names in lower case and our own addresses."""

    helo: str
    ip: str
    our_names: frozenset[str] = frozenset()
    our_addresses: frozenset[str] = frozenset()


def points_against(greeting: Greeting, reverse: ReverseNames) -> tuple[Point, ...]:
    """All that is odd about the two names."""
    return (*_of_reverse(greeting.ip, reverse), *_of_helo(greeting))


def _of_reverse(ip: str, reverse: ReverseNames) -> Iterator[Point]:
    if not reverse.known:
        return
    if not reverse.names:
        yield Point("no-ptr", 2)
        return
    name = (reverse.confirmed or reverse.names)[0][:253]
    detail = MappingProxyType({"name": name})
    if not reverse.confirmed:
        yield Point("ptr-unconfirmed", 1, detail)
    if is_dynamic(name, ip):
        yield Point("ptr-dynamic", 2, detail)


def is_dynamic(name: str, ip: str) -> bool:
    """Whether a PTR name looks like one that a provider gives to lines of private customers."""
    name = name.lower()
    if _STATIC.search(name):
        return False
    return bool(_DYNAMIC.search(name)) or _spells_out(name, ip)


def _spells_out(name: str, ip: str) -> bool:
    """Whether three or more octets of the address stand in the name, in either order."""
    try:
        octets = str(ipaddress.IPv4Address(ip)).split(".")
    except ValueError:
        return False
    digits = [number.lstrip("0") or "0" for number in re.findall(r"\d{1,3}", name)]
    runs = (digits[start : start + 3] for start in range(len(digits) - 2))
    wanted = (octets[:3], octets[1:], octets[::-1][:3], octets[::-1][1:])
    return any(run in wanted for run in runs)


def _of_helo(greeting: Greeting) -> Iterator[Point]:
    helo = greeting.helo.strip().lower().rstrip(".")
    detail = MappingProxyType({"helo": greeting.helo[:255]})
    literal = _literal(helo)
    if helo in greeting.our_names or literal in greeting.our_addresses:
        yield Point("helo-ours", 5, detail)
    elif literal and helo.startswith("["):
        if literal != greeting.ip:
            yield Point("helo-other-ip", 2, detail)
    elif literal:
        yield Point("helo-bare-ip", 3, detail)
    elif not _is_full_name(helo):
        yield Point("helo-no-name", 2, detail)


def _literal(helo: str) -> str:
    """The address that a greeting is, with or without brackets (RFC 5321 section 4.1.3)."""
    text = helo.removeprefix("[").removesuffix("]").removeprefix("ipv6:")
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return ""


def _is_full_name(helo: str) -> bool:
    labels = helo.split(".")
    return (
        len(helo) <= 253
        and len(labels) > 1
        and all(_LABEL.match(label) for label in labels)
        and not labels[-1].isdigit()
        and labels[-1] not in {"local", "localdomain", "lan", "internal", "invalid"}
    )
