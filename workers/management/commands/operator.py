"""``manage.py operator create``: accounts of the operator's staff."""

from __future__ import annotations

from django.core.management.base import CommandParser

from accounts.models import OperatorRole
from accounts.services import create_user
from tenants.scope import public_scope
from workers.shell.output import ShellCommand, ask_password, subparser
from workers.shell.tenants import Answer, Options

ROLES = {role.value.removeprefix("operator-"): role for role in OperatorRole}


class Command(ShellCommand):
    help = "Accounts of the operator's staff."

    def add_actions(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        make = subparser(actions, "create", "Make an account for the operator's console.", create)
        make.add_argument("email")
        make.add_argument("--role", choices=sorted(ROLES), required=True)
        make.add_argument("--password", default="", help="asked for where it is not given")
        make.add_argument("--language", choices=("ja", "en"), default="ja")


def create(options: Options) -> Answer:
    """Make the account in the public schema."""
    with public_scope():
        user = create_user(
            email=options["email"],
            role=ROLES[options["role"]],
            password=options["password"] or ask_password(),
            language=options["language"],
        )
    return f"{user.email} may sign in as {user.role}.", {"email": user.email, "role": user.role}
