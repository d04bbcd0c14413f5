"""The Celery application, its queues and its clock; ``enqueue`` is the only way to send work.

PostgreSQL is the truth and the broker may vanish: a message that could not be sent is found by the
sweep (architecture, law 1). Tasks carry the tenant and ids, never content.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from uuid import UUID

import structlog
from celery import Celery
from kombu.exceptions import OperationalError
from kombu.transport import redis as redis_transport

from mailsec.broker import LastingQoS

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailsec.settings.production")

log = structlog.get_logger(__name__)

redis_transport.Channel.QoS = LastingQoS

app = Celery("mailsec")
app.config_from_object("django.conf:settings", namespace="CELERY")

STAGES = {
    "examine": "workers.tasks.examine.examine",
    "deliver": "workers.tasks.deliver.deliver",
    "sweep": "workers.tasks.sweep.sweep_tenant",
}
PERIODIC = {
    "workers.tasks.sweep.sweep_all": "sweep",
    "workers.tasks.rollup.roll_up_all": "sweep",
    "workers.tasks.retention.expire_all": "sweep",
    "workers.tasks.digest.send_all": "sweep",
    "workers.tasks.digest.send_tenant": "sweep",
}
app.conf.update(
    include=[
        "workers.tasks.examine",
        "workers.tasks.deliver",
        "workers.tasks.sweep",
        "workers.tasks.rollup",
        "workers.tasks.retention",
        "workers.tasks.digest",
    ],
    task_default_queue="examine",
    task_routes={STAGES[stage]: {"queue": stage} for stage in STAGES}
    | {task: {"queue": queue} for task, queue in PERIODIC.items()},
)

# After a failed send the broker is left alone for this long, so that a dead one costs no mail time.
_PAUSE_SECONDS = 2.0
_silent_until = 0.0


def enqueue(stage: str, tenant: str, ids: Sequence[UUID | str]) -> bool:
    """Ask a worker to take ``stage`` of these messages on; False where the broker did not take it.

    The caller has committed what the worker will read. A False needs no handling: the sweep finds
    the same rows by their state.
    """
    return _send(STAGES[stage], [tenant, [str(item) for item in ids]])


def enqueue_sweep(tenant: str) -> bool:
    """Ask a worker to look for this tenant's stalled and due work."""
    return _send(STAGES["sweep"], [tenant])


def enqueue_digest(tenant: str) -> bool:
    """Ask a worker to send this tenant's due digests."""
    return _send("workers.tasks.digest.send_tenant", [tenant])


def _send(task: str, arguments: list[object]) -> bool:
    global _silent_until
    if time.monotonic() < _silent_until:
        return False
    try:
        app.send_task(task, arguments, retry=False)
    except (OperationalError, OSError) as error:
        _silent_until = time.monotonic() + _PAUSE_SECONDS
        log.warning("broker did not take a task", task=task, error=type(error).__name__)
        return False
    return True
