"""The backstop: what the broker or a dead worker lost is found in the database."""

from __future__ import annotations

import structlog
from django.utils import timezone

from mailsec.celery import app, enqueue, enqueue_sweep
from quarantine import services
from tenants.models import Tenant
from tenants.selectors import ready_slugs
from workers.holds import end_due_holds
from workers.sender_notices import tell_readers, tell_senders
from workers.tasks.base import TenantTask

log = structlog.get_logger(__name__)

_SHARE = 10  # ids in one task: few enough that several workers share the stalled work


@app.task(name="workers.tasks.sweep.sweep_all", soft_time_limit=60, time_limit=90)
def sweep_all() -> None:
    """Ask for a sweep of each tenant."""
    for slug in ready_slugs():
        enqueue_sweep(slug)


@app.task(
    base=TenantTask, name="workers.tasks.sweep.sweep_tenant", soft_time_limit=60, time_limit=90
)
def sweep_tenant(tenant: Tenant) -> None:
    """Queue this tenant's stalled work again, and do what is due of held mail and notices."""
    _take_up_stalled(tenant)
    ended = end_due_holds(tenant, timezone.now())
    telling = tell_senders(tenant, timezone.now())
    passwords = tell_readers(tenant, timezone.now())
    if notices := telling.notices + passwords:
        enqueue("deliver", tenant.slug, notices)
    if ended or telling.news or passwords:
        # A share at a time, so that a worker of examinations is free again within a second.
        enqueue_sweep(tenant.slug)


def _take_up_stalled(tenant: Tenant) -> None:
    stalled = services.take_up_stalled(tenant, timezone.now())
    for stage, ids in (("examine", stalled.examine), ("deliver", stalled.deliver)):
        # What was begun before and did not end may be deadly: each goes alone then.
        share = 1 if len(ids) < _SHARE else _SHARE
        for first in range(0, len(ids), share):
            enqueue(stage, tenant.slug, ids[first : first + share])
    if stalled.shunted:
        log.error("messages set aside", count=stalled.shunted)
