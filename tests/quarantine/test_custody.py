"""Custody: receive, look, deliver, and what happens when two workers come at once."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from mailsec.gateway.hops import Outcome as Attempt
from mailsec.gateway.verdict import Disposition
from quarantine import selectors, services
from quarantine.choices import DeliveryState, EventKind, MessageState
from quarantine.errors import ContentGone, ForbiddenTransition
from quarantine.services import Notice
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.quarantine.making import NOW, RAW, VIRUS, arrive, outcome, ready, settlement


def states(tenant: Tenant, message_id: UUID) -> list[str]:
    message = selectors.message_with(tenant, message_id)
    assert message is not None
    return [row.state for row in message.deliveries.all()]


def kinds(tenant: Tenant, message_id: UUID) -> list[str]:
    message = selectors.message_with(tenant, message_id)
    assert message is not None
    return [row.kind for row in message.events.all()]


class TestReceiving:
    def test_the_bytes_come_back_as_they_came_and_are_not_stored_in_the_clear(
        self, tenant: Tenant
    ) -> None:
        """Encrypted at rest, opened with the tenant's key."""
        message_id = arrive(tenant, raw=RAW)
        assert selectors.original(tenant, message_id) == RAW
        row = selectors.message_with(tenant, message_id)
        assert row is not None
        with tenant_scope(tenant):
            assert RAW[:20] not in bytes(row.contents.get().sealed)

    def test_each_recipient_has_a_copy_once(self, tenant: Tenant) -> None:
        """A recipient named twice gets one copy."""
        message_id = arrive(
            tenant, "b@alpha.example.jp", "c@alpha.example.jp", "b@alpha.example.jp"
        )
        assert states(tenant, message_id) == [DeliveryState.PENDING] * 2

    def test_another_tenant_does_not_see_it(self, tenant: Tenant, other_tenant: Tenant) -> None:
        """The row lives in the tenant's schema alone."""
        message_id = arrive(tenant)
        assert selectors.message_with(other_tenant, message_id) is None
        with pytest.raises(ContentGone):
            selectors.original(other_tenant, message_id)


class TestExamination:
    def test_two_workers_do_not_look_at_the_same_message(self, tenant: Tenant) -> None:
        """The second claim is empty until the lease is over."""
        message_id = arrive(tenant)
        assert len(services.claim_examination(tenant, [message_id], NOW)) == 1
        assert services.claim_examination(tenant, [message_id], NOW) == []
        later = NOW + timedelta(hours=1)
        assert len(services.claim_examination(tenant, [message_id], later)) == 1

    def test_an_outcome_counts_once(self, tenant: Tenant) -> None:
        """The second worker's outcome changes nothing."""
        message_id = arrive(tenant)
        assert services.record_outcome(tenant, message_id, outcome(), NOW)
        assert not services.record_outcome(tenant, message_id, outcome(Disposition.QUARANTINE), NOW)
        assert states(tenant, message_id) == [DeliveryState.QUEUED]

    def test_a_quarantined_message_keeps_its_bytes_and_sends_nothing(self, tenant: Tenant) -> None:
        """No copy can be claimed."""
        message_id = arrive(tenant)
        services.record_outcome(
            tenant, message_id, outcome(Disposition.QUARANTINE, VIRUS, keep_original=True), NOW
        )
        assert services.claim_deliveries(tenant, message_id, NOW) == []
        assert selectors.original(tenant, message_id) == RAW
        assert kinds(tenant, message_id) == [EventKind.RECEIVED, EventKind.QUARANTINED]

    def test_waiting_for_a_scanner_never_ends_in_delivery_or_loss(self, tenant: Tenant) -> None:
        """However often the scanner is away, the message waits and is asked for again."""
        message_id = arrive(tenant)
        now = NOW
        for _ in range(20):
            services.claim_examination(tenant, [message_id], now)
            services.wait(tenant, message_id, "scanner", now, services.Shown("件名\0"))
            now += timedelta(minutes=5)
            assert services.take_up_stalled(tenant, now).examine == [message_id]
        row = selectors.message_with(tenant, message_id)
        assert row is not None
        assert row.state == MessageState.WAITING
        assert row.subject.startswith("件名")  # it is found by its subject while it waits

    def test_a_message_that_kills_every_worker_is_set_aside(self, tenant: Tenant) -> None:
        """After five starts without an end it is shunted, and can be resubmitted."""
        message_id = arrive(tenant)
        now, shunted = NOW, 0
        for _ in range(7):
            services.claim_examination(tenant, [message_id], now)
            now += timedelta(minutes=5)
            shunted += services.take_up_stalled(tenant, now).shunted
        assert shunted == 1
        row = selectors.message_with(tenant, message_id)
        assert row is not None
        assert row.state == MessageState.SHUNTED
        services.resubmit(tenant, message_id, now)
        assert len(services.claim_examination(tenant, [message_id], now)) == 1


class TestDelivery:
    def test_two_workers_get_disjoint_copies(self, tenant: Tenant) -> None:
        """What one has claimed the other does not get."""
        message_id = ready(tenant, "b@alpha.example.jp", "c@alpha.example.jp")
        assert len(services.claim_deliveries(tenant, message_id, NOW)) == 2
        assert services.claim_deliveries(tenant, message_id, NOW) == []

    def test_the_bytes_go_with_the_last_delivery(self, tenant: Tenant) -> None:
        """Bodies of delivered mail are removed at once, the trace stays."""
        message_id = ready(tenant)
        claims = services.claim_deliveries(tenant, message_id, NOW)
        services.settle_deliveries(tenant, message_id, [settlement(claims[0])], NOW)
        with pytest.raises(ContentGone):
            selectors.original(tenant, message_id)
        assert kinds(tenant, message_id)[-2:] == [EventKind.ATTEMPTED, EventKind.CLOSED]

    def test_the_original_of_a_changed_mail_outlives_its_delivery(self, tenant: Tenant) -> None:
        """A removed virus stays in quarantine for the tenant's days."""
        message_id = arrive(tenant)
        services.record_outcome(
            tenant,
            message_id,
            outcome(Disposition.DELIVER, VIRUS, outgoing=b"changed\r\n", keep_original=True),
            NOW,
        )
        row = selectors.message_row(tenant, message_id)
        assert selectors.outgoing(tenant, row) == b"changed\r\n"
        claims = services.claim_deliveries(tenant, message_id, NOW)
        services.settle_deliveries(tenant, message_id, [settlement(claims[0])], NOW)
        assert selectors.original(tenant, message_id) == RAW
        later = NOW + timedelta(days=15)
        services.expire(tenant, quarantine_days=14, trace_days=366, now=later)
        with pytest.raises(ContentGone):
            selectors.original(tenant, message_id)

    def test_a_deferred_copy_does_not_hold_up_the_others(self, tenant: Tenant) -> None:
        """Each recipient has a state of its own; only the deferred one comes again."""
        message_id = ready(tenant, "b@alpha.example.jp", "c@alpha.example.jp")
        first, second = services.claim_deliveries(tenant, message_id, NOW)
        later = NOW + timedelta(minutes=1)
        services.settle_deliveries(
            tenant,
            message_id,
            [settlement(first), settlement(second, Attempt.DEFERRED, later)],
            NOW,
        )
        assert states(tenant, message_id) == [DeliveryState.DELIVERED, DeliveryState.DEFERRED]
        assert services.claim_deliveries(tenant, message_id, NOW) == []
        (again,) = services.claim_deliveries(tenant, message_id, later)
        assert (again.recipient, again.attempt) == (second.recipient, 2)

    def test_a_late_result_of_a_lost_claim_does_not_count(self, tenant: Tenant) -> None:
        """After the lease another worker holds the copy; the first one's word is fenced off."""
        message_id = ready(tenant)
        (slow,) = services.claim_deliveries(tenant, message_id, NOW)
        later = NOW + timedelta(hours=1)
        assert services.take_up_stalled(tenant, later).deliver == [message_id]
        (quick,) = services.claim_deliveries(tenant, message_id, later)
        services.settle_deliveries(tenant, message_id, [settlement(slow, Attempt.REFUSED)], later)
        assert states(tenant, message_id) == [DeliveryState.IN_FLIGHT]
        services.settle_deliveries(tenant, message_id, [settlement(quick)], later)
        assert states(tenant, message_id) == [DeliveryState.DELIVERED]

    def test_a_bounce_is_stored_with_the_refusal_it_tells_of(self, tenant: Tenant) -> None:
        """One transaction: the copy is final and the notice is queued."""
        message_id = ready(tenant)
        (claim,) = services.claim_deliveries(tenant, message_id, NOW)
        notice = Notice("a@example.net", b"report\r\n", "hello", message_id)
        (notice_id,) = services.settle_deliveries(
            tenant,
            message_id,
            [settlement(claim, Attempt.REFUSED)],
            NOW,
            [(EventKind.BOUNCE_SENT, notice)],
        )
        assert states(tenant, message_id) == [DeliveryState.BOUNCED]
        row = selectors.message_row(tenant, notice_id)
        assert (row.sender, row.about, row.state) == ("", message_id, MessageState.READY)
        assert selectors.outgoing(tenant, row) == b"report\r\n"
        assert len(services.claim_deliveries(tenant, notice_id, NOW)) == 1

    def test_a_set_aside_message_is_not_sent(self, tenant: Tenant) -> None:
        """Shunted while in delivery: no copy can be claimed until it is resubmitted."""
        message_id = ready(tenant)
        services.shunt(tenant, message_id, "our fault", NOW)
        assert services.claim_deliveries(tenant, message_id, NOW) == []
        services.resubmit(tenant, message_id, NOW)
        assert states(tenant, message_id) == [DeliveryState.PENDING]

    def test_a_closed_message_cannot_be_resubmitted(self, tenant: Tenant) -> None:
        """The state machine has no way back from the end."""
        message_id = ready(tenant)
        (claim,) = services.claim_deliveries(tenant, message_id, NOW)
        services.settle_deliveries(tenant, message_id, [settlement(claim)], NOW)
        with pytest.raises(ForbiddenTransition):
            services.resubmit(tenant, message_id, NOW)


class TestUpkeep:
    def test_what_the_broker_lost_is_found_once_a_lease(self, tenant: Tenant) -> None:
        """The sweep asks for stalled work, and not again at its very next round."""
        examine, deliver = arrive(tenant), ready(tenant)
        later = NOW + timedelta(minutes=2)
        stalled = services.take_up_stalled(tenant, later)
        assert (stalled.examine, stalled.deliver) == ([examine], [deliver])
        stalled = services.take_up_stalled(tenant, later + timedelta(seconds=1))
        assert (stalled.examine, stalled.deliver) == ([], [])

    def test_records_go_when_their_time_is_over(self, tenant: Tenant) -> None:
        """A closed message is forgotten after the tenant's trace days."""
        message_id = ready(tenant)
        (claim,) = services.claim_deliveries(tenant, message_id, NOW)
        services.settle_deliveries(tenant, message_id, [settlement(claim)], NOW)
        later = NOW + timedelta(days=367)
        assert services.expire(tenant, quarantine_days=14, trace_days=366, now=later) == 1
        assert selectors.message_with(tenant, message_id) is None

    def test_unfinished_messages_are_never_forgotten(self, tenant: Tenant) -> None:
        """A set-aside message stays until a person has looked at it."""
        message_id = arrive(tenant)
        services.shunt(tenant, message_id, "our fault", NOW)
        later = NOW + timedelta(days=5000)
        assert services.expire(tenant, quarantine_days=14, trace_days=366, now=later) == 0
        assert selectors.original(tenant, message_id) == RAW
