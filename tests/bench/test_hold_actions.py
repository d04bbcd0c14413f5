"""What the benchmark has done inside the service."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from bench import hold_actions
from quarantine.hold_listing import HoldFilter, hold_list, waiting_count
from quarantine.models import Hold
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.bench.conftest import COUNT


def test_what_is_made_due_is_all_done_by_the_sweeps_that_are_timed(filled: Tenant) -> None:
    """Half of it is given up, half sent; no more than that."""
    spent = hold_actions.sweep(filled, 10)
    assert [len(done) for done in spent["busy"]] == [1] * hold_actions.BUSY_ROUNDS
    assert set(spent["idle"][0]) == set(spent["busy"][0][0]) == set(hold_actions.STEPS)
    due = 10 * hold_actions.BUSY_ROUNDS
    assert waiting_count(filled) == COUNT - due
    with tenant_scope(filled):
        ended = Hold.objects.exclude(ended_at=None).values_list("message__state", flat=True)
        assert sorted(ended) == ["closed"] * (due // 2) + ["ready"] * (due // 2)


def test_the_last_page_follows_the_mail_before_its_lines(filled: Tenant) -> None:
    """It is a full page, and nothing comes behind it."""
    stored = hold_actions.last_page(filled)
    page = hold_list(filled, HoldFilter(), after=stored)
    assert (len(page.lines), page.next) == (50, None)


def test_links_open_the_pages_of_what_waits(filled: Tenant) -> None:
    """One for each mail."""
    given = hold_actions.links(filled, 0)
    assert len({token for _, token in given}) == len({each for each, _ in given}) == COUNT


def test_the_time_over_is_before_now(filled: Tenant) -> None:
    """Due mail is due at once, whatever clock the database has."""
    hold_actions.make_due(filled, 3)
    with tenant_scope(filled):
        assert Hold.objects.filter(due_at__lt=timezone.now() - timedelta(seconds=30)).count() == 3
