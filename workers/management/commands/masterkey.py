"""``manage.py masterkey rewrap``: the step after a new master key was configured."""

from __future__ import annotations

from django.core.management.base import CommandParser

from encryption.services import rewrap_tenant_keys
from workers.shell.output import ShellCommand, subparser
from workers.shell.tenants import Answer, Options


class Command(ShellCommand):
    help = "Bring the tenants' keys under the current master key."

    def add_actions(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        subparser(actions, "rewrap", "Wrap every tenant's key anew.", rewrap)


def rewrap(options: Options) -> Answer:
    count = rewrap_tenant_keys()
    return f"{count} keys were wrapped anew.", {"count": count}
