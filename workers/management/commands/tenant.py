"""``manage.py tenant …``: the operator's shell for tenants."""

from __future__ import annotations

from argparse import RawDescriptionHelpFormatter

from django.core.management.base import CommandParser

from tenants.models import Proof, State, TlsChoice
from workers.shell import policies, tenants
from workers.shell.dkim import add_dkim_actions
from workers.shell.hold_rules import add_group_actions, add_hold_rule_actions
from workers.shell.lists import add_list_actions
from workers.shell.output import ShellCommand, subparser


class Command(ShellCommand):
    help = "Create, list, show and change tenants and what belongs to them."

    def add_actions(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        _add_create(
            subparser(
                actions, "create", "Provision a tenant, wholly or not at all.", tenants.create
            )
        )
        subparser(actions, "list", "List all tenants.", tenants.list_all)
        _slug(subparser(actions, "show", "Show one tenant.", tenants.show))
        for name, state in (
            ("suspend", State.SUSPENDED),
            ("resume", State.ACTIVE),
            ("close", State.CLOSED),
        ):
            _slug(
                subparser(
                    actions, name, f"Put a tenant into the state {state}.", tenants.set_state(state)
                )
            )
        _add_domain(actions.add_parser("domain", help="Mail domains."))
        _add_next_hop(actions.add_parser("nexthop", help="Where mail is handed on to."))
        _add_connector(actions.add_parser("connector", help="Who may hand in outbound mail."))
        _add_policy(actions.add_parser("policy", help="What the tenant wants."))
        _add_address(actions.add_parser("address", help="Registered addresses."))
        add_dkim_actions(_slug(actions.add_parser("dkim", help="Keys that sign outbound mail.")))
        add_list_actions(
            actions.add_parser("sender", help="Allow and block lists."), of_tenant=True
        )
        add_hold_rule_actions(
            actions.add_parser("hold-rule", help="Which outbound mail is held first.")
        )
        add_group_actions(actions.add_parser("group", help="Addresses that people share."))


def _slug(parser: CommandParser) -> CommandParser:
    parser.add_argument("slug")
    return parser


def _add_create(parser: CommandParser) -> None:
    _slug(parser)
    parser.add_argument("--name", required=True)
    parser.add_argument("--menu", type=int, required=True, help="1 to 6")
    parser.add_argument("--language", choices=("ja", "en"), default="ja")
    parser.add_argument("--time-zone", default="Asia/Tokyo")
    parser.add_argument("--contact", default="", help="whom employees ask; stands in notices")
    parser.add_argument("--ids", type=int, default=100)
    parser.add_argument("--trial", action="store_true")
    parser.add_argument("--admin", default="", help="e-mail address of the first owner")
    parser.add_argument("--password", default="", help="asked for where it is not given")


def _add_domain(parser: CommandParser) -> None:
    actions = parser.add_subparsers(dest="verb", required=True)
    _slug(
        subparser(actions, "add", "Register a whole mail domain.", tenants.add_domain)
    ).add_argument("domain")


def _add_next_hop(parser: CommandParser) -> None:
    actions = parser.add_subparsers(dest="verb", required=True)
    add = _slug(subparser(actions, "add", "Hand mail to this server.", tenants.add_next_hop))
    remove = _slug(subparser(actions, "remove", "No longer do so.", tenants.remove_next_hop))
    for each in (add, remove):
        each.add_argument("address", help="HOST:PORT")
        each.add_argument("--domain", default="", help="the mail domain that it serves")
        each.add_argument("--outbound", action="store_true", help="it takes mail to outside")
    add.add_argument("--tls", choices=TlsChoice.values, default=TlsChoice.OPPORTUNISTIC.value)
    add.add_argument("--priority", type=int, default=10, help="lower is tried first")


def _add_connector(parser: CommandParser) -> None:
    actions = parser.add_subparsers(dest="verb", required=True)
    add = _slug(subparser(actions, "add", "Let a mail server hand in mail.", tenants.add_connector))
    add.add_argument("name")
    add.add_argument("--network", action="append", default=[], help="address or CIDR; repeatable")
    add.add_argument("--proof", choices=Proof.values, required=True)
    add.add_argument("--username", default="", help="for auth")
    add.add_argument("--header", default="", help="for header: its name")
    add.add_argument("--certificate", default="", help="for certificate: a PEM file")


def _add_policy(parser: CommandParser) -> None:
    _slug(parser)
    actions = parser.add_subparsers(dest="verb", required=True)
    get = subparser(actions, "get", "Show settings.", policies.get_policy)
    get.add_argument("keys", nargs="*")
    change = subparser(actions, "set", "Change settings, all or none.", policies.set_policy)
    change.add_argument("changes", nargs="+", metavar="KEY=VALUE")
    for each in (get, change):
        each.formatter_class = RawDescriptionHelpFormatter
        each.epilog = policies.settings_help()


def _add_address(parser: CommandParser) -> None:
    actions = parser.add_subparsers(dest="verb", required=True)
    load = subparser(
        actions, "import", "Register a CSV file's addresses.", policies.import_addresses
    )
    _slug(load).add_argument("file")
