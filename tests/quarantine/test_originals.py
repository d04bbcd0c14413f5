"""The original of a mail that was delivered without a part of it: sent after it, once, if clean."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from accounts.models import AuditEntry, TenantRole
from mailsec.gateway.hops import Outcome as Attempt
from mailsec.gateway.verdict import Decision, Disposition, Label, Verdict
from quarantine import kept, selectors, services
from quarantine.choices import DeliveryState, EventKind, MessageState
from quarantine.errors import ContentGone, NotPermitted, UnderWay, UnknownMessage
from quarantine.identifiers import new_id
from quarantine.models import StoredMessage
from quarantine.permissions import RECIPIENT, Actor
from quarantine.services import Claimed, OriginalRelease, Outcome
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.quarantine.making import (
    NOW,
    RAW,
    VIRUS,
    arrive,
    outcome,
    ready,
    settlement,
    stripped,
)
from tests.quarantine.test_release import (
    ADMIN,
    ONE,
    OTHER,
    deliver,
    last_step,
    quarantined,
    rescanned,
    row,
    states,
)

ALL = OriginalRelease()


def looked_at(
    disposition: Disposition = Disposition.DELIVER, outgoing: bytes | None = None
) -> Outcome:
    """What the examination of an original came to."""
    findings = () if disposition is Disposition.DELIVER else (VIRUS,)
    return Outcome(
        Verdict(findings),
        Decision(disposition, label=Label.CLEAN, reasons=findings, restricted=True),
        b"Received: y\r\n",
        outgoing,
        4,
        "hello",
        "a@example.net",
        "",
        released=True,
        is_original=True,
    )


def original_of(tenant: Tenant, message_id: UUID) -> StoredMessage:
    """The last message that sends this one's original."""
    return row(tenant, kept.originals_of(tenant, message_id)[-1].id)


class TestRelease:
    def test_it_is_a_message_of_its_own_and_the_first_one_keeps_its_record(
        self, tenant: Tenant
    ) -> None:
        """Bytes and envelope are the first one's; it leaves below a trace header of its own."""
        message_id = stripped(tenant, ONE, OTHER)
        before = row(tenant, message_id)
        assert services.release_original(tenant, message_id, ADMIN, NOW, ALL) == (ONE, OTHER)
        made = original_of(tenant, message_id)
        assert (made.state, made.direction) == (MessageState.RECEIVED, "inbound")
        assert (made.sender, made.client_ip) == (before.sender, before.client_ip)
        assert (made.subject, made.restricted, made.released_by) == ("hello", True, ADMIN.name)
        (claimed,) = services.claim_examination(tenant, [made.id], NOW)
        assert claimed.envelope.recipients == (ONE, OTHER)
        assert claimed.before is not None
        assert (claimed.before.is_original, claimed.before.files_allowed) == (True, False)
        assert services.record_outcome(tenant, made.id, looked_at(), NOW)
        assert selectors.outgoing(tenant, row(tenant, made.id)) == b"Received: y\r\n" + RAW
        assert deliver(tenant, made.id) == [ONE, OTHER]
        assert row(tenant, made.id).state == MessageState.CLOSED
        with pytest.raises(ContentGone):
            selectors.original(tenant, made.id)
        after = row(tenant, message_id)
        assert (after.state, after.released_at) == (MessageState.CLOSED, None)
        for one, other in zip(before.deliveries.all(), after.deliveries.all(), strict=True):
            assert (one.state, one.attempts, one.finished_at, one.remote_reply) == (
                *(other.state, other.attempts, other.finished_at, other.remote_reply),
            )
        assert selectors.original(tenant, message_id) == RAW

    def test_who_when_whom_and_why_are_written_down(self, tenant: Tenant) -> None:
        """In the first message's trace and in the audit log."""
        message_id = stripped(tenant)
        wish = OriginalRelease([ONE], files_allowed=True, why="a false\0 alarm")
        services.release_original(tenant, message_id, ADMIN, NOW, wish)
        made = original_of(tenant, message_id)
        assert made.files_allowed
        event = list(row(tenant, message_id).events.all())[-1]
        expected = {
            "message": made.id.hex,
            "count": 1,
            "recipients": [ONE],
            "files_allowed": True,
            "why": "a false\N{REPLACEMENT CHARACTER} alarm",
        }
        assert (event.kind, event.at) == (EventKind.ORIGINAL, NOW)
        assert event.data == {"by": ADMIN.name, **expected}
        with tenant_scope(tenant):
            entry = AuditEntry.objects.get(action="quarantine.original")
        assert (entry.actor, entry.address) == (ADMIN.name, "192.0.2.7")
        assert entry.after == {"role": "admin", **expected}

    def test_each_recipient_gets_it_once(self, tenant: Tenant) -> None:
        """However often it is asked for, while it is looked at, sent, and afterwards."""
        message_id = stripped(tenant, ONE, OTHER)
        only = OriginalRelease([ONE, "stranger@alpha.example.jp"])
        assert services.release_original(tenant, message_id, ADMIN, NOW, only) == (ONE,)
        made = original_of(tenant, message_id).id
        assert services.release_original(tenant, message_id, ADMIN, NOW, only) == ()
        services.record_outcome(tenant, made, looked_at(), NOW)
        assert services.release_original(tenant, message_id, ADMIN, NOW, only) == ()
        assert deliver(tenant, made) == [ONE]
        assert services.release_original(tenant, message_id, ADMIN, NOW, only) == ()
        assert services.release_original(tenant, message_id, ADMIN, NOW, ALL) == (OTHER,)
        assert len(kept.originals_of(tenant, message_id)) == 2

    def test_what_is_malicious_today_stays_here(self, tenant: Tenant) -> None:
        """Both traces say why; nothing leaves, the first message goes on keeping the bytes, and it
        can be asked for again when the definitions are mended."""
        message_id = stripped(tenant)
        services.release_original(tenant, message_id, ADMIN, NOW, ALL)
        made = original_of(tenant, message_id).id
        services.record_outcome(tenant, made, looked_at(Disposition.QUARANTINE), NOW)
        refused = row(tenant, made)
        assert (refused.state, refused.keep_original) == (MessageState.CLOSED, False)
        assert states(tenant, made) == {ONE: DeliveryState.WITHHELD}
        assert deliver(tenant, made) == []
        with pytest.raises(ContentGone):
            selectors.original(tenant, made)
        with pytest.raises(ContentGone):
            services.release(tenant, made, ADMIN, NOW)
        assert last_step(tenant, made) == EventKind.REFUSED
        event = list(row(tenant, message_id).events.all())[-1]
        assert (event.kind, event.data["message"]) == (EventKind.REFUSED, made.hex)
        assert event.data["reasons"][0]["detail"]["virus"] == "Test"
        assert selectors.original(tenant, message_id) == RAW
        assert services.release_original(tenant, message_id, ADMIN, NOW, ALL) == (ONE,)

    def test_what_bounced_can_be_sent_again(self, tenant: Tenant) -> None:
        """The recipient has not got it."""
        message_id = stripped(tenant)
        services.release_original(tenant, message_id, ADMIN, NOW, ALL)
        made = original_of(tenant, message_id).id
        services.record_outcome(tenant, made, looked_at(), NOW)
        claims = services.claim_deliveries(tenant, made, NOW)
        bounced = [settlement(claim, Attempt.REFUSED) for claim in claims]
        services.settle_deliveries(tenant, made, bounced, NOW)
        assert services.release_original(tenant, message_id, ADMIN, NOW, ALL) == (ONE,)

    def test_a_dead_worker_or_a_lost_task_loses_nothing(self, tenant: Tenant) -> None:
        """The sweep finds it as it finds all other mail."""
        message_id = stripped(tenant)
        services.release_original(tenant, message_id, ADMIN, NOW, ALL)
        made = original_of(tenant, message_id).id
        later = NOW + timedelta(hours=1)
        assert services.take_up_stalled(tenant, later).examine == [made]
        services.wait(tenant, made, "scanner", later, services.Shown("hello"))
        later += timedelta(hours=1)
        assert services.take_up_stalled(tenant, later).examine == [made]
        services.record_outcome(tenant, made, looked_at(), later)
        later += timedelta(hours=1)
        assert services.take_up_stalled(tenant, later).deliver == [made]

    def test_it_survives_the_end_of_the_first_ones_time(self, tenant: Tenant) -> None:
        """A release in the last minute, or one that is deferred, is still delivered."""
        message_id = stripped(tenant)
        late = NOW + timedelta(days=14)
        services.release_original(tenant, message_id, ADMIN, late, ALL)
        made = original_of(tenant, message_id).id
        after = late + timedelta(days=1)
        services.expire(tenant, quarantine_days=14, trace_days=366, now=after)
        with pytest.raises(ContentGone):
            selectors.original(tenant, message_id)
        assert services.record_outcome(tenant, made, looked_at(), NOW)
        assert deliver(tenant, made) == [ONE]
        services.expire(tenant, quarantine_days=14, trace_days=366, now=NOW + timedelta(days=370))
        assert row(tenant, made).release_of is None

    def test_only_what_was_taken_from_is_sent_again(self, tenant: Tenant) -> None:
        """Neither ordinary mail, nor what was held, nor a copy that is still held back."""
        held, gone = quarantined(tenant), quarantined(tenant)
        services.release(tenant, gone, ADMIN, NOW)
        services.record_outcome(tenant, gone, rescanned(), NOW)
        deliver(tenant, gone)
        for message_id in (held, gone, ready(tenant)):
            assert services.release_original(tenant, message_id, ADMIN, NOW, ALL) == ()
        with pytest.raises(UnknownMessage):
            services.release_original(tenant, new_id(), ADMIN, NOW, ALL)
        with pytest.raises(UnderWay):
            services.release_original(tenant, arrive(tenant), ADMIN, NOW, ALL)

    def test_what_is_not_kept_any_more_is_said_to_be_gone(self, tenant: Tenant) -> None:
        """Deleted, or its time is over."""
        deleted, expired = stripped(tenant), stripped(tenant)
        services.delete(tenant, deleted, ADMIN, NOW)
        late = NOW + timedelta(days=15)
        services.expire(tenant, quarantine_days=14, trace_days=366, now=late)
        for message_id in (deleted, expired):
            with pytest.raises(ContentGone):
                services.release_original(tenant, message_id, ADMIN, late, ALL)

    def test_an_original_has_no_original(self, tenant: Tenant) -> None:
        """Not even one that was tagged."""
        message_id = stripped(tenant)
        services.release_original(tenant, message_id, ADMIN, NOW, ALL)
        made = original_of(tenant, message_id).id
        services.record_outcome(tenant, made, looked_at(outgoing=b"tagged"), NOW)
        assert services.release_original(tenant, made, ADMIN, NOW, ALL) == ()

    def test_a_copy_whose_first_delivery_goes_on_is_not_waited_for(self, tenant: Tenant) -> None:
        """The mail without the part is retried for days; the whole one need not be."""
        message_id = arrive(tenant, ONE, OTHER)
        services.record_outcome(tenant, message_id, removing(), NOW)
        claims = services.claim_deliveries(tenant, message_id, NOW)
        services.settle_deliveries(tenant, message_id, _half(claims), NOW)
        assert row(tenant, message_id).state == MessageState.READY
        assert services.release_original(tenant, message_id, ADMIN, NOW, ALL) == (ONE, OTHER)
        assert states(tenant, message_id) == {
            ONE: DeliveryState.DELIVERED,
            OTHER: DeliveryState.DEFERRED,
        }


def removing() -> Outcome:
    return outcome(
        Disposition.DELIVER, VIRUS, outgoing=b"changed", keep_original=True, remove={1: VIRUS}
    )


def _half(claims: list[Claimed]) -> list[services.Settlement]:
    later = NOW + timedelta(hours=1)
    return [
        settlement(claim) if claim.recipient == ONE else settlement(claim, Attempt.DEFERRED, later)
        for claim in claims
    ]


class TestPermissions:
    @pytest.mark.parametrize("role", [*TenantRole, RECIPIENT, "operator-admin", ""])
    def test_administrators_alone_do_it(self, tenant: Tenant, role: str) -> None:
        """Nobody else, whatever page the request came from."""
        message_id = stripped(tenant)
        actor = Actor("x@alpha.example.jp", role)
        if role in {"owner", "admin"}:
            assert services.release_original(tenant, message_id, actor, NOW, ALL) == (ONE,)
            return
        with pytest.raises(NotPermitted):
            services.release_original(tenant, message_id, actor, NOW, ALL)
        assert kept.originals_of(tenant, message_id) == []

    def test_another_tenants_original_is_out_of_reach(
        self, tenant: Tenant, other_tenant: Tenant
    ) -> None:
        """It is not even known."""
        message_id = stripped(tenant)
        with pytest.raises(UnknownMessage):
            services.release_original(other_tenant, message_id, ADMIN, NOW, ALL)
        services.release_original(tenant, message_id, ADMIN, NOW, ALL)
        assert kept.originals_of(other_tenant, message_id) == []


class TestFigures:
    def test_findings_of_a_mail_are_counted_once(self, tenant: Tenant) -> None:
        """The second delivery is traffic, not a second virus; figure and list agree."""
        message_id = stripped(tenant)
        services.release_original(tenant, message_id, ADMIN, NOW, ALL)
        made = original_of(tenant, message_id).id
        services.record_outcome(tenant, made, looked_at(Disposition.QUARANTINE), NOW)
        figures = selectors.tally(tenant, NOW, NOW + timedelta(days=1))
        assert (figures["inbound"], figures["viruses"]) == (2, 1)
        with tenant_scope(tenant):
            wanted = selectors.MessageFilter(found="virus")
            assert [each.id for each in selectors.messages_with(tenant, wanted)] == [message_id]
