"""What is kept no longer than it may be."""

from __future__ import annotations

from django.utils import timezone

from mailsec.celery import app
from policies.selectors import current_policy
from quarantine.services import expire
from tenants.selectors import ready_slugs, ready_tenant


@app.task(name="workers.tasks.retention.expire_all", soft_time_limit=3000, time_limit=3300)
def expire_all() -> None:
    """Remove kept originals and records whose time is over, for each tenant."""
    for slug in ready_slugs():
        tenant = ready_tenant(slug)
        policy = current_policy(tenant)
        expire(
            tenant,
            quarantine_days=policy.quarantine_days,
            trace_days=policy.trace_days,
            now=timezone.now(),
        )
