"""Daily figures."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from mailsec.gateway.verdict import Disposition
from quarantine import services
from quarantine.permissions import SENDER, Actor
from reports.models import DailyTally
from reports.rollups import figures_of, roll_up
from reports.selectors import summary
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.quarantine.making import NOW, VIRUS, arrive, outcome, treated

PERSON = Actor("sender@alpha.example.jp", SENDER, "192.0.2.7")


def test_a_day_is_a_day_of_the_tenants_time_zone(tenant: Tenant) -> None:
    """15:00 UTC is midnight in Tokyo."""
    midnight = NOW.replace(hour=15)
    arrive(tenant, now=midnight - timedelta(seconds=1))
    arrive(tenant, now=midnight)
    assert figures_of_day(tenant, date(2026, 4, 1)) == 1
    assert figures_of_day(tenant, date(2026, 4, 2)) == 1


def figures_of_day(tenant: Tenant, day: date) -> int:
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


def test_outbound_treatments_of_a_day_are_kept_and_a_rebuild_agrees(tenant: Tenant) -> None:
    """What was held, discarded, zipped and sent as Bcc."""
    message_id = treated(tenant, held=True, hidden=True, locked=True)
    treated(tenant, locked=True)
    services.discard_held(tenant, message_id, PERSON, NOW)
    tomorrow = NOW + timedelta(days=1)
    expected = {"held": 1, "discarded": 1, "zipped": 2, "bcc": 1}
    for _ in range(2):
        roll_up(tenant, tomorrow)
        week = summary(tenant, tomorrow).week
        assert {name: week[name] for name in expected} == expected
        with tenant_scope(tenant):
            DailyTally.objects.all().delete()


@pytest.mark.parametrize(("days", "known"), [(6, True), (28, True), (40, False)])
def test_what_is_discarded_late_counts_on_its_day_as_long_as_its_mails_are_known(
    tenant: Tenant, days: int, known: bool
) -> None:
    """Mail may wait for longer than a day is counted anew; nothing else of the day changes."""
    message_id = treated(tenant, held=True)
    roll_up(tenant, NOW + timedelta(days=1))
    with tenant_scope(tenant):
        DailyTally.objects.filter(day=NOW.date()).update(quarantined=7)
    services.discard_held(tenant, message_id, PERSON, NOW + timedelta(days=days))
    roll_up(tenant, NOW + timedelta(days=days + 1))
    with tenant_scope(tenant):
        row = DailyTally.objects.get(day=NOW.date())
    assert (row.held, row.discarded, row.quarantined) == (1, int(known), 7)
