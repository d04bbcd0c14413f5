"""Allow and block lists of a tenant and of the operator, from the shell."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import CommandError, CommandParser

import threats.selectors
import threats.services
from policies import selectors, services
from tenants.scope import tenant_scope
from threats.choices import ListKind
from workers.shell.output import subparser
from workers.shell.tenants import Answer, Options, named


def add_list_actions(parser: CommandParser, *, of_tenant: bool) -> None:
    """``add``, ``remove`` and ``list`` for one of the two kinds of lists."""
    actions = parser.add_subparsers(dest="verb", required=True)
    add = subparser(actions, "add", "Put an entry on a list.", _add if of_tenant else _add_for_all)
    remove = subparser(
        actions, "remove", "Take an entry off.", _remove if of_tenant else _remove_for_all
    )
    show = subparser(actions, "list", "Show the lists.", _show if of_tenant else _show_for_all)
    for each in (add, remove, show):
        if of_tenant:
            each.add_argument("slug")
            each.add_argument("--recipient", default="", help="one user's own list")
    for each in (add, remove):
        each.add_argument("kind", choices=ListKind.values)
        each.add_argument("entry", help="an address, domain, IP address or network")
    add.add_argument("--note", default="")
    add.add_argument("--expires", default="", help="until when, as in 2026-12-31T09:00+09:00")


def _add(options: Options) -> Answer:
    row = services.add_entry(
        named(options),
        options["kind"],
        options["entry"],
        recipient=options["recipient"],
        note=options["note"],
        expires_at=_moment(options["expires"]),
    )
    return f"{row.entry} is on the {row.kind} list.", {"kind": row.kind, "entry": row.entry}


def _remove(options: Options) -> Answer:
    kind, entry = options["kind"], options["entry"]
    services.remove_entry(named(options), kind, entry, recipient=options["recipient"])
    return f"{entry} is no longer on the {kind} list.", {"kind": kind, "entry": entry}


def _show(options: Options) -> Answer:
    tenant = named(options)
    with tenant_scope(tenant):
        wanted = options["recipient"] or None
        rows = [_facts(row) for row in selectors.list_entries(tenant, recipient=wanted)]
    return _lines(rows), rows


def _add_for_all(options: Options) -> Answer:
    row = threats.services.add_entry(
        options["kind"],
        options["entry"],
        note=options["note"],
        expires_at=_moment(options["expires"]),
    )
    return f"{row.entry} is on the {row.kind} list.", {"kind": row.kind, "entry": row.entry}


def _remove_for_all(options: Options) -> Answer:
    kind, entry = options["kind"], options["entry"]
    threats.services.remove_entry(kind, entry)
    return f"{entry} is no longer on the {kind} list.", {"kind": kind, "entry": entry}


def _show_for_all(options: Options) -> Answer:
    rows = [_facts(row) for row in threats.selectors.sender_entries()]
    return _lines(rows), rows


def show_blocklists(options: Options) -> Answer:
    """How the DNS block lists of the settings stand."""
    rows = [
        {
            "zone": row.zone,
            "working": row.working,
            "problem": row.problem,
            "since": row.since.isoformat(),
            "checked_at": row.checked_at.isoformat(),
            "asked": row.asked,
            "listed": row.listed,
            "errors": row.errors,
            "unanswered": row.unanswered,
        }
        for row in threats.selectors.blocklists()
    ]
    text = "\n".join(
        f"{row['zone']}  {'works' if row['working'] else 'OFF: ' + str(row['problem'])}"
        f"  {row['asked']} asked, {row['listed']} listed, {row['errors']} errors,"
        f" {row['unanswered']} unanswered"
        for row in rows
    )
    return text or "No DNS block list is asked.", rows


def _facts(row: Any) -> dict[str, str]:
    return {
        "kind": row.kind,
        "entry": row.entry,
        "recipient": getattr(row, "recipient", ""),
        "expires_at": row.expires_at.isoformat() if row.expires_at else "",
        "author": row.author,
        "note": row.note,
    }


def _lines(rows: list[dict[str, str]]) -> str:
    return "\n".join(
        "  ".join(filter(None, (row["kind"], row["entry"], row["recipient"], row["note"])))
        for row in rows
    ) or "The lists are empty."  # fmt: skip


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"{text!r} is no time.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
