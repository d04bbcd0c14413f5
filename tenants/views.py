"""The operator's console, first floor: whom we serve and with what."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404, HttpResponse
from django.shortcuts import render

from tenants.access import ConsoleRequest, operator_page
from tenants.menu import Menu
from tenants.models import State, Tenant
from tenants.selectors import tenant_with_details, tenants_with_counts


@dataclass(frozen=True, slots=True)
class Row:
    """One tenant with the address of its console; empty where the console cannot be opened."""

    tenant: Tenant
    menu: Menu
    console: str


@operator_page
def tenants(request: ConsoleRequest) -> HttpResponse:
    """Every tenant, by name."""
    rows = [_row(request, tenant) for tenant in tenants_with_counts()]
    return render(request, "tenants/list.html", {"rows": rows, "section": "tenants"})


@operator_page
def tenant(request: ConsoleRequest, slug: str) -> HttpResponse:
    """One tenant: menu, contract, domains with their servers, connectors without their secrets."""
    found = tenant_with_details(slug)
    if found is None:
        raise Http404
    context = {
        "row": _row(request, found),
        "domains": found.mail_domains.all(),
        "smart_hosts": [hop for hop in found.next_hops.all() if hop.domain_id is None],
        "connectors": found.connectors.all(),
        "section": "tenants",
    }
    return render(request, "tenants/detail.html", context)


def _row(request: ConsoleRequest, tenant: Tenant) -> Row:
    hosts = [host.domain for host in tenant.domains.all() if host.is_primary]
    console = ""
    if hosts and tenant.ready and tenant.state != State.CLOSED:
        _, colon, port = request.get_host().partition(":")
        console = f"{request.scheme}://{hosts[0]}{colon}{port}/"
    return Row(tenant, tenant.menu, console)
