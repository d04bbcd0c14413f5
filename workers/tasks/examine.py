"""The stage that looks at messages and decides."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.utils import timezone

from mailsec.celery import app, enqueue
from mailsec.gateway.errors import ScannerUnavailable
from mailsec.gateway.message import Message
from policies.selectors import current_policy
from quarantine import selectors, services
from quarantine.services import Examining, Outcome, Shown
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
    found = [(each.id, _examine(tenant, each)) for each in claimed]
    ready = [message_id for message_id, outcome in found if outcome and outcome.leaves]
    news = [
        message_id
        for message_id, outcome in found
        if outcome and (outcome.treatment or outcome.tells_sender)
    ]
    if news:
        ready += tell_senders(tenant, timezone.now(), news).notices
    if ready:
        enqueue("deliver", tenant.slug, ready)


def _examine(tenant: Tenant, claimed: Examining) -> Outcome | None:
    """What was found and recorded; None where that came to nothing, or another was first."""
    try:
        raw = selectors.original(tenant, claimed.id)
        result = result_of(tenant, claimed, raw, current_policy(tenant))
        return result.outcome if record(tenant, claimed.id, result, timezone.now()) else None
    except ScannerUnavailable as error:
        log.warning("scanner gave no answer", message=claimed.queue_id, error=str(error))
        services.wait(tenant, claimed.id, "scanner", timezone.now(), _shown(tenant, claimed))
    except SoftTimeLimitExceeded:
        services.shunt(tenant, claimed.id, "Looking at this message took too long.", timezone.now())
    except Exception as error:  # a shell's edge: our own fault never passes or drops mail
        log.exception("message set aside", message=claimed.queue_id)
        services.shunt(tenant, claimed.id, f"{type(error).__name__}: {error}", timezone.now())
    return None


def _shown(tenant: Tenant, claimed: Examining) -> Shown:
    message = Message(selectors.original(tenant, claimed.id))
    return Shown(message.subject, message.text_of("From"), message.message_id)
