"""How the operator's shell answers: a line for people, or JSON for scripts."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from abc import ABC, abstractmethod
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.errors import AccountError
from encryption.errors import EncryptionError
from mailsec.gateway.errors import GatewayError
from policies.errors import InvalidAddresses, PolicyError
from quarantine.errors import CustodyError
from tenants.errors import TenantError
from threats.errors import ThreatError

EXPECTED = (
    *(AccountError, TenantError, PolicyError, ThreatError, CustodyError, EncryptionError),
    GatewayError,
)


class ShellCommand(BaseCommand, ABC):
    """A command whose handlers return ``(text, data)``; errors end with 1 and change nothing."""

    requires_migrations_checks = False
    # The long-running processes check the set-up at their start; a shell command answers at once.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="answer in JSON")
        self.add_actions(parser)

    @abstractmethod
    def add_actions(self, parser: CommandParser) -> None:
        """Add one sub-parser an action, each with ``run`` set to its handler."""

    def handle(self, *args: Any, **options: Any) -> None:
        run = options.pop("run")
        try:
            text, data = run(options)
        except InvalidAddresses as error:
            raise CommandError("Nothing was imported.\n" + "\n".join(error.problems[:50])) from None
        except EXPECTED as error:
            raise CommandError(str(error)) from None
        self.stdout.write(json.dumps(data, ensure_ascii=False) if options["json"] else text)


def subparser(actions: Any, name: str, text: str, run: Any) -> CommandParser:
    """One action's parser, which takes ``--json`` too."""
    parser: CommandParser = actions.add_parser(name, help=text, description=text)
    parser.add_argument(
        "--json", action="store_true", default=argparse.SUPPRESS, help="answer in JSON"
    )
    parser.set_defaults(run=run)
    return parser


def ask_password() -> str:
    """A new password from the terminal, so that it stands in no process list and no history.

    A program gives it as the first line of standard input.
    """
    if not sys.stdin.isatty():
        password = sys.stdin.readline().rstrip("\r\n")
        if not password:
            raise CommandError(
                "No password: give it as the first line of standard input,"
                " or run the command in a terminal."
            )
        return password
    password = getpass.getpass("New password: ")
    if getpass.getpass("Once more: ") != password:
        raise CommandError("The two passwords differ.")
    return password
