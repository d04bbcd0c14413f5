"""DNS block lists (RFC 5782) as the settings describe them, and what their answers mean."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address

from mailsec.gateway.errors import InvalidPolicy

Address = IPv4Address | IPv6Address

# RFC 5782 section 5: the address that every list holds, and the one that none may hold.
CANARY, CLEAN = ipaddress.IPv4Address("127.0.0.2"), ipaddress.IPv4Address("127.0.0.1")
_LISTINGS = ipaddress.IPv4Network("127.0.0.0/8")
# Lists answer so to questions from an open resolver, over the limit, or with a mistyped name.
_ERRORS = ipaddress.IPv4Network("127.255.255.0/24")
_ALL = (ipaddress.IPv4Address("127.0.0.2"), ipaddress.IPv4Address("127.0.0.254"))
_ZONE = re.compile(r"(?=.{1,200}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*\Z")
_MOST_WEIGHT = 100


@dataclass(frozen=True, slots=True)
class Rule:
    """Answers from ``first`` to ``last`` weigh this much."""

    weight: int
    first: IPv4Address
    last: IPv4Address


@dataclass(frozen=True, slots=True)
class Zone:
    """One list: the domain that is asked, and the rules for its answers."""

    name: str
    rules: tuple[Rule, ...]

    def question(self, client: Address) -> str:
        """The name to ask for: the address reversed below the zone (sections 2.1 and 2.4)."""
        reverse = client.reverse_pointer
        return f"{reverse.removesuffix('.in-addr.arpa').removesuffix('.ip6.arpa')}.{self.name}"


class Meaning(StrEnum):
    """What the answers of a list say."""

    CLEAN = "clean"
    LISTED = "listed"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Reading:
    """``weight`` is the heaviest rule that an answer meets, ``answer`` that answer."""

    meaning: Meaning
    weight: int = 0
    answer: str = ""


def read_answers(zone: Zone, answers: Iterable[str]) -> Reading:
    """What A records say. One error among them spoils them all: a list in trouble lists nobody.

    Answers that no rule names are no listing, for a list may tell more than one asks it for.
    """
    found = Reading(Meaning.CLEAN)
    for text in answers:
        try:
            answer = ipaddress.IPv4Address(text)
        except ValueError:
            return Reading(Meaning.ERROR, answer=text)
        if answer not in _LISTINGS or answer in _ERRORS:
            return Reading(Meaning.ERROR, answer=text)
        for rule in zone.rules:
            if rule.first <= answer <= rule.last and rule.weight > found.weight:
                found = Reading(Meaning.LISTED, rule.weight, text)
    return found


def is_sound(canary: Sequence[str], clean: Sequence[str]) -> bool:
    """Whether a list answers the two test questions of RFC 5782 section 5 as it must.

    One that holds everything (its domain was sold) or nothing (it was closed) does not.
    """
    return not clean and bool(canary) and all(_is_listing(answer) for answer in canary)


def _is_listing(text: str) -> bool:
    try:
        answer = ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return answer in _LISTINGS and answer not in _ERRORS


def zones_of(text: str) -> tuple[Zone, ...]:
    """The zones of ``zone:weight[=first[-last]]``, separated by commas; else InvalidPolicy.

    A zone may stand there several times, with a weight for each range of answers. Without a range
    any answer from 127.0.0.2 to 127.0.0.254 counts.
    """
    rules: dict[str, list[Rule]] = {}
    for item in text.split(","):
        if item.strip():
            name, rule = _rule(item.strip())
            rules.setdefault(name, []).append(rule)
    return tuple(Zone(name, tuple(found)) for name, found in rules.items())


def _rule(item: str) -> tuple[str, Rule]:
    head, _, answers = item.partition("=")
    name, _, weight = head.partition(":")
    name = name.strip().lower().rstrip(".")
    if not _ZONE.match(name):
        raise InvalidPolicy("DNSBL", f"{item!r} does not begin with a domain name")
    if not re.fullmatch(r"\d{1,3}", weight.strip()) or not 1 <= int(weight) <= _MOST_WEIGHT:
        raise InvalidPolicy("DNSBL", f"{item!r} takes a weight from 1 to {_MOST_WEIGHT}")
    first, last = _range(item, answers.strip()) if answers.strip() else _ALL
    return name, Rule(int(weight), first, last)


def _range(item: str, text: str) -> tuple[IPv4Address, IPv4Address]:
    low, dash, high = text.partition("-")
    try:
        first = ipaddress.IPv4Address(low.strip())
        last = ipaddress.IPv4Address(high.strip()) if dash else first
    except ValueError:
        first = last = ipaddress.IPv4Address(0)
    if first > last or first not in _LISTINGS or last not in _LISTINGS:
        raise InvalidPolicy("DNSBL", f"{item!r} takes answers inside 127.0.0.0/8")
    return first, last
