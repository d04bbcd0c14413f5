"""Delivery of one message's claimed copies: route, send, settle, tell the sender."""

from __future__ import annotations

import functools
import random
import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from mailsec.gateway.clients.dns import DnsResolver, NameServers
from mailsec.gateway.connections import ConnectionPool, Connector
from mailsec.gateway.delivery import Courier
from mailsec.gateway.envelope import Direction, domain_of
from mailsec.gateway.errors import NoRoute, TemporaryResolverError
from mailsec.gateway.hops import Hop, Outcome, Parcel, Result, TlsMode
from mailsec.gateway.retry import RetrySchedule
from mailsec.gateway.routes import hops_of
from policies.selectors import current_policy
from quarantine import selectors, services
from quarantine.services import Claimed, Settlement
from tenants.models import Tenant
from tenants.selectors import domains_of, hops_for, smart_hosts_of
from workers.reports import notices_for

if TYPE_CHECKING:
    from quarantine.models import StoredMessage


def hand_on(tenant: Tenant, message_id: UUID, claims: Sequence[Claimed]) -> list[UUID]:
    """Send the claimed copies and settle them; returns the ids of notices that this made."""
    stored = selectors.message_row(tenant, message_id)
    content = selectors.outgoing(tenant, stored)
    results: dict[str, Result] = {}
    for hops, recipients in _by_route(tenant, stored, claims, results):
        parcel = Parcel(stored.sender, recipients, content, stored.smtputf8)
        for result in courier().deliver(parcel, hops, settings.DELIVERY_SECONDS):
            results[result.recipient] = result
    now = timezone.now()
    schedule = schedule_of(tenant)
    settlements = [
        _settlement(claim, results[claim.recipient], schedule, stored, now) for claim in claims
    ]
    notices = notices_for(tenant, stored, content, settlements, schedule, now)
    return services.settle_deliveries(tenant, message_id, settlements, now, notices)


def schedule_of(tenant: Tenant) -> RetrySchedule:
    """The retry schedule by the tenant's policy."""
    policy = current_policy(tenant)
    return RetrySchedule(
        give_up_hours=policy.bounce_after_hours,
        notice_hours=policy.delay_notice_hours,
        unit_seconds=settings.RETRY_UNIT_SECONDS,
    )


def _settlement(
    claim: Claimed, result: Result, schedule: RetrySchedule, stored: StoredMessage, now: datetime
) -> Settlement:
    retry_at = None
    if result.outcome == Outcome.DEFERRED:
        # Jitter keeps mails that failed together from coming back together; it guards nothing.
        jitter = random.random()  # noqa: S311
        retry_at = schedule.next_attempt(claim.attempt, stored.received_at, now, jitter)
    return Settlement(claim, result, retry_at)


def _by_route(
    tenant: Tenant, stored: StoredMessage, claims: Sequence[Claimed], results: dict[str, Result]
) -> Iterable[tuple[Sequence[Hop], tuple[str, ...]]]:
    """The copies grouped by where they go; those without a way get their result here."""
    domains: dict[str, list[str]] = {}
    for claim in claims:
        domains.setdefault(domain_of(claim.recipient), []).append(claim.recipient)
    groups: dict[tuple[Hop, ...], list[str]] = {}
    for domain, recipients in domains.items():
        try:
            groups.setdefault(tuple(_hops(tenant, stored, domain)), []).extend(recipients)
        except NoRoute as error:
            lost = Result("", Outcome.REFUSED, 0, "5.1.2", str(error))
            results.update((recipient, _for(recipient, lost)) for recipient in recipients)
        except TemporaryResolverError as error:
            late = Result("", Outcome.DEFERRED, 0, "4.4.3", str(error))
            results.update((recipient, _for(recipient, late)) for recipient in recipients)
    return [(hops, tuple(recipients)) for hops, recipients in groups.items()]


def _for(recipient: str, result: Result) -> Result:
    return Result(recipient, result.outcome, result.code, result.enhanced, result.reply)


def _hops(tenant: Tenant, stored: StoredMessage, domain: str) -> Sequence[Hop]:
    """Inside goes to the domain's next hops, outside to the smart host or the domain's MX.

    Another tenant's domain is outside: its mail passes that tenant's own inbound checks.
    """
    inside = stored.direction == Direction.INBOUND or domain in domains_of(tenant)
    rows = (hops_for(domain) if inside else None) or (() if inside else smart_hosts_of(tenant))
    if rows or inside:
        return [Hop(row.host, row.port, TlsMode(row.tls), row.priority) for row in rows]
    return hops_of(domain, resolver(), port=settings.MX_PORT)


@functools.cache
def resolver() -> DnsResolver:
    """The process's view of the domain name system."""
    return DnsResolver(NameServers(tuple(settings.NAMESERVERS)), time.monotonic)


@functools.cache
def courier() -> Courier:
    """The process's courier with its idle connections."""
    connector = Connector(settings.MAIL_HOSTNAME, time.monotonic)
    return Courier(ConnectionPool(connector), random.Random())  # noqa: S311  # spreads load, guards nothing
