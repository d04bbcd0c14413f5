"""Held mail whose time is over."""

from __future__ import annotations

from datetime import datetime

from quarantine import services
from tenants.models import Tenant
from workers.resting import Resting

_failed = Resting(seconds=900)


def end_due_holds(tenant: Tenant, now: datetime) -> int:
    """Do what was set for some of the mail whose time is over; with how many it was done."""
    ended = 0
    for message_id in services.due_holds(tenant, now, _failed.of(tenant.slug)):
        with _failed.alone(tenant.slug, message_id):
            ended += services.end_hold(tenant, message_id, now)
    return ended
