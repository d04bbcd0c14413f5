"""Tenants, their domains, hops and connectors, from the shell."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from accounts.models import TenantRole
from accounts.services import create_user
from tenants import selectors, services
from tenants.models import State, Tenant
from tenants.scope import tenant_scope
from tenants.values import ConnectorRequest, Order
from workers.shell.output import ask_password

Answer = tuple[str, Any]
Options = Mapping[str, Any]


def named(options: Options) -> Tenant:
    """The tenant that the command line names."""
    try:
        return selectors.tenant_named(options["slug"])
    except Tenant.DoesNotExist:
        raise CommandError(f"There is no tenant {options['slug']!r}.") from None


def create(options: Options) -> Answer:
    """Provision a tenant, with its first owner where one is named."""
    if options["password"] and not options["admin"]:
        raise CommandError("--password belongs to --admin.")
    # Asked before anything is made, so that a person who gives up has changed nothing.
    password = (options["password"] or ask_password()) if options["admin"] else ""
    tenant = services.provision(
        Order(
            slug=options["slug"],
            name=options["name"],
            menu=options["menu"],
            language=options["language"],
            time_zone=options["time_zone"],
            contact=options["contact"],
            ids=options["ids"],
            trial=options["trial"],
        )
    )
    if options["admin"]:
        with tenant_scope(tenant):
            create_user(
                email=options["admin"],
                role=TenantRole.OWNER,
                password=password,
                language=tenant.language,
            )
    return f"Tenant {tenant.slug} is ready, on menu {tenant.menu_number}.", describe(tenant)


def list_all(options: Options) -> Answer:
    """Every tenant, one a line."""
    rows = [describe(tenant) for tenant in selectors.tenants_with_counts()]
    lines = [
        f"{row['slug']:<24} menu {row['menu']}  {row['state']:<10} {row['name']}" for row in rows
    ]
    return "\n".join(lines) or "There are no tenants.", rows


def show(options: Options) -> Answer:
    """One tenant with all that belongs to it."""
    data = describe(named(options))
    return "\n".join(f"{key}: {value}" for key, value in data.items()), data


def set_state(state: State) -> Any:
    """A handler that puts the tenant into this state."""

    def run(options: Options) -> Answer:
        tenant = named(options)
        services.set_state(tenant, state)
        return f"Tenant {tenant.slug} is {state}.", {"slug": tenant.slug, "state": str(state)}

    return run


def add_domain(options: Options) -> Answer:
    row = services.add_domain(named(options), options["domain"])
    return f"{row.name} is registered.", {"domain": row.name}


def add_next_hop(options: Options) -> Answer:
    _one_direction(options)
    row = services.add_next_hop(
        named(options),
        options["address"],
        domain=options["domain"],
        tls=options["tls"],
        priority=options["priority"],
    )
    return f"{row} takes mail.", {"host": row.host, "port": row.port}


def remove_next_hop(options: Options) -> Answer:
    _one_direction(options)
    services.remove_next_hop(named(options), options["address"], domain=options["domain"])
    return f"{options['address']} takes no mail any more.", {}


def _one_direction(options: Options) -> None:
    if bool(options["domain"]) == bool(options["outbound"]):
        raise CommandError("Say either --domain DOMAIN or --outbound.")


def add_connector(options: Options) -> Answer:
    pem = ""
    if options["certificate"]:
        try:
            pem = Path(options["certificate"]).read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{options['certificate']}: {error}") from None
    row, secret = services.add_connector(
        named(options),
        ConnectorRequest(
            name=options["name"],
            networks=options["network"],
            proof=options["proof"],
            username=options["username"],
            header_name=options["header"],
            certificate_pem=pem,
        ),
    )
    data = {
        "name": row.name,
        "proof": row.proof,
        "username": row.username,
        "header": row.header_name,
        "secret": secret,
    }
    shown = f" Its secret, shown this once: {secret}" if secret else ""
    return f"Connector {row} may hand in mail.{shown}", data


def describe(tenant: Tenant) -> dict[str, Any]:
    """What the operator sees of a tenant; no secrets."""
    contract = getattr(tenant, "contract", None)
    return {
        "slug": tenant.slug,
        "name": tenant.name,
        "menu": tenant.menu_number,
        "state": tenant.state,
        "ready": tenant.ready,
        "language": tenant.language,
        "time_zone": tenant.time_zone,
        "ids": contract.ids if contract else 0,
        "domains": [row.name for row in tenant.mail_domains.all()],
        "next_hops": [
            {
                "domain": row.domain.name if row.domain else "",
                "address": str(row),
                "tls": row.tls,
                "priority": row.priority,
            }
            for row in tenant.next_hops.select_related("domain")
        ],
        "connectors": [
            {"name": row.name, "proof": row.proof, "networks": row.networks}
            for row in tenant.connectors.all()
        ],
        "web_hosts": [str(row) for row in tenant.domains.all()],
    }
