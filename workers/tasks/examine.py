"""The stage that looks at messages and decides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.utils import timezone

from mailsec.celery import app, enqueue
from mailsec.gateway.errors import ScannerUnavailable
from policies.selectors import current_policy
from quarantine import selectors, services
from tenants.models import Tenant
from workers.examination import outcome_of
from workers.tasks.base import TenantTask, to_ids

if TYPE_CHECKING:
    from quarantine.models import StoredMessage

log = structlog.get_logger(__name__)


@app.task(
    base=TenantTask, name="workers.tasks.examine.examine", soft_time_limit=300, time_limit=330
)
def examine(tenant: Tenant, ids: Sequence[str]) -> None:
    """Look at those of these messages that nobody looks at; each stands for itself."""
    claimed = services.claim_examination(tenant, to_ids(ids), timezone.now())
    ready = [stored.id for stored in claimed if _examine(tenant, stored)]
    if ready:
        enqueue("deliver", tenant.slug, ready)


def _examine(tenant: Tenant, stored: StoredMessage) -> bool:
    """Whether the message is ready for delivery."""
    try:
        raw = selectors.original(tenant, stored.id)
        recipients = tuple(copy.recipient for copy in stored.deliveries.all())
        outcome = outcome_of(tenant, stored, recipients, raw, current_policy(tenant))
        return services.record_outcome(tenant, stored.id, outcome, timezone.now())
    except ScannerUnavailable as error:
        log.warning("scanner gave no answer", message=stored.queue_id, error=str(error))
        services.wait(tenant, stored.id, "scanner", timezone.now())
    except SoftTimeLimitExceeded:
        services.shunt(tenant, stored.id, "Looking at this message took too long.", timezone.now())
    except Exception as error:  # a shell's edge: our own fault never passes or drops mail
        log.exception("message set aside", message=stored.queue_id)
        services.shunt(tenant, stored.id, f"{type(error).__name__}: {error}", timezone.now())
    return False
