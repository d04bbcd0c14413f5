"""``manage.py threat …``: the operator's lists of harmful files and of senders."""

from __future__ import annotations

from django.core.management.base import CommandParser

from threats import selectors, services
from workers.shell.lists import add_list_actions, show_blocklists
from workers.shell.output import ShellCommand, subparser
from workers.shell.tenants import Answer, Options


class Command(ShellCommand):
    help = "Files and senders that are blocked for every tenant, and DNS block lists."

    def add_actions(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        block = subparser(actions, "block", "Treat a file as a virus.", block_file)
        block.add_argument("sha256")
        block.add_argument("name")
        block.add_argument("--note", default="")
        subparser(actions, "unblock", "Take a file off the list.", unblock_file).add_argument(
            "sha256"
        )
        subparser(actions, "list", "Show the list of files.", list_files)
        add_list_actions(
            actions.add_parser("sender", help="Allow and block lists."), of_tenant=False
        )
        subparser(actions, "blocklists", "How the DNS block lists stand.", show_blocklists)


def block_file(options: Options) -> Answer:
    row = services.block_file(options["sha256"], options["name"], options["note"])
    return f"{row.sha256} is blocked as {row.name}.", {"sha256": row.sha256, "name": row.name}


def unblock_file(options: Options) -> Answer:
    services.unblock_file(options["sha256"])
    return "The file is no longer blocked.", {"sha256": options["sha256"]}


def list_files(options: Options) -> Answer:
    rows = [{"sha256": digest, "name": name} for digest, name in selectors.blocked_files().items()]
    return "\n".join(
        f"{row['sha256']}  {row['name']}" for row in rows
    ) or "No file is blocked.", rows
