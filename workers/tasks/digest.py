"""The users' digest: asked for every few minutes, sent once a day."""

from __future__ import annotations

from django.utils import timezone

from mailsec.celery import app, enqueue, enqueue_digest
from policies.selectors import current_policy
from tenants.models import Tenant
from tenants.selectors import ready_slugs
from workers.digests import edition_due, send_digests
from workers.tasks.base import TenantTask


@app.task(name="workers.tasks.digest.send_all", soft_time_limit=60, time_limit=90)
def send_all() -> None:
    """Ask for the due digests of each tenant."""
    for slug in ready_slugs():
        enqueue_digest(slug)


@app.task(
    base=TenantTask, name="workers.tasks.digest.send_tenant", soft_time_limit=1500, time_limit=1800
)
def send_tenant(tenant: Tenant) -> None:
    """Send this tenant's digests of today that are not sent yet."""
    now = timezone.now()
    due = edition_due(tenant, current_policy(tenant), now)
    if due is None:
        return
    sent = send_digests(tenant, *due, now)
    if sent:
        enqueue("deliver", tenant.slug, sent)
