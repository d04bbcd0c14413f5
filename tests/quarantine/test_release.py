"""Out of quarantine: who may, what the re-scan decides, and that nothing is lost or sent twice."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from accounts.models import AuditEntry, TenantRole
from mailsec.gateway.hops import Outcome as Attempt
from mailsec.gateway.verdict import Decision, Disposition, Finding, Label, Severity, Verdict
from quarantine import selectors, services
from quarantine.choices import DeliveryState, EventKind, MessageState, VerdictChoice
from quarantine.errors import ContentGone, NotPermitted, UnderWay, UnknownMessage
from quarantine.identifiers import new_id
from quarantine.models import StoredMessage
from quarantine.permissions import RECIPIENT, Actor, may_act, may_read
from quarantine.services import Outcome
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.quarantine.making import NOW, RAW, VIRUS, arrive, settlement

ADMIN = Actor("admin@alpha.example.jp", TenantRole.ADMIN, "192.0.2.7")
ONE, OTHER = "b@alpha.example.jp", "c@alpha.example.jp"


def quarantined(
    tenant: Tenant,
    *recipients: str,
    label: Label = Label.SPAM,
    restricted: bool = False,
    raw: bytes = RAW,
    finding: Finding | None = None,
) -> UUID:
    """A message in quarantine."""
    message_id = arrive(tenant, *recipients, raw=raw)
    spam = finding or Finding("spam", "spam", Severity.UNWANTED)
    decision = Decision(
        Disposition.QUARANTINE,
        label=label,
        keep_original=True,
        reasons=(spam,),
        restricted=restricted,
    )
    verdict = Verdict((spam,), spam_score=95.0)
    result = Outcome(verdict, decision, b"Received: x\r\n", None, 3, "hello", "a@example.net", "")
    assert services.record_outcome(tenant, message_id, result, NOW)
    return message_id


def rescanned(
    disposition: Disposition = Disposition.DELIVER, outgoing: bytes | None = None
) -> Outcome:
    """What the examination after a release came to."""
    return Outcome(
        Verdict(),
        Decision(disposition, label=Label.SPAM, keep_original=True),
        b"Received: x\r\n",
        outgoing,
        4,
        "hello",
        "a@example.net",
        "",
        released=True,
    )


def row(tenant: Tenant, message_id: UUID) -> StoredMessage:
    found = selectors.message_with(tenant, message_id)
    assert found is not None
    return found


def last_step(tenant: Tenant, message_id: UUID) -> str:
    return list(row(tenant, message_id).events.all())[-1].kind


def states(tenant: Tenant, message_id: UUID) -> dict[str, str]:
    return {copy.recipient: copy.state for copy in row(tenant, message_id).deliveries.all()}


def deliver(tenant: Tenant, message_id: UUID) -> list[str]:
    """Send what is due; the recipients."""
    claims = services.claim_deliveries(tenant, message_id, NOW)
    if claims:
        settled = [settlement(claim, Attempt.DELIVERED) for claim in claims]
        services.settle_deliveries(tenant, message_id, settled, NOW)
    return [claim.recipient for claim in claims]


class TestRelease:
    def test_it_goes_through_the_examination_again_and_is_delivered_once(
        self, tenant: Tenant
    ) -> None:
        """However often it is asked for; the original stays kept, and the trace says who did it."""
        message_id = quarantined(tenant)
        assert services.release(tenant, message_id, ADMIN, NOW) == (ONE,)
        assert services.release(tenant, message_id, ADMIN, NOW) == ()
        assert row(tenant, message_id).state == MessageState.RECEIVED
        assert services.claim_deliveries(tenant, message_id, NOW) == []
        assert len(services.claim_examination(tenant, [message_id], NOW)) == 1
        assert services.record_outcome(tenant, message_id, rescanned(), NOW)
        assert services.release(tenant, message_id, ADMIN, NOW) == ()
        assert deliver(tenant, message_id) == [ONE]
        assert services.release(tenant, message_id, ADMIN, NOW) == ()
        assert deliver(tenant, message_id) == []
        assert selectors.original(tenant, message_id) == RAW
        stored = row(tenant, message_id)
        assert stored.state == MessageState.CLOSED
        assert selectors.outgoing(tenant, stored) == b"Received: x\r\n" + RAW
        released = [event for event in stored.events.all() if event.kind == EventKind.RELEASED]
        assert [event.data["by"] for event in released] == [ADMIN.name]
        with tenant_scope(tenant):
            entry = AuditEntry.objects.get(action="quarantine.released")
        assert (entry.actor, entry.address) == (ADMIN.name, "192.0.2.7")
        assert entry.subject == message_id.hex

    def test_one_recipients_copy_goes_and_the_others_stay(self, tenant: Tenant) -> None:
        """They can be released later; each is sent once."""
        message_id = quarantined(tenant, ONE, OTHER)
        services.release(tenant, message_id, ADMIN, NOW, [ONE])
        services.record_outcome(tenant, message_id, rescanned(), NOW)
        assert deliver(tenant, message_id) == [ONE]
        assert row(tenant, message_id).state == MessageState.QUARANTINED
        assert states(tenant, message_id) == {
            ONE: DeliveryState.DELIVERED,
            OTHER: DeliveryState.WITHHELD,
        }
        assert last_step(tenant, message_id) == EventKind.RETAINED
        assert services.release(tenant, message_id, ADMIN, NOW, [ONE]) == ()
        services.release(tenant, message_id, ADMIN, NOW, [OTHER])
        services.record_outcome(tenant, message_id, rescanned(), NOW)
        assert deliver(tenant, message_id) == [OTHER]
        assert row(tenant, message_id).state == MessageState.CLOSED

    @pytest.mark.parametrize("at", ["before the examination", "after it"])
    def test_a_second_release_joins_one_that_is_under_way(self, tenant: Tenant, at: str) -> None:
        """Nobody waits for the other."""
        message_id = quarantined(tenant, ONE, OTHER)
        services.release(tenant, message_id, ADMIN, NOW, [ONE])
        if at == "after it":
            services.record_outcome(tenant, message_id, rescanned(), NOW)
        assert services.release(tenant, message_id, ADMIN, NOW, [OTHER]) == (OTHER,)
        if at != "after it":
            services.record_outcome(tenant, message_id, rescanned(), NOW)
        assert sorted(deliver(tenant, message_id)) == [ONE, OTHER]

    def test_what_is_condemned_at_the_second_look_stays(self, tenant: Tenant) -> None:
        """The definitions of today count: the copies are withheld again."""
        message_id = quarantined(tenant)
        services.release(tenant, message_id, ADMIN, NOW)
        again = rescanned(Disposition.QUARANTINE)
        services.record_outcome(tenant, message_id, again, NOW)
        assert row(tenant, message_id).state == MessageState.QUARANTINED
        assert states(tenant, message_id) == {ONE: DeliveryState.WITHHELD}

    def test_a_changed_form_can_be_made_again(self, tenant: Tenant) -> None:
        """The second release does not stumble over what the first one stored."""
        message_id = quarantined(tenant, ONE, OTHER)
        for recipient in (ONE, OTHER):
            services.release(tenant, message_id, ADMIN, NOW, [recipient])
            form = recipient.encode()
            services.record_outcome(tenant, message_id, rescanned(outgoing=form), NOW)
            assert selectors.outgoing(tenant, row(tenant, message_id)) == form
            assert deliver(tenant, message_id) == [recipient]

    def test_forbidden_files_are_let_through_by_administrators_alone(self, tenant: Tenant) -> None:
        """Said each time anew, and never by joining a release that does not say it."""
        message_id = quarantined(tenant, ONE, OTHER)
        helpdesk = Actor("x@alpha.example.jp", TenantRole.HELPDESK)
        with pytest.raises(NotPermitted):
            services.release(tenant, message_id, helpdesk, NOW, [ONE], files_allowed=True)
        services.release(tenant, message_id, ADMIN, NOW, [ONE], files_allowed=True)
        for state in (MessageState.RECEIVED, MessageState.READY):
            assert row(tenant, message_id).state == state
            with pytest.raises(UnderWay):
                services.release(tenant, message_id, helpdesk, NOW, [OTHER])
            for claimed in services.claim_examination(tenant, [message_id], NOW):
                assert claimed.before is not None
                assert claimed.before.files_allowed
                services.record_outcome(tenant, message_id, rescanned(), NOW)
        assert deliver(tenant, message_id) == [ONE]
        services.release(tenant, message_id, helpdesk, NOW, [OTHER])
        (claimed,) = services.claim_examination(tenant, [message_id], NOW)
        assert claimed.before is not None
        assert not claimed.before.files_allowed

    def test_findings_are_of_the_last_look(self, tenant: Tenant) -> None:
        """Not of both."""
        message_id = quarantined(tenant)
        services.release(tenant, message_id, ADMIN, NOW)
        assert len(row(tenant, message_id).findings.all()) == 1
        services.record_outcome(tenant, message_id, rescanned(), NOW)
        assert not row(tenant, message_id).findings.all()

    def test_a_lost_task_or_a_dead_worker_loses_nothing(self, tenant: Tenant) -> None:
        """The sweep asks for the second look, and then for the delivery."""
        message_id = quarantined(tenant)
        services.release(tenant, message_id, ADMIN, NOW)
        later = NOW + timedelta(hours=1)
        assert services.take_up_stalled(tenant, later).examine == [message_id]
        services.claim_examination(tenant, [message_id], later)
        later += timedelta(hours=1)
        assert services.take_up_stalled(tenant, later).examine == [message_id]
        services.record_outcome(tenant, message_id, rescanned(), later)
        later += timedelta(hours=1)
        assert services.take_up_stalled(tenant, later).deliver == [message_id]

    def test_its_time_to_be_delivered_counts_from_the_release(self, tenant: Tenant) -> None:
        """After six days in quarantine the first deferral would otherwise be the last."""
        message_id = quarantined(tenant)
        assert row(tenant, message_id).way_began_at == NOW
        later = NOW + timedelta(days=6)
        services.release(tenant, message_id, ADMIN, later)
        assert row(tenant, message_id).way_began_at == later

    def test_what_is_not_kept_any_more_is_said_to_be_gone(self, tenant: Tenant) -> None:
        """Deleted, expired or unknown."""
        deleted, expired = quarantined(tenant), quarantined(tenant)
        assert services.delete(tenant, deleted, ADMIN, NOW)
        with pytest.raises(ContentGone):
            services.release(tenant, deleted, ADMIN, NOW)
        late = NOW + timedelta(days=15)
        services.expire(tenant, quarantine_days=14, trace_days=366, now=late)
        with pytest.raises(ContentGone):
            services.release(tenant, expired, ADMIN, late)
        assert row(tenant, expired).state == MessageState.CLOSED
        assert last_step(tenant, expired) == EventKind.EXPIRED
        with pytest.raises(UnknownMessage):
            services.release(tenant, new_id(), ADMIN, NOW)

    def test_what_is_on_its_way_is_not_removed_by_the_end_of_its_time(self, tenant: Tenant) -> None:
        """A release in the last minute is still delivered."""
        message_id = quarantined(tenant)
        late = NOW + timedelta(days=15)
        services.release(tenant, message_id, ADMIN, late)
        services.expire(tenant, quarantine_days=14, trace_days=366, now=late)
        services.record_outcome(tenant, message_id, rescanned(), NOW)
        assert deliver(tenant, message_id) == [ONE]
        services.expire(tenant, quarantine_days=14, trace_days=366, now=late)
        with pytest.raises(ContentGone):
            selectors.original(tenant, message_id)


class TestExpire:
    @pytest.mark.parametrize("days", [15, 367])
    def test_one_run_takes_all_whose_time_is_over(self, tenant: Tenant, days: int) -> None:
        """However many they are: what is left to the next hour would pile up with busy tenants."""
        ids = [quarantined(tenant) for _ in range(7)]
        late = NOW + timedelta(days=days)
        gone = services.expire(tenant, quarantine_days=14, trace_days=366, now=late, share=2)
        assert gone == (7 if days > 366 else 0)
        for message_id in ids:
            found = selectors.message_with(tenant, message_id)
            assert found is None or found.state == MessageState.CLOSED
            with pytest.raises(ContentGone):
                selectors.original(tenant, message_id)


class TestDelete:
    def test_the_content_goes_and_the_record_stays(self, tenant: Tenant) -> None:
        """Once; the trace says who did it."""
        message_id = quarantined(tenant)
        assert services.delete(tenant, message_id, ADMIN, NOW)
        assert not services.delete(tenant, message_id, ADMIN, NOW)
        with pytest.raises(ContentGone):
            selectors.original(tenant, message_id)
        assert row(tenant, message_id).state == MessageState.CLOSED
        kinds = [event.kind for event in row(tenant, message_id).events.all()]
        assert kinds.count(EventKind.DELETED) == 1

    def test_what_is_being_delivered_is_not_torn_away(self, tenant: Tenant) -> None:
        """It can be deleted when the delivery has ended."""
        message_id = quarantined(tenant)
        services.release(tenant, message_id, ADMIN, NOW)
        with pytest.raises(UnderWay):
            services.delete(tenant, message_id, ADMIN, NOW)
        services.record_outcome(tenant, message_id, rescanned(), NOW)
        with pytest.raises(UnderWay):
            services.delete(tenant, message_id, ADMIN, NOW)
        deliver(tenant, message_id)
        assert services.delete(tenant, message_id, ADMIN, NOW)


HARMLESS = (Label.SUSPICIOUS, Label.SPAM, Label.FORGED, Label.BLOCKED, Label.UNEXAMINED)
HARMFUL = (Label.FORBIDDEN, Label.MALICIOUS)


class TestPermissions:
    @pytest.mark.parametrize("label", [*HARMLESS, *HARMFUL])
    @pytest.mark.parametrize("restricted", [False, True])
    @pytest.mark.parametrize("role", [*TenantRole, RECIPIENT, "operator-admin", ""])
    def test_who_may_act_on_what(self, role: str, label: Label, restricted: bool) -> None:
        """The whole table."""
        message = StoredMessage(verdict=label.value, restricted=restricted)
        expected = {
            "owner": True,
            "admin": True,
            "helpdesk": not restricted and label in HARMLESS,
            RECIPIENT: not restricted and label in HARMLESS and label is not Label.SUSPICIOUS,
        }
        assert may_act(role, message) is expected.get(str(role), False)

    def test_bodies_are_for_those_who_work_with_them(self) -> None:
        """Auditors see that there was a mail, not what it said."""
        assert [role.value for role in TenantRole if may_read(role)] == [
            "owner",
            "admin",
            "helpdesk",
        ]

    @pytest.mark.parametrize("role", [TenantRole.AUDITOR, TenantRole.HELPDESK, RECIPIENT])
    def test_a_service_refuses_and_changes_nothing(self, tenant: Tenant, role: str) -> None:
        """Whatever page the request came from."""
        message_id = quarantined(tenant, label=Label.MALICIOUS, restricted=True, finding=VIRUS)
        actor = Actor("x@alpha.example.jp", role)
        for act in (services.release, services.delete):
            with pytest.raises(NotPermitted):
                act(tenant, message_id, actor, timezone.now())
        assert row(tenant, message_id).state == MessageState.QUARANTINED
        assert len(row(tenant, message_id).events.all()) == 2

    def test_recipients_delete_nothing(self, tenant: Tenant) -> None:
        """The message is the company's."""
        message_id = quarantined(tenant)
        with pytest.raises(NotPermitted):
            services.delete(tenant, message_id, Actor(ONE, RECIPIENT), NOW)

    def test_the_verdicts_are_the_labels(self) -> None:
        """One word for each, so that a label is a verdict."""
        assert {label.value for label in Label} == set(VerdictChoice.values) - {"pending"}
