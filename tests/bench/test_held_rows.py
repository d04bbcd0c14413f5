"""The fill of the hold queue's benchmark, read by the product's own functions."""

from __future__ import annotations

from django.utils import timezone

from encryption.services import secret_of
from quarantine import services
from quarantine.choices import MessageState
from quarantine.hold_listing import HoldFilter, hold_list, waiting_count
from quarantine.models import StoredMessage
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.bench.conftest import COUNT
from workers.holds import end_due_holds


def test_the_queue_lists_every_mail_with_its_copies(filled: Tenant) -> None:
    """Due soonest first; each is for one customer or up to three."""
    lines = hold_list(filled, HoldFilter(), size=COUNT).lines
    assert len(lines) == waiting_count(filled) == COUNT
    assert [line.hold.due_at for line in lines] == sorted(line.hold.due_at for line in lines)
    assert {line.waiting for line in lines} == {1, 2, 3}
    assert all("@customer" in line.first for line in lines)


def test_nothing_of_it_is_due_or_news(filled: Tenant) -> None:
    """Else the measure of an idle sweep would be one of a busy one."""
    now = timezone.now()
    assert services.untold(filled, now) == []
    assert end_due_holds(filled, now) == 0
    stalled = services.take_up_stalled(filled, now)
    assert (stalled.examine, stalled.deliver, stalled.shunted) == ([], [], 0)


def test_what_is_searched_is_what_the_product_stores(filled: Tenant) -> None:
    """Upper case by ASCII alone, in both languages; the number finds one mail."""
    for wanted, found in (
        (HoldFilter(text="見積書"), COUNT // 8),
        (HoldFilter(text="cold quotation"), COUNT // 8),
        (HoldFilter(text="000201"), 1),
        (HoldFilter(text="nowhere"), 0),
        (HoldFilter(rule="Many recipients"), COUNT // 3),
    ):
        assert len(hold_list(filled, wanted, size=COUNT).lines) == found, wanted


def test_every_archive_has_a_password_that_opens(filled: Tenant) -> None:
    """The notices of what is sent name it."""
    first = hold_list(filled, HoldFilter(), size=1).lines[0].message
    with tenant_scope(filled):
        ids = [row.id for row in StoredMessage.objects.order_by("id")[:2]]
    assert [bool(secret_of(filled, message_id)) for message_id in ids] == [True, False]
    assert first.state == MessageState.HELD
