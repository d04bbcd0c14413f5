"""The tenant's first page."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import TenantRole
from mailsec.gateway.verdict import Disposition
from quarantine import services
from quarantine.permissions import SENDER, Actor
from reports.chart import _round_up, chart
from reports.models import DailyTally
from reports.selectors import Day
from tenants.models import Tenant
from tenants.scope import public_scope, tenant_scope
from tests.console import Elements, Visitor, at_console, host_of
from tests.quarantine.making import VIRUS, arrive, outcome, ready, treated


def figures(page: str) -> dict[str, list[tuple[int, str]]]:
    """Each row's figures with their addresses."""
    rows = re.findall(
        r'<tr role="row"><th role="rowheader" scope="row">(.*?)</th>(.*?)</tr>', page, re.S
    )
    return {
        name: [
            (int(count.replace(",", "")), unescape(url))
            for url, count in re.findall(r'<a href="([^"]+)">([\d,]+)</a>', cells)
        ]
        for name, cells in rows
    }


@pytest.mark.parametrize("role", list(TenantRole))
def test_every_role_sees_the_figures(tenant: Tenant, role: TenantRole) -> None:
    """Before the first mail they are all zero."""
    page = at_console(tenant, role).get("/").content.decode()
    assert {count for row in figures(page).values() for count, _ in row} == {0}
    assert "There was no mail in this period." in page
    assert "No virus and no forbidden file has been found." in page


def test_every_figure_opens_the_list_of_what_it_counts(tenant: Tenant) -> None:
    """As many rows as the figure says."""
    now = timezone.now()
    for _ in range(3):
        ready(tenant, now=now)
    virus = arrive(tenant, now=now)
    services.record_outcome(tenant, virus, outcome(Disposition.QUARANTINE, VIRUS), now)
    changed = arrive(tenant, now=now)
    services.record_outcome(
        tenant, changed, outcome(Disposition.DELIVER, VIRUS, outgoing=b"changed"), now
    )
    services.shunt(tenant, arrive(tenant, now=now), "broken", now)
    held = treated(tenant, held=True, hidden=True, locked=True, now=now)
    services.discard_held(tenant, held, Actor("sender@alpha.example.jp", SENDER), now)
    for _ in range(2):
        treated(tenant, held=True, now=now)
    visitor = at_console(tenant)
    found = figures(visitor.get("/").content.decode())
    assert found["Inbound mail"][0][0] == 6
    assert found["Viruses found"][0][0] == 2
    outbound = ("Held before sending", "Discarded while held", "ZIP encryption", "Forced Bcc")
    assert [found[name][0][0] for name in outbound] == [3, 1, 1, 1]
    for name, row in found.items():
        for count, url in row:
            page = visitor.get(url).content.decode()
            assert len(re.findall(r'<th role="rowheader"', page)) == count, (name, url)


def test_days_that_are_over_come_from_the_tallies(tenant: Tenant) -> None:
    """In the week and the month, not in today."""
    today = timezone.now().astimezone(tenant.zone).date()
    with tenant_scope(tenant):
        DailyTally.objects.create(day=today - timedelta(days=3), inbound=1200, viruses=2)
        DailyTally.objects.create(day=today - timedelta(days=20), inbound=34)
        DailyTally.objects.create(day=today - timedelta(days=30), inbound=99)
    page = at_console(tenant).get("/").content.decode()
    assert [count for count, _ in figures(page)["Inbound mail"]] == [0, 1200, 1234]
    assert "1,200" in page
    assert '<svg class="chart"' in page


@pytest.mark.parametrize(
    ("menu", "shown"),
    [
        (1, set()),
        (2, set()),
        (3, {"Held before sending", "Discarded while held", "ZIP encryption", "Forced Bcc"}),
        (6, {"Held before sending", "Discarded while held", "Forced Bcc"}),
    ],
)
def test_figures_of_outbound_mail_are_shown_where_the_menu_has_it(
    tenant: Tenant, menu: int, shown: set[str]
) -> None:
    """A row that stays zero for ever would be read as a fault."""
    visitor = at_console(tenant)
    with public_scope():
        Tenant.objects.filter(pk=tenant.pk).update(menu_number=menu)
    page = visitor.get("/").content.decode()
    every = {"Held before sending", "Discarded while held", "ZIP encryption", "Forced Bcc"}
    assert set(figures(page)) & every == shown
    assert ('<a href="/held/">Held mail</a><span' in page) is bool(shown)


def test_what_is_held_now_is_under_way_and_opens_the_queue(tenant: Tenant) -> None:
    """What was decided on waits no more."""
    now = timezone.now()
    actor = Actor("sender@alpha.example.jp", SENDER)
    decided, *_ = [treated(tenant, held=True, now=now) for _ in range(3)]
    services.deliver_held(tenant, decided, actor, now)
    visitor = at_console(tenant)
    page = visitor.get("/").content.decode()
    assert '<a href="/held/">Held mail</a><span class="number">2</span>' in page
    queue = visitor.get("/held/").content.decode()
    assert len(re.findall(r'<th role="rowheader"', queue)) == 2


def test_the_latest_finds_are_listed(tenant: Tenant) -> None:
    """With a way to each."""
    message_id = arrive(tenant)
    services.record_outcome(
        tenant, message_id, outcome(Disposition.QUARANTINE, VIRUS), timezone.now()
    )
    page = at_console(tenant, language="ja").get("/").content.decode()
    assert f'href="/messages/{message_id.hex}/"' in page
    assert not Elements(page).dangers


def test_strangers_see_no_figures(tenant: Tenant) -> None:
    """They are led to sign-in."""
    assert Visitor(host_of(tenant)).get("/")["location"] == "/sign-in/?next=/"


@given(st.integers(0, 10**9))
def test_the_charts_ceiling_holds_every_bar_and_wastes_less_than_half(most: int) -> None:
    """It is even, so that the middle line has a whole number."""
    ceiling = _round_up(most)
    assert ceiling >= most
    assert ceiling % 2 == 0
    assert most <= 2 or ceiling <= 2 * most


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1, max_size=31))
def test_bars_stay_inside_the_drawing(counts: list[tuple[int, int]]) -> None:
    """Whatever the figures are."""
    today = timezone.now().date()
    drawn = chart([Day(today, inbound, outbound) for inbound, outbound in counts])
    for bar in drawn.bars:
        assert drawn.left <= bar.x
        assert bar.second_x + bar.width <= drawn.width
        assert 0 <= bar.inbound_y <= bar.inbound_y + bar.inbound_height <= drawn.base + 0.1
        assert 0 <= bar.outbound_y <= bar.outbound_y + bar.outbound_height <= drawn.base + 0.1
