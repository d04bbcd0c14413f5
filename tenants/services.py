"""What changes tenants: provisioning, states, domains, next hops, connectors."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from zoneinfo import available_timezones

import structlog
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone
from psycopg import sql

from accounts.services import SHELL, record
from tenants import values
from tenants.errors import InvalidTenant
from tenants.keys import make_key
from tenants.menu import MENUS
from tenants.models import (
    Connector,
    Contract,
    MailDomain,
    NextHop,
    Proof,
    State,
    Tenant,
    TlsChoice,
    WebHost,
)
from tenants.models.contract import LEAST_IDS
from tenants.models.tenant import RESERVED_SLUGS, validate_slug

log = structlog.get_logger(__name__)


def provision(order: values.Order) -> Tenant:
    """Make a tenant with its schema, key, contract and web host: wholly, or not at all.

    A process that dies in between leaves a row that is not ready; the next call for the same slug
    clears it away first.
    """
    _check(order)
    with transaction.atomic():
        leftover = Tenant.objects.select_for_update().filter(slug=order.slug).first()
        if leftover is not None:
            if leftover.ready:
                raise InvalidTenant("slug", f"{order.slug} is taken.")
            _clear(leftover)
        tenant: Tenant = Tenant.objects.create(
            slug=order.slug,
            schema_name="t_" + order.slug.replace("-", "_"),
            name=order.name,
            menu_number=order.menu,
            state=State.TRIAL if order.trial else State.ACTIVE,
            language=order.language,
            time_zone=order.time_zone,
            contact=order.contact,
        )
    try:
        _furnish(tenant, order)
    except BaseException:
        # Also on Ctrl-C: half a tenant is worse than none.
        with transaction.atomic():
            _clear(tenant)
        raise
    return tenant


def _furnish(tenant: Tenant, order: values.Order) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(tenant.schema_name)).as_string()
        )
    call_command("migrate_schemas", schema_name=tenant.schema_name, verbosity=0, interactive=False)
    with transaction.atomic():
        make_key(tenant)
        starts_on = order.starts_on or timezone.localdate()
        Contract.objects.create(
            tenant=tenant,
            ids=order.ids,
            starts_on=starts_on,
            ends_on=starts_on + timedelta(days=365),
        )
        WebHost.objects.create(
            tenant=tenant, domain=f"{tenant.slug}.{settings.BASE_DOMAIN}", is_primary=True
        )
        tenant.ready = True
        tenant.save()
        record(actor=SHELL, action="tenant.create", subject=tenant.slug)


def _check(order: values.Order) -> None:
    try:
        validate_slug(order.slug)
    except ValidationError as error:
        raise InvalidTenant("slug", " ".join(error.messages)) from None
    if order.slug in RESERVED_SLUGS or len(order.slug) > 40:
        raise InvalidTenant("slug", "This name is reserved or longer than 40 characters.")
    if order.menu not in MENUS:
        raise InvalidTenant("menu", "The menus are 1 to 6.")
    if not order.name.strip():
        raise InvalidTenant("name", "A tenant needs a name.")
    if order.ids < LEAST_IDS:
        raise InvalidTenant("ids", f"A contract holds at least {LEAST_IDS} IDs.")
    if order.language not in {code for code, _ in settings.LANGUAGES}:
        raise InvalidTenant("language", "The languages are ja and en.")
    if order.time_zone not in available_timezones():
        raise InvalidTenant("time_zone", f"{order.time_zone!r} is no time zone.")


def _clear(tenant: Tenant) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE")
            .format(sql.Identifier(tenant.schema_name))
            .as_string()
        )
    Tenant.objects.filter(pk=tenant.pk, ready=False).delete()


def set_state(tenant: Tenant, state: State) -> None:
    """Suspend, resume or close a tenant; its records stay."""
    with transaction.atomic():
        row = Tenant.objects.select_for_update().get(pk=tenant.pk)
        if row.state == State.CLOSED and state != State.CLOSED:
            raise InvalidTenant("state", f"{row.slug} is closed for good.")
        before, row.state = row.state, state
        row.save(update_fields=["state"])
        record(
            actor=SHELL,
            action="tenant.state",
            subject=row.slug,
            before={"state": before},
            after={"state": str(state)},
        )


def set_listener_values(
    tenant: Tenant,
    *,
    check_recipients: bool,
    message_size_bytes: int,
    reputation_check: bool,
    greylisting: bool,
) -> None:
    """Copy what the listeners need from the tenant's policy (called by policies.services)."""
    Tenant.objects.filter(pk=tenant.pk).update(
        check_recipients=check_recipients,
        message_size_bytes=message_size_bytes,
        reputation_check=reputation_check,
        greylisting=greylisting,
    )


def mark_lists_changed(tenant: Tenant) -> None:
    """Tell the listeners to read the tenant's lists anew (called by policies.services).

    Until the transaction ends this holds off every other writer of the tenant's lists.
    """
    Tenant.objects.filter(pk=tenant.pk).update(lists_version=F("lists_version") + 1)


def add_domain(tenant: Tenant, name: str) -> MailDomain:
    """Register a whole mail domain; one tenant owns it."""
    domain = values.domain_name(name)
    row, created = MailDomain.objects.get_or_create(name=domain, defaults={"tenant": tenant})
    if not created:
        raise InvalidTenant("domain", f"{domain} is registered already.")
    record(actor=SHELL, action="domain.add", subject=domain, after={"tenant": tenant.slug})
    return row


def add_next_hop(
    tenant: Tenant,
    address: str,
    *,
    domain: str | None,
    tls: str = "opportunistic",
    priority: int = 10,
) -> NextHop:
    """Hand the domain's mail to this server; without a domain, all mail to outside goes there."""
    host, port = values.host_and_port(address, default_port=25)
    if tls not in TlsChoice.values:
        raise InvalidTenant("tls", "Choose one of " + ", ".join(TlsChoice.values) + ".")
    if not 0 <= priority <= 1000:
        raise InvalidTenant("priority", "The priority is 0 to 1000.")
    owner = _domain_of(tenant, domain) if domain else None
    row, created = NextHop.objects.get_or_create(
        tenant=tenant,
        domain=owner,
        host=host,
        port=port,
        defaults={"tls": tls, "priority": priority},
    )
    if not created:
        raise InvalidTenant("address", f"{row} is a next hop already.")
    record(actor=SHELL, action="next-hop.add", subject=str(row), after={"domain": domain or ""})
    return row


def remove_next_hop(tenant: Tenant, address: str, *, domain: str | None) -> None:
    """No longer hand mail to this server."""
    host, port = values.host_and_port(address, default_port=25)
    owner = _domain_of(tenant, domain) if domain else None
    count, _ = NextHop.objects.filter(tenant=tenant, domain=owner, host=host, port=port).delete()
    if not count:
        raise InvalidTenant("address", f"{host}:{port} is no next hop of {domain or tenant.slug}.")
    record(actor=SHELL, action="next-hop.remove", subject=f"{host}:{port}")


def _domain_of(tenant: Tenant, name: str) -> MailDomain:
    domain = MailDomain.objects.filter(tenant=tenant, name=values.domain_name(name)).first()
    if domain is None:
        raise InvalidTenant("domain", f"{name} is no mail domain of {tenant.slug}.")
    return domain


def add_connector(tenant: Tenant, request: values.ConnectorRequest) -> tuple[Connector, str]:
    """Let these networks hand in the tenant's mail; returns the secret, shown this once.

    The secret is the password or the header's value; it is empty for a certificate.
    """
    if Connector.objects.filter(tenant=tenant, name=request.name).exists():
        raise InvalidTenant("name", f"{tenant.slug} has a connector {request.name} already.")
    row = Connector(
        tenant=tenant,
        name=values.short_name(request.name),
        networks=values.networks(request.networks),
        proof=request.proof,
    )
    secret = ""
    if request.proof == Proof.CERTIFICATE:
        row.certificate_pem, row.certificate_sha256 = values.certificate(request.certificate_pem)
    else:
        secret = secrets.token_urlsafe(32)
        row.secret_sha256 = hashlib.sha256(secret.encode()).digest()
    if request.proof == Proof.AUTH:
        row.username = values.username(request.username or f"{tenant.slug}-{request.name}")
        if Connector.objects.filter(username=row.username).exists():
            raise InvalidTenant("username", f"{row.username} is taken.")
    elif request.proof == Proof.HEADER:
        row.header_name = values.header_name(request.header_name)
    row.save()
    record(actor=SHELL, action="connector.add", subject=str(row), after={"proof": row.proof})
    return row, secret
