"""``manage.py digest …``: the users' quarantine digests, from the shell."""

from __future__ import annotations

from django.core.management.base import CommandParser
from django.utils import timezone

from mailsec.celery import enqueue
from workers.digests import send_digests
from workers.shell.output import ShellCommand, subparser
from workers.shell.tenants import Answer, Options, named


class Command(ShellCommand):
    help = "Send the users' quarantine digests before their hour."

    def add_actions(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        now = subparser(actions, "send", "Send today's digests now, each at most once.", send)
        now.add_argument("slug")


def send(options: Options) -> Answer:
    """Today's digests for whoever has not got one, with all news until now."""
    tenant, now = named(options), timezone.now()
    sent = send_digests(tenant, now.astimezone(tenant.zone).date(), now, now)
    if sent:
        enqueue("deliver", tenant.slug, sent)
    return f"{len(sent)} digests are on their way.", {"sent": len(sent)}
