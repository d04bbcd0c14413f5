"""Daily figures."""

from __future__ import annotations

from django.utils import timezone

from mailsec.celery import app
from reports.rollups import roll_up
from tenants.selectors import ready_slugs, ready_tenant


@app.task(name="workers.tasks.rollup.roll_up_all", soft_time_limit=3000, time_limit=3300)
def roll_up_all() -> None:
    """Count the days that are over, for each tenant."""
    for slug in ready_slugs():
        roll_up(ready_tenant(slug), timezone.now())
