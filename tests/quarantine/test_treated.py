"""Figures of what was done to outbound mail."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from quarantine import services
from quarantine.listing import message_page
from quarantine.permissions import SENDER, Actor
from quarantine.selectors import MessageFilter
from quarantine.treated import TREATED, days_decided_on, treated_tally
from tenants.models import Tenant
from tests.quarantine.making import NOW, ready, treated

PERSON = Actor("sender@alpha.example.jp", SENDER, "192.0.2.7")
DAY = timedelta(days=1)


def figures(tenant: Tenant) -> dict[str, int]:
    return dict(treated_tally(tenant, NOW, NOW + DAY))


def test_each_treatment_counts_the_mail_once(tenant: Tenant) -> None:
    """However many copies it has, and under each thing that was done to it."""
    ready(tenant)
    treated(tenant)
    treated(tenant, held=True, hidden=True, locked=True)
    treated(tenant, locked=True)
    assert figures(tenant) == {"held": 1, "discarded": 0, "zipped": 2, "bcc": 1}


def test_what_was_held_stays_counted_when_it_is_let_go(tenant: Tenant) -> None:
    """The figure tells how often mail was stopped, not what waits now."""
    message_id = treated(tenant, held=True)
    services.deliver_held(tenant, message_id, PERSON, NOW)
    assert figures(tenant) == {"held": 1, "discarded": 0, "zipped": 0, "bcc": 0}


@pytest.mark.parametrize("recipients", [None, ["a@example.com"]])
def test_a_mail_is_discarded_as_soon_as_one_copy_is(
    tenant: Tenant, recipients: list[str] | None
) -> None:
    """One mail, whether one recipient was given up or all."""
    message_id = treated(tenant, held=True)
    services.discard_held(tenant, message_id, PERSON, NOW, recipients)
    assert figures(tenant)["discarded"] == 1


def test_the_time_counts_when_the_mail_came_in(tenant: Tenant) -> None:
    """The end of the span is not part of it."""
    for now in (NOW - timedelta(microseconds=1), NOW, NOW + DAY):
        treated(tenant, held=True, now=now)
    assert figures(tenant)["held"] == 1


@pytest.mark.parametrize("name", list(TREATED))
def test_the_list_shows_what_the_figure_counts(tenant: Tenant, name: str) -> None:
    """By the same word."""
    treated(tenant)
    wanted = treated(tenant, held=True, hidden=True, locked=True)
    services.discard_held(tenant, wanted, PERSON, NOW)
    lines = message_page(tenant, MessageFilter(found=name)).lines
    assert [line.message.id for line in lines] == [wanted]


def test_the_days_of_mail_that_was_decided_on_are_the_tenants(tenant: Tenant) -> None:
    """15:00 UTC is midnight in Tokyo. What still waits is not among them."""
    midnight = NOW.replace(hour=15)
    for now in (midnight - timedelta(seconds=1), midnight, midnight + timedelta(hours=1)):
        services.discard_held(tenant, treated(tenant, held=True, now=now), PERSON, NOW + 5 * DAY)
    treated(tenant, held=True, now=NOW - DAY)
    assert days_decided_on(tenant, NOW + 5 * DAY) == [date(2026, 4, 1), date(2026, 4, 2)]
    assert days_decided_on(tenant, NOW + 6 * DAY) == []


def test_another_tenants_mail_is_not_counted(tenant: Tenant, other_tenant: Tenant) -> None:
    """Nor its decisions."""
    message_id = treated(tenant, held=True, hidden=True, locked=True)
    services.discard_held(tenant, message_id, PERSON, NOW)
    assert not any(treated_tally(other_tenant, NOW, NOW + DAY).values())
    assert days_decided_on(other_tenant, NOW) == []
