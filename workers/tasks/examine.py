"""The stage that looks at messages and decides."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.utils import timezone

from mailsec.celery import app, enqueue
from mailsec.gateway.envelope import Direction
from mailsec.gateway.errors import ScannerUnavailable
from mailsec.gateway.message import Message
from policies.selectors import current_policy
from quarantine import selectors, services
from quarantine.services import Examining, Shown
from tenants.models import Tenant
from workers.examination import record, result_of
from workers.sender_notices import tell_senders
from workers.tasks.base import TenantTask, to_ids

log = structlog.get_logger(__name__)


@app.task(
    base=TenantTask, name="workers.tasks.examine.examine", soft_time_limit=300, time_limit=330
)
def examine(tenant: Tenant, ids: Sequence[str]) -> None:
    """Look at those of these messages that nobody looks at; each stands for itself."""
    claimed = services.claim_examination(tenant, to_ids(ids), timezone.now())
    ready = [each.id for each in claimed if _examine(tenant, each)]
    if any(each.envelope.direction is Direction.OUTBOUND for each in claimed):
        ready += tell_senders(tenant, timezone.now())
    if ready:
        enqueue("deliver", tenant.slug, ready)


def _examine(tenant: Tenant, claimed: Examining) -> bool:
    """Whether the message is ready for delivery."""
    try:
        raw = selectors.original(tenant, claimed.id)
        result = result_of(tenant, claimed, raw, current_policy(tenant))
        return record(tenant, claimed.id, result, timezone.now())
    except ScannerUnavailable as error:
        log.warning("scanner gave no answer", message=claimed.queue_id, error=str(error))
        services.wait(tenant, claimed.id, "scanner", timezone.now(), _shown(tenant, claimed))
    except SoftTimeLimitExceeded:
        services.shunt(tenant, claimed.id, "Looking at this message took too long.", timezone.now())
    except Exception as error:  # a shell's edge: our own fault never passes or drops mail
        log.exception("message set aside", message=claimed.queue_id)
        services.shunt(tenant, claimed.id, f"{type(error).__name__}: {error}", timezone.now())
    return False


def _shown(tenant: Tenant, claimed: Examining) -> Shown:
    message = Message(selectors.original(tenant, claimed.id))
    return Shown(message.subject, message.text_of("From"), message.message_id)
