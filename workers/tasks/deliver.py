"""The stage that hands messages on."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import structlog
from celery.signals import worker_process_shutdown
from django.utils import timezone

from mailsec.celery import app, enqueue
from mailsec.gateway.outbound.treatment import LOCKED_FORMS
from quarantine import services
from tenants.models import Tenant
from workers.courier import hand_on, hang_up
from workers.sender_notices import tell_readers
from workers.tasks.base import TenantTask, to_ids

log = structlog.get_logger(__name__)


@app.task(base=TenantTask, name="workers.tasks.deliver.deliver")
def deliver(tenant: Tenant, ids: Sequence[str]) -> None:
    """Send the due copies of these messages; each message stands for itself."""
    for message_id in to_ids(ids):
        _deliver(tenant, message_id)


def _deliver(tenant: Tenant, message_id: UUID) -> None:
    claims = services.claim_deliveries(tenant, message_id, timezone.now())
    if not claims:
        return
    try:
        notices = hand_on(tenant, message_id, claims)
    except Exception as error:  # a shell's edge: our own fault never drops mail
        log.exception("message set aside", message=message_id.hex)
        services.shunt(tenant, message_id, f"{type(error).__name__}: {error}", timezone.now())
        return
    if any(claim.form in LOCKED_FORMS for claim in claims):
        notices += tell_readers(tenant, timezone.now(), [message_id])
    if notices:
        enqueue("deliver", tenant.slug, notices)


@worker_process_shutdown.connect
def _leave(**kwargs: object) -> None:
    hang_up()
