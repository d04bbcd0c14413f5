"""Daily figures."""

from __future__ import annotations

from datetime import date, timedelta

from mailsec.gateway.verdict import Disposition
from quarantine import services
from reports.rollups import figures_of, roll_up
from reports.selectors import summary
from tenants.models import Tenant
from tests.quarantine.making import NOW, VIRUS, arrive, outcome


def test_a_day_is_a_day_of_the_tenants_time_zone(tenant: Tenant) -> None:
    """15:00 UTC is midnight in Tokyo."""
    midnight = NOW.replace(hour=15)
    arrive(tenant, now=midnight - timedelta(seconds=1))
    arrive(tenant, now=midnight)
    assert figures_of_day(tenant, date(2026, 4, 1)) == 1
    assert figures_of_day(tenant, date(2026, 4, 2)) == 1


def figures_of_day(tenant: Tenant, day: date) -> int:
    from tenants.scope import tenant_scope

    with tenant_scope(tenant):
        return figures_of(tenant, day)["inbound"]


def test_counting_a_day_again_gives_the_same_figures(tenant: Tenant) -> None:
    """The task may run any number of times; a late verdict is still counted."""
    message_id = arrive(tenant)
    tomorrow = NOW + timedelta(days=1)
    roll_up(tenant, tomorrow)
    services.record_outcome(tenant, message_id, outcome(Disposition.QUARANTINE, VIRUS), tomorrow)
    roll_up(tenant, tomorrow)
    figures = summary(tenant, tomorrow)
    assert figures.today["inbound"] == 0
    assert (figures.week["inbound"], figures.week["viruses"], figures.week["quarantined"]) == (
        1,
        1,
        1,
    )
