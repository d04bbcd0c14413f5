"""Hold rules and groups as values: checked for storing, and read back from their rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from mailsec.gateway.errors import InvalidPolicy
from mailsec.gateway.lists import canonical_entry
from mailsec.gateway.outbound.rules import Conditions, Exceptions, HoldRule, RuleAction, folded
from policies.errors import InvalidRule, Problem
from policies.models import HoldRuleRow

MOST_VALUES = 500  # of each condition
MOST_COUNT = 1_000
MOST_MEMBERS = 1_000
_NAME = 100
_KEYWORD = 100
# Parts the values of one cell of a CSV file.
SEPARATOR = ";"


@dataclass(frozen=True, slots=True)
class Group:
    """An address that stands for several people; all addresses are in lower case."""

    address: str
    members: tuple[str, ...]
    name: str = ""


def checked(rule: HoldRule) -> HoldRule:
    """The rule as it is stored: canonical entries, each value once. InvalidRule names the first
    field that is wrong."""
    when, unless = rule.when, rule.unless
    name = rule.name.strip()
    if not name or len(name) > _NAME or not name.isprintable():
        raise InvalidRule("name", Problem.NAME)
    if not 0 <= when.recipients_at_least <= MOST_COUNT:
        raise InvalidRule("recipients_at_least", Problem.COUNT, str(when.recipients_at_least))
    return replace(
        rule,
        name=name,
        when=replace(
            when,
            recipients=_entries("recipients", when.recipients),
            senders=_entries("senders", when.senders),
            keywords=_keywords("keywords", when.keywords),
        ),
        unless=Exceptions(
            _entries("except_recipients", unless.recipients),
            _entries("except_senders", unless.senders),
            _keywords("except_keywords", unless.keywords),
        ),
    )


def _entries(field: str, values: Iterable[str]) -> tuple[str, ...]:
    return _once(field, (_entry(field, value) for value in values))


def _entry(field: str, value: str) -> str:
    try:
        entry = canonical_entry(value)
    except InvalidPolicy:
        raise InvalidRule(field, Problem.ENTRY, value[:254]) from None
    if "/" in entry and "@" not in entry:
        raise InvalidRule(field, Problem.ENTRY, value[:254])
    return entry


def _keywords(field: str, values: Iterable[str]) -> tuple[str, ...]:
    return _once(field, (_keyword(field, value) for value in values))


def _keyword(field: str, value: str) -> str:
    word = value.strip()
    proper = folded(word) and len(word) <= _KEYWORD and word.isprintable()
    if not proper or SEPARATOR in word:
        raise InvalidRule(field, Problem.KEYWORD, value[:254])
    return word


def _once(field: str, values: Iterable[str]) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(values))
    if len(found) > MOST_VALUES:
        raise InvalidRule(field, Problem.TOO_MANY)
    return found


def checked_group(group: Group, domains: Collection[str]) -> Group:
    """The group as it is stored; its address and its members lie in the tenant's domains, because
    members may act on each other's mail. InvalidRule as above."""
    name = group.name.strip()
    if len(name) > _NAME or not name.isprintable():
        raise InvalidRule("name", Problem.TITLE)
    address = _inside("address", group.address, domains)
    members = dict.fromkeys(_inside("members", each, domains) for each in group.members)
    if not 1 <= len(members) <= MOST_MEMBERS:
        raise InvalidRule("members", Problem.MEMBERS)
    return Group(address, tuple(sorted(members)), name)


def _inside(field: str, value: str, domains: Collection[str]) -> str:
    try:
        address = canonical_entry(value)
    except InvalidPolicy:
        address = ""
    local, _at, domain = address.rpartition("@")
    if not local or domain not in domains:
        raise InvalidRule(field, Problem.INSIDE, value[:254])
    return address


def columns_of(rule: HoldRule) -> dict[str, Any]:
    """The rule as a row's columns, and as the audit log keeps it."""
    return {
        "name": rule.name,
        "enabled": rule.enabled,
        "action": rule.action.value,
        "when": asdict(rule.when),
        "unless": asdict(rule.unless),
    }


def rule_of(row: HoldRuleRow) -> HoldRule:
    """The rule that a row holds."""
    when, unless = row.when, row.unless
    return HoldRule(
        row.name,
        RuleAction(row.action),
        Conditions(
            recipients=tuple(when["recipients"]),
            attachment=when["attachment"],
            recipients_at_least=when["recipients_at_least"],
            senders=tuple(when["senders"]),
            keywords=tuple(when["keywords"]),
        ),
        Exceptions(
            recipients=tuple(unless["recipients"]),
            senders=tuple(unless["senders"]),
            keywords=tuple(unless["keywords"]),
        ),
        row.enabled,
    )
