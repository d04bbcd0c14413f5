"""What is kept no longer than it may be."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

import threats.services
from mailsec.celery import app
from policies.selectors import current_policy
from policies.services import forget_ended
from quarantine.services import expire, expire_refusals
from tenants.selectors import ready_slugs, ready_tenant

# How long people still see what a list entry was that has ended.
ENDED_ENTRIES = timedelta(days=30)


@app.task(name="workers.tasks.retention.expire_all", soft_time_limit=3000, time_limit=3300)
def expire_all() -> None:
    """Remove kept originals, records and list entries whose time is over, for each tenant."""
    month_ago = timezone.now() - ENDED_ENTRIES
    threats.services.forget_ended_passes(timezone.now())
    threats.services.forget_ended(month_ago)
    for slug in ready_slugs():
        tenant = ready_tenant(slug)
        policy = current_policy(tenant)
        expire(
            tenant,
            quarantine_days=policy.quarantine_days,
            trace_days=policy.trace_days,
            now=timezone.now(),
        )
        expire_refusals(tenant, timezone.now() - timedelta(days=policy.trace_days))
        forget_ended(tenant, month_ago)
