"""``manage.py message …``: what became of mail, from the shell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from mailsec.celery import enqueue
from quarantine import selectors, services
from tenants.scope import tenant_scope
from workers.shell.output import ShellCommand, subparser
from workers.shell.tenants import Answer, Options, named

if TYPE_CHECKING:
    from quarantine.models import StoredMessage


class Command(ShellCommand):
    help = "Trace messages, and look at set-aside ones again."

    def add_actions(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        find = subparser(actions, "trace", "Show messages, newest first.", trace)
        find.add_argument("slug")
        find.add_argument("--message-id", default="", help="the Message-ID header's value")
        find.add_argument("--state", default="")
        find.add_argument("--limit", type=int, default=50)
        refused = subparser(actions, "refused", "Show refused mail, newest first.", refused_mail)
        refused.add_argument("slug")
        refused.add_argument("--text", default="", help="address, IP address or reference")
        again = subparser(actions, "resubmit", "Look at a set-aside message again.", resubmit)
        again.add_argument("slug")
        again.add_argument("queue_id")


def trace(options: Options) -> Answer:
    """Messages with their findings and copies."""
    tenant = named(options)
    wanted = selectors.MessageFilter(text=options["message_id"], state=options["state"])
    with tenant_scope(tenant):
        rows = selectors.messages_with(tenant, wanted)[: options["limit"]]
        data = [_describe(row) for row in rows.prefetch_related("findings", "events")]
    lines = []
    for row in data:
        lines.append(f"{row['queue_id']}  {row['state']:<11} {row['sender']}  {row['subject']}")
        lines += [
            f"    {copy['recipient']}: {copy['state']} {copy['reply']}"
            for copy in row["deliveries"]
        ]
    return "\n".join(lines) or "No message.", data


def refused_mail(options: Options) -> Answer:
    """Mail that was turned away before it was taken; the last 200."""
    wanted = selectors.RefusalFilter(text=options["text"])
    data = [
        {
            "at": row.at.isoformat(),
            "client_ip": row.client_ip,
            "sender": row.sender,
            "recipient": row.recipient,
            "code": row.code,
            "reason": row.reason,
            "reference": row.reference,
            "count": row.count,
            "taken_at": row.taken_at and row.taken_at.isoformat(),
            "detail": row.detail,
        }
        for row in selectors.refusals(named(options), wanted, size=200).rows
    ]
    lines = [
        f"{row['at']}  {row['code']} {row['reason']:<10} {row['client_ip']}"
        f"  {row['sender']} -> {row['recipient']}  {row['reference']}"
        + (f"  taken {row['taken_at']}" if row["taken_at"] else "")
        for row in data
    ]
    return "\n".join(lines) or "No mail was refused.", data


def _describe(row: StoredMessage) -> dict[str, Any]:
    return {
        "queue_id": row.queue_id,
        "state": row.state,
        "direction": row.direction,
        "received_at": row.received_at.isoformat(),
        "sender": row.sender,
        "subject": row.subject,
        "message_id": row.message_id,
        "changed": row.changed,
        "error": row.error,
        "findings": [
            {
                "check": each.check_name,
                "code": each.code,
                "severity": each.severity,
                "detail": each.detail,
            }
            for each in row.findings.all()
        ],
        "deliveries": [
            {"recipient": each.recipient, "state": each.state, "reply": each.remote_reply}
            for each in row.deliveries.all()
        ],
        "events": [
            {"at": each.at.isoformat(), "kind": each.kind, "data": each.data}
            for each in row.events.all()
        ],
    }


def resubmit(options: Options) -> Answer:
    """Queue a set-aside message again."""
    tenant = named(options)
    try:
        message_id = UUID(options["queue_id"])
    except ValueError:
        raise CommandError(f"{options['queue_id']!r} is no queue id.") from None
    if selectors.message_with(tenant, message_id) is None:
        raise CommandError(f"{tenant.slug} has no message {options['queue_id']}.")
    services.resubmit(tenant, message_id, timezone.now())
    enqueue("examine", tenant.slug, [message_id])
    return "The message is looked at again.", {"queue_id": message_id.hex}
