"""A tenant's keys that sign outbound mail, from the shell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from encryption import selectors, services
from encryption.choices import KeyState
from mailsec.gateway.dkim.publication import Publication
from tenants.dns import records
from tenants.models import Tenant
from workers.shell.output import subparser
from workers.shell.tenants import Answer, Options, named

if TYPE_CHECKING:
    from encryption.models import DkimKey

_ORDER = (KeyState.NEW, KeyState.ACTIVE, KeyState.RETIRED)
_FOUND = {
    Publication.FOUND: "is published",
    Publication.NOT_FOUND: "is not published: there is no TXT record at this name",
    Publication.OTHER_KEY: "is not published: the record has another key",
    Publication.SEVERAL: "is not published alone: there is more than one TXT record at this name",
    Publication.UNUSABLE: "is not published: the record cannot be used, or part of it is missing",
    Publication.NO_ANSWER: "could not be checked: the domain name system gave no answer",
}


def add_dkim_actions(parser: CommandParser) -> None:
    """``generate``, ``show``, ``check`` and ``activate`` for a mail domain."""
    actions = parser.add_subparsers(dest="verb", required=True)
    for name, text, run in (
        ("generate", "Make a new key, which does not sign yet.", _generate),
        ("show", "Show a domain's keys with their DNS records.", _show),
        ("check", "Ask whether the newest key is published.", _check),
        ("activate", "Sign with the newest key, if it is published.", _activate),
    ):
        made = subparser(actions, name, text, run)
        made.add_argument("domain")
        if name in {"check", "activate"}:
            made.add_argument("--selector", default="", help="another key than the newest")


def _generate(options: Options) -> Answer:
    row = services.generate_dkim_key(named(options), options["domain"], timezone.now())
    return f"Publish this record, then check and activate the key.\n{_line(row)}", _facts(row)


def _show(options: Options) -> Answer:
    rows = _keys(named(options), options["domain"])
    text = "\n".join(f"{row.state:<8} {_line(row)}" for row in rows)
    return text or "The domain has no key.", [_facts(row) for row in rows]


def _check(options: Options) -> Answer:
    tenant = named(options)
    row = _chosen(tenant, options)
    found = services.check_dkim_key(tenant, row.id, records(settings.SENDER_DNS), timezone.now())
    return f"{row.name} {_FOUND[found]}.", {"name": row.name, "found": str(found)}


def _activate(options: Options) -> Answer:
    tenant = named(options)
    row = _chosen(tenant, options)
    services.activate_dkim_key(tenant, row.id, records(settings.SENDER_DNS), timezone.now())
    text = f"Mail of {row.domain} is signed with {row.selector} from now on."
    return text, {"domain": row.domain, "selector": row.selector}


def _keys(tenant: Tenant, domain: str) -> tuple[DkimKey, ...]:
    wanted = domain.strip().lower()
    for each in selectors.domain_keys(tenant):
        if each.domain == wanted:
            return each.keys
    raise CommandError(f"{domain!r} is no mail domain of this tenant.")


def _chosen(tenant: Tenant, options: Options) -> DkimKey:
    """The key that is named, else the newest one that does not sign yet, else the one that does."""
    rows = _keys(tenant, options["domain"])
    wanted = [row for row in rows if row.selector == options["selector"]]
    if options["selector"] and not wanted:
        raise CommandError(f"The domain has no key {options['selector']!r}.")
    if not rows:
        raise CommandError("The domain has no key; generate one first.")
    return wanted[0] if wanted else min(rows, key=lambda row: _ORDER.index(KeyState(row.state)))


def _line(row: DkimKey) -> str:
    return f"{row.name}. IN TXT {row.zone_value}"


def _facts(row: DkimKey) -> dict[str, Any]:
    return {
        "selector": row.selector,
        "state": row.state,
        "name": row.name,
        "type": "TXT",
        "value": row.record,
        "strings": list(row.strings),
        "created_at": row.created_at.isoformat(),
        "found": row.publication,
    }
