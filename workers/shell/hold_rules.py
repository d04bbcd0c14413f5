"""Hold rules and groups of a tenant, from the shell."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from mailsec.gateway.outbound.rules import Conditions, Exceptions, HoldRule, RuleAction
from policies import listing, services
from policies.errors import InvalidRule, Problem
from policies.hold_values import Group, columns_of, rule_of
from workers.shell.output import subparser
from workers.shell.tenants import Answer, Options, named

_ATTACHMENT = {"either": None, "yes": True, "no": False}


def add_hold_rule_actions(parser: CommandParser) -> None:
    """``add``, ``remove`` and ``list`` for hold rules."""
    actions = parser.add_subparsers(dest="verb", required=True)
    add = subparser(actions, "add", "Put a rule behind all others.", _add_rule)
    add.add_argument("slug")
    add.add_argument("name")
    add.add_argument("--pass", dest="passes", action="store_true", help="send at once, not hold")
    add.add_argument("--off", action="store_true", help="switched off")
    add.add_argument("--attachment", choices=list(_ATTACHMENT), default="either")
    add.add_argument("--at-least", type=int, default=0, help="outside recipients")
    for option, words in (
        ("to", "a recipient's address or domain"),
        ("from", "a sender's address or domain, or a group"),
        ("keyword", "a word in subject or text"),
    ):
        for front, rest in (("", ""), ("except-", ": an exception")):
            add.add_argument(
                f"--{front}{option}",
                dest=f"{front}{option}",
                action="append",
                default=[],
                help=f"{words}{rest}; may be given several times",
            )
    remove = subparser(actions, "remove", "Take a rule out.", _remove_rule)
    remove.add_argument("slug")
    remove.add_argument("name")
    subparser(actions, "list", "Show the rules in their order.", _rules).add_argument("slug")


def add_group_actions(parser: CommandParser) -> None:
    """``set``, ``remove`` and ``list`` for groups."""
    actions = parser.add_subparsers(dest="verb", required=True)
    change = subparser(actions, "set", "Have a group with exactly these members.", _set_group)
    remove = subparser(actions, "remove", "Take a group out.", _remove_group)
    for each in (change, remove):
        each.add_argument("slug")
        each.add_argument("address")
    change.add_argument("members", nargs="+", metavar="MEMBER")
    change.add_argument("--name", default="")
    subparser(actions, "list", "Show the groups.", _groups).add_argument("slug")


def _add_rule(options: Options) -> Answer:
    row = services.add_rule(
        named(options),
        HoldRule(
            options["name"],
            RuleAction.PASS if options["passes"] else RuleAction.HOLD,
            Conditions(
                recipients=tuple(options["to"]),
                attachment=_ATTACHMENT[options["attachment"]],
                recipients_at_least=options["at_least"],
                senders=tuple(options["from"]),
                keywords=tuple(options["keyword"]),
            ),
            Exceptions(
                tuple(options["except-to"]),
                tuple(options["except-from"]),
                tuple(options["except-keyword"]),
            ),
            not options["off"],
        ),
    )
    return f"The rule {row.name} is number {row.position}.", columns_of(rule_of(row))


def _remove_rule(options: Options) -> Answer:
    tenant, name = named(options), options["name"].strip()
    number = next((row.pk for row in listing.all_rules(tenant) if row.name == name), None)
    if number is None:
        raise InvalidRule("name", Problem.GONE, name)
    services.remove_rule(tenant, number)
    return f"The rule {name} was removed.", {"name": name}


def _rules(options: Options) -> Answer:
    rules = [columns_of(rule_of(row)) for row in listing.all_rules(named(options))]
    text = "\n".join(f"{place}  {_line(rule)}" for place, rule in enumerate(rules, 1))
    return text or "There are no hold rules.", rules


def _line(rule: dict[str, Any]) -> str:
    given = [
        f"{front}{name}={','.join(value) if isinstance(value, (list, tuple)) else value}"
        for front, values in (("", rule["when"]), ("except-", rule["unless"]))
        for name, value in values.items()
        if value not in (None, 0, (), [])
    ]
    state = () if rule["enabled"] else ("off",)
    return "  ".join((rule["action"], rule["name"], *state, *given))


def _set_group(options: Options) -> Answer:
    members = tuple(options["members"])
    services.store_groups(named(options), [Group(options["address"], members, options["name"])])
    data = {"address": options["address"], "members": list(members)}
    return f"The group {options['address']} has {len(members)} members.", data


def _remove_group(options: Options) -> Answer:
    services.remove_group(named(options), options["address"])
    return f"The group {options['address']} was removed.", {"address": options["address"]}


def _groups(options: Options) -> Answer:
    rows = [
        {
            "address": row.address,
            "name": row.name,
            "members": [each.address for each in row.members.all()],
        }
        for row in listing.all_groups(named(options))
    ]
    text = "\n".join(f"{row['address']}  {', '.join(row['members'])}" for row in rows)
    return text or "There are no groups.", rows
