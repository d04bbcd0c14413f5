"""The listeners' view of tenants: a snapshot in memory, read anew every few seconds."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import structlog
from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone

from mailsec.gateway.lists import Lists, TenantLists
from policies import directory
from policies.selectors import tenant_lists
from tenants import selectors
from tenants.errors import TenantError
from tenants.models import Connector, Tenant
from threats.selectors import operator_lists
from workers.smtpd.ports import Address, ConnectorInfo, DirectoryUnavailable, TenantRoute
from workers.threads import DatabaseThreads

log = structlog.get_logger(__name__)

R = TypeVar("R")
_REFRESH_SECONDS = 3.0
_NO_LISTS = (0, TenantLists())
_UNAVAILABLE = (DatabaseError, InterfaceError, TenantError)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that the listeners answer from without asking the database."""

    domains: Mapping[str, TenantRoute] = field(default_factory=dict)
    owned: Mapping[str, frozenset[str]] = field(default_factory=dict)
    connectors: tuple[ConnectorInfo, ...] = ()
    operator: Lists = field(default_factory=Lists)
    # By tenant: the version of its lists that was read, and the lists.
    lists: Mapping[str, tuple[int, TenantLists]] = field(default_factory=dict)


class DatabaseDirectory:
    """A ``Directory`` over the tenants' tables."""

    def __init__(self, threads: int = 2) -> None:
        self._threads = DatabaseThreads(threads, "directory")
        self._snapshot = Snapshot()

    async def start(self) -> None:
        """Read the first snapshot; the listeners must not open before."""
        self._snapshot = await self._ask(lambda: take_snapshot(self._snapshot))

    async def keep_fresh(self) -> None:
        """Read it anew until cancelled; while the database is away, the last one holds."""
        while True:
            await asyncio.sleep(_REFRESH_SECONDS)
            try:
                self._snapshot = await self._ask(lambda: take_snapshot(self._snapshot))
            except DirectoryUnavailable:
                log.warning("the tenants could not be read, the last view of them holds")

    def mail_domain(self, domain: str) -> TenantRoute | None:
        """The tenant that receives mail for this domain."""
        return self._snapshot.domains.get(domain)

    async def knows(self, route: TenantRoute, address: str) -> bool:
        """Whether the address is registered."""
        return await self._ask(lambda: directory.knows(selectors.ready_tenant(route.slug), address))

    def connectors_for(self, ip: Address) -> tuple[ConnectorInfo, ...]:
        """The connectors whose networks hold this address."""
        return tuple(
            connector
            for connector in self._snapshot.connectors
            if any(ip.version == net.version and ip in net for net in connector.networks)
        )

    def domains_of(self, slug: str) -> frozenset[str]:
        """The mail domains of one tenant."""
        return self._snapshot.owned.get(slug, frozenset())

    def operator_lists(self) -> Lists:
        """The operator's lists of senders."""
        return self._snapshot.operator

    def lists_of(self, slug: str) -> TenantLists:
        """The lists of one tenant and its users."""
        return self._snapshot.lists.get(slug, _NO_LISTS)[1]

    def close(self) -> None:
        """End the threads."""
        self._threads.close()

    async def _ask(self, question: Callable[[], R]) -> R:
        def answered() -> R:
            try:
                return question()
            except _UNAVAILABLE as error:
                connection.close_if_unusable_or_obsolete()
                raise DirectoryUnavailable(type(error).__name__) from error

        return await asyncio.get_running_loop().run_in_executor(self._threads, answered)


def take_snapshot(last: Snapshot | None = None) -> Snapshot:
    """What the database says now; of the lists, only those that changed since the last one."""
    rows = selectors.mail_domain_rows()
    domains = {name: _route(tenant) for name, tenant in rows}
    owned: dict[str, set[str]] = {}
    for name, route in domains.items():
        owned.setdefault(route.slug, set()).add(name)
    return Snapshot(
        domains=domains,
        owned={slug: frozenset(names) for slug, names in owned.items()},
        connectors=tuple(_connector(row) for row in selectors.connector_rows()),
        operator=operator_lists(),
        lists=_lists(
            {tenant.slug: tenant for _, tenant in rows}.values(), last.lists if last else {}
        ),
    )


def _lists(
    tenants: Iterable[Tenant], last: Mapping[str, tuple[int, TenantLists]]
) -> dict[str, tuple[int, TenantLists]]:
    now = timezone.now()
    found: dict[str, tuple[int, TenantLists]] = {}
    for tenant in tenants:
        if not tenant.lists_version:
            continue  # Nobody has ever written an entry.
        version, lists = last.get(tenant.slug, _NO_LISTS)
        ended = lists.until is not None and lists.until <= now
        if version != tenant.lists_version or ended:
            lists = tenant_lists(tenant)
        found[tenant.slug] = (tenant.lists_version, lists)
    return found


def _route(tenant: Tenant) -> TenantRoute:
    return TenantRoute(
        slug=tenant.slug,
        accepts=tenant.accepts_mail,
        outbound=tenant.menu.outbound,
        check_recipients=tenant.check_recipients,
        message_size=tenant.message_size_bytes,
        reputation_check=tenant.reputation_check,
        greylisting=tenant.greylisting,
    )


def _connector(row: Connector) -> ConnectorInfo:
    return ConnectorInfo(
        id=row.name,
        name=row.name,
        tenant=_route(row.tenant),
        networks=tuple(ipaddress.ip_network(text) for text in row.networks),
        proof=row.proof,  # type: ignore[arg-type]  # the database holds the same three words
        username=row.username,
        secret_sha256=bytes(row.secret_sha256),
        certificate_sha256=bytes(row.certificate_sha256),
        certificate_pem=row.certificate_pem,
        header_name=row.header_name,
    )
