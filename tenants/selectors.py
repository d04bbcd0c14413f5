"""Reading tenants and what belongs to them."""

from __future__ import annotations

import time
from collections.abc import Sequence

from django.db.models import Count, QuerySet

from tenants.errors import TenantNotReady
from tenants.models import Connector, MailDomain, NextHop, State, Tenant
from tenants.scope import public_scope

_KEEP_SECONDS = 5.0
_kept: dict[str, tuple[float, Tenant]] = {}


def tenant_named(slug: str) -> Tenant:
    """The tenant of this name, ready or not; Tenant.DoesNotExist where there is none."""
    with public_scope():
        tenant: Tenant = Tenant.objects.get(slug=slug)
    return tenant


def ready_tenant(slug: str) -> Tenant:
    """The tenant to work for; TenantNotReady where its schema must not be opened.

    Kept for a few seconds in each process, because every task asks for it.
    """
    kept_at, tenant = _kept.get(slug, (0.0, None))
    now = time.monotonic()
    if tenant is not None and now - kept_at < _KEEP_SECONDS:
        return tenant
    with public_scope():
        found: Tenant | None = Tenant.objects.filter(slug=slug, ready=True).first()
    if found is None:
        _kept.pop(slug, None)
        raise TenantNotReady(slug)
    _kept[slug] = (now, found)
    return found


def ready_slugs() -> list[str]:
    """Every tenant that has work done for it; closed ones keep their last deliveries going."""
    with public_scope():
        return list(Tenant.objects.filter(ready=True).values_list("slug", flat=True))


def tenants_with_counts() -> QuerySet[Tenant]:
    """All tenants for the operator's list, with the numbers of their domains."""
    rows: QuerySet[Tenant] = (
        Tenant.objects.select_related("contract")
        .prefetch_related("domains")
        .annotate(domain_count=Count("mail_domains", distinct=True))
    )
    return rows


def tenant_with_details(slug: str) -> Tenant | None:
    """One tenant with all that belongs to it, for the operator's page."""
    rows: QuerySet[Tenant] = Tenant.objects.select_related("contract").prefetch_related(
        "domains", "mail_domains__next_hops", "next_hops", "connectors"
    )
    return rows.filter(slug=slug).first()


def hops_for(domain: str) -> Sequence[NextHop] | None:
    """The next hops of a registered mail domain, or None for a domain that is not ours."""
    with public_scope():
        row = MailDomain.objects.filter(name=domain).first()
        if row is None:
            return None
        return list(row.next_hops.all())


def smart_hosts_of(tenant: Tenant) -> Sequence[NextHop]:
    """Where the tenant's mail to outside goes instead of to the recipients' MX."""
    with public_scope():
        return list(NextHop.objects.filter(tenant=tenant.pk, domain=None))


def mail_domain_rows() -> list[tuple[str, Tenant]]:
    """Every registered mail domain with its tenant, for the listeners' snapshot."""
    with public_scope():
        rows = MailDomain.objects.select_related("tenant").exclude(tenant__state=State.CLOSED)
        return [(row.name, row.tenant) for row in rows.filter(tenant__ready=True)]


def connector_rows() -> list[Connector]:
    """Every connector with its tenant, for the listeners' snapshot."""
    with public_scope():
        rows = Connector.objects.select_related("tenant").exclude(tenant__state=State.CLOSED)
        return list(rows.filter(tenant__ready=True))


def domains_of(tenant: Tenant) -> frozenset[str]:
    """The tenant's mail domains."""
    with public_scope():
        return frozenset(MailDomain.objects.filter(tenant=tenant.pk).values_list("name", flat=True))
