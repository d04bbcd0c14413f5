"""Delivery of one message's claimed copies: route, send, settle, tell the sender."""

from __future__ import annotations

import functools
import math
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from mailsec.gateway.clients.dns import DnsResolver, NameServers
from mailsec.gateway.delivery import Courier
from mailsec.gateway.envelope import Direction, domain_of
from mailsec.gateway.errors import NoRoute, TemporaryResolverError
from mailsec.gateway.hops import Hop, Outcome, Parcel, Result, TlsMode
from mailsec.gateway.retry import RetrySchedule
from mailsec.gateway.routes import hops_of
from mailsec.gateway.smtp.connections import ConnectionPool, Connector
from policies.selectors import current_policy
from quarantine import services
from quarantine.dispatch import Leaving, leaving
from quarantine.services import Claimed, Settlement
from tenants.models import Tenant
from tenants.selectors import domains_of, hops_for, smart_hosts_of
from workers.reports import notices_for

_KEEP_SECONDS = 3.0
_MOST_KEPT = 10_000
_kept: dict[tuple[str, Direction, str], tuple[float, tuple[Hop, ...] | None]] = {}


def hand_on(tenant: Tenant, message_id: UUID, claims: Sequence[Claimed]) -> list[UUID]:
    """Send the claimed copies and settle them; returns the ids of notices that this made.

    All routes share one deadline, which ends before the claim's lease does. Each is settled before
    the next one begins, so that a worker's death repeats as little as possible. Copies of different
    forms are different mails here.
    """
    end = time.monotonic() + settings.DELIVERY_SECONDS
    made: list[UUID] = []
    for form in dict.fromkeys(claim.form for claim in claims):
        alike = [claim for claim in claims if claim.form == form]
        made += _hand_on(tenant, leaving(tenant, message_id, form), alike, end)
    return made


def _hand_on(tenant: Tenant, mail: Leaving, claims: Sequence[Claimed], end: float) -> list[UUID]:
    by_recipient = {claim.recipient: claim for claim in claims}
    made: list[UUID] = []
    for route in _routes(tenant, mail, claims):
        results = route.results
        if route.hops is not None:
            parcel = Parcel(mail.sender, route.recipients, mail.content, mail.smtputf8)
            results = courier().deliver(parcel, route.hops, end - time.monotonic())
        made += _settle(tenant, mail, [(by_recipient[r.recipient], r) for r in results])
    return made


def _settle(tenant: Tenant, mail: Leaving, results: Sequence[tuple[Claimed, Result]]) -> list[UUID]:
    now, schedule = timezone.now(), schedule_of(tenant)
    settlements = [_settlement(claim, result, schedule, mail, now) for claim, result in results]
    notices = notices_for(tenant, mail, settlements, schedule, now)
    return services.settle_deliveries(tenant, mail.id, settlements, now, notices)


def schedule_of(tenant: Tenant) -> RetrySchedule:
    """The retry schedule by the tenant's policy."""
    policy = current_policy(tenant)
    return RetrySchedule(
        give_up_hours=policy.bounce_after_hours,
        notice_hours=policy.delay_notice_hours,
        unit_seconds=settings.RETRY_UNIT_SECONDS,
    )


def _settlement(
    claim: Claimed, result: Result, schedule: RetrySchedule, mail: Leaving, now: datetime
) -> Settlement:
    retry_at = None
    if result.outcome == Outcome.DEFERRED:
        # Jitter keeps mails that failed together from coming back together; it guards nothing.
        jitter = random.random()  # noqa: S311
        retry_at = schedule.next_attempt(claim.attempt, mail.began_at, now, jitter)
    return Settlement(claim, result, retry_at)


@dataclass(frozen=True, slots=True)
class _Route:
    """Recipients with the same way; ``hops`` is None where the results are known without one."""

    recipients: tuple[str, ...]
    hops: tuple[Hop, ...] | None = None
    results: tuple[Result, ...] = ()


def _routes(tenant: Tenant, mail: Leaving, claims: Sequence[Claimed]) -> Iterator[_Route]:
    """The copies by where they go; domains that share their hops share a transaction."""
    domains: dict[str, list[str]] = {}
    for claim in claims:
        domains.setdefault(domain_of(claim.recipient), []).append(claim.recipient)
    groups: dict[tuple[Hop, ...], list[str]] = {}
    for domain, recipients in domains.items():
        try:
            groups.setdefault(tuple(_hops(tenant, mail.direction, domain)), []).extend(recipients)
        except NoRoute as error:
            yield _known(recipients, Result("", Outcome.REFUSED, 0, "5.1.2", str(error)))
        except TemporaryResolverError as error:
            yield _known(recipients, Result("", Outcome.DEFERRED, 0, "4.4.3", str(error)))
    for hops, recipients in groups.items():
        yield _Route(tuple(recipients), hops)


def _known(recipients: Sequence[str], result: Result) -> _Route:
    results = tuple(replace(result, recipient=recipient) for recipient in recipients)
    return _Route(tuple(recipients), results=results)


def _hops(tenant: Tenant, direction: Direction, domain: str) -> Sequence[Hop]:
    """Inside goes to the domain's next hops, outside to the smart host or the domain's MX.

    Another tenant's domain is outside: its mail passes that tenant's own inbound checks.
    """
    configured = _configured(tenant, direction, domain)
    if configured is None:
        return hops_of(domain, resolver(), port=settings.MX_PORT)
    return configured


def _configured(tenant: Tenant, direction: Direction, domain: str) -> tuple[Hop, ...] | None:
    """The hops that the tenant's settings name, at most some seconds old; None: ask for the MX."""
    key = (tenant.slug, direction, domain)
    kept_at, hops = _kept.get(key, (-math.inf, None))
    now = time.monotonic()
    if now - kept_at < _KEEP_SECONDS:
        return hops
    inside = direction is Direction.INBOUND or domain in domains_of(tenant)
    rows = (hops_for(domain) if inside else None) or (() if inside else smart_hosts_of(tenant))
    hops = tuple(Hop(row.host, row.port, TlsMode(row.tls), row.priority) for row in rows)
    if len(_kept) >= _MOST_KEPT:
        _kept.clear()
    _kept[key] = (now, hops if hops or inside else None)
    return _kept[key][1]


@functools.cache
def resolver() -> DnsResolver:
    """The process's view of the domain name system."""
    return DnsResolver(NameServers(tuple(settings.NAMESERVERS)), time.monotonic)


@functools.cache
def courier() -> Courier:
    """The process's courier with its idle connections."""
    return Courier(_pool(), random.Random())  # noqa: S311  # spreads load, guards nothing


@functools.cache
def _pool() -> ConnectionPool:
    # The system resolves host names, /etc/hosts included, unless name servers are configured.
    names = resolver() if settings.NAMESERVERS else None
    return ConnectionPool(Connector(settings.MAIL_HOSTNAME, time.monotonic, resolver=names))


def hang_up() -> None:
    """Say good-bye on the idle connections of this process."""
    _pool().close()
