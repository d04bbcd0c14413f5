"""Mail that waits for its sender: who may decide, once, and what is left of it afterwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from accounts.models import AuditEntry, TenantRole
from mailsec.gateway.envelope import Client, Direction, Envelope
from mailsec.gateway.hops import Outcome as Attempt
from quarantine import services
from quarantine.choices import EventKind, HoldEnding, MessageState
from quarantine.dispatch import leaving
from quarantine.errors import ContentGone, NotPermitted, UnknownMessage
from quarantine.identifiers import new_id
from quarantine.models import Hold
from quarantine.permissions import SENDER, TIME, Actor
from quarantine.services import Arrival, HoldTerms, TreatedCopy, Treatment
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.quarantine.making import NOW, RAW, outcome, settlement
from tests.quarantine.test_release import row, states
from workers.holds import end_due_holds

PERSON = Actor("sender@alpha.example.jp", SENDER, "192.0.2.7")
INSIDE, ONE, OTHER = "colleague@alpha.example.jp", "a@example.com", "b@example.net"
LOCKED = b"Received: x\r\n\r\nthe archive"
DUE = NOW + timedelta(hours=24)


def held(
    tenant: Tenant,
    *recipients: str,
    ending: HoldEnding = HoldEnding.DISCARD,
    inside: bool = True,
) -> UUID:
    """An examined mail whose outside copies wait, all in the form ``aes-256``."""
    everyone = ((INSIDE,) if inside else ()) + (recipients or (ONE, OTHER))
    envelope = Envelope(Direction.OUTBOUND, Client("192.0.2.1"), PERSON.name, everyone)
    (message_id,) = services.receive(tenant, [Arrival(envelope, RAW)], NOW)
    copies = [
        TreatedCopy(each, "" if each == INSIDE else "aes-256", each != INSIDE) for each in everyone
    ]
    terms = HoldTerms(("all",), False, DUE, NOW + timedelta(hours=18), ending)
    treatment = Treatment(PERSON.name, copies, {"aes-256": LOCKED}, terms, locked=True)
    result = replace(outcome(), treatment=treatment)
    assert services.record_outcome(tenant, message_id, result, NOW)
    return message_id


def deliver(tenant: Tenant, message_id: UUID) -> dict[str, bytes]:
    """Send what is due; what each recipient got."""
    claims = services.claim_deliveries(tenant, message_id, NOW)
    sent = {claim.recipient: leaving(tenant, message_id, claim.form).content for claim in claims}
    if claims:
        settled = [settlement(claim, Attempt.DELIVERED) for claim in claims]
        services.settle_deliveries(tenant, message_id, settled, NOW)
    return sent


def hold_of(tenant: Tenant, message_id: UUID) -> Hold:
    with tenant_scope(tenant):
        return Hold.objects.get(message_id=message_id)


def test_inside_copies_go_at_once_and_the_others_wait(tenant: Tenant) -> None:
    """Product 6. When the inside ones are delivered, the message is held, not finished."""
    message_id = held(tenant)
    assert states(tenant, message_id) == {INSIDE: "queued", ONE: "held", OTHER: "held"}
    assert row(tenant, message_id).state == MessageState.READY
    assert list(deliver(tenant, message_id)) == [INSIDE]
    assert row(tenant, message_id).state == MessageState.HELD
    assert deliver(tenant, message_id) == {}
    hold = hold_of(tenant, message_id)
    assert (hold.rules, hold.due_at, hold.ended_at) == (["all"], DUE, None)


def test_a_mail_to_outside_alone_is_held_as_a_whole(tenant: Tenant) -> None:
    """Nothing of it is handed to a delivery worker."""
    message_id = held(tenant, inside=False)
    assert row(tenant, message_id).state == MessageState.HELD
    assert services.claim_deliveries(tenant, message_id, NOW) == []


def test_what_is_approved_leaves_in_the_form_that_was_made(tenant: Tenant) -> None:
    """The archive is never made a second time; the colleague's copy is the plain one."""
    message_id = held(tenant)
    assert services.deliver_held(tenant, message_id, PERSON, NOW).recipients == (ONE, OTHER)
    assert deliver(tenant, message_id) == {
        INSIDE: b"Received: from here\r\n" + RAW,
        ONE: LOCKED,
        OTHER: LOCKED,
    }
    assert row(tenant, message_id).state == MessageState.CLOSED


def test_each_copy_is_decided_on_alone_and_once(tenant: Tenant) -> None:
    """A second click, and a second tab with the other button, change nothing."""
    message_id = held(tenant, inside=False)
    first = services.deliver_held(tenant, message_id, PERSON, NOW, [ONE])
    assert (first.recipients, first.waiting) == ((ONE,), True)
    for act in (services.deliver_held, services.discard_held):
        assert act(tenant, message_id, PERSON, NOW, [ONE]).recipients == ()
    last = services.discard_held(tenant, message_id, PERSON, NOW)
    assert (last.recipients, last.waiting) == ((OTHER,), False)
    assert states(tenant, message_id) == {ONE: "queued", OTHER: "discarded"}
    assert deliver(tenant, message_id) == {ONE: LOCKED}
    assert row(tenant, message_id).state == MessageState.CLOSED
    assert hold_of(tenant, message_id).ended_by == PERSON.name


def test_a_mail_that_is_discarded_whole_leaves_no_body_behind(tenant: Tenant) -> None:
    """The record stays as trace."""
    message_id = held(tenant, inside=False)
    services.discard_held(tenant, message_id, PERSON, NOW)
    assert row(tenant, message_id).state == MessageState.CLOSED
    with pytest.raises(ContentGone):
        leaving(tenant, message_id, "aes-256")
    assert [event.kind for event in row(tenant, message_id).events.all()][-2:] == [
        EventKind.DISCARDED,
        EventKind.CLOSED,
    ]


def test_a_discard_does_not_take_the_bodies_of_copies_that_still_go(tenant: Tenant) -> None:
    """The colleague's copy is on its way while the sender decides."""
    message_id = held(tenant)
    services.discard_held(tenant, message_id, PERSON, NOW)
    assert row(tenant, message_id).state == MessageState.READY
    assert list(deliver(tenant, message_id)) == [INSIDE]
    assert row(tenant, message_id).state == MessageState.CLOSED


def test_an_administrators_decision_is_in_the_audit_log(tenant: Tenant) -> None:
    """And in the trace, with whose copies it was."""
    message_id = held(tenant)
    admin = Actor("admin@alpha.example.jp", TenantRole.ADMIN, "192.0.2.9")
    services.deliver_held(tenant, message_id, admin, NOW, [ONE])
    with tenant_scope(tenant):
        entry = AuditEntry.objects.get(action="quarantine.approved")
    assert (entry.actor, entry.after["recipients"]) == (admin.name, [ONE])


@pytest.mark.parametrize("role", [TenantRole.AUDITOR, "recipient", "nobody"])
def test_who_may_not_decide_changes_nothing(tenant: Tenant, role: str) -> None:
    """Auditors see everything and change nothing."""
    message_id = held(tenant)
    for act in (services.deliver_held, services.discard_held):
        with pytest.raises(NotPermitted):
            act(tenant, message_id, Actor("x", role), NOW)
    assert states(tenant, message_id)[ONE] == "held"


def test_another_tenants_mail_and_mail_that_is_not_held_are_unknown(
    tenant: Tenant, other_tenant: Tenant
) -> None:
    """No id reaches across."""
    message_id = held(tenant)
    with pytest.raises(UnknownMessage):
        services.deliver_held(other_tenant, message_id, PERSON, NOW)
    with pytest.raises(UnknownMessage):
        services.deliver_held(tenant, new_id(), PERSON, NOW)


@pytest.mark.parametrize(
    ("ending", "state"),
    [
        (HoldEnding.DISCARD, "discarded"),
        (HoldEnding.DELIVER, "queued"),
        (HoldEnding.KEEP, "held"),
    ],
)
def test_when_its_time_is_over_the_tenants_choice_is_done_once(
    tenant: Tenant, ending: HoldEnding, state: str
) -> None:
    """Found in the database, by whichever sweep comes first."""
    message_id = held(tenant, ending=ending, inside=False)
    assert end_due_holds(tenant, DUE - timedelta(seconds=1)) == 0
    assert states(tenant, message_id)[ONE] == "held"
    ended = end_due_holds(tenant, DUE)
    assert ended == (ending is not HoldEnding.KEEP)
    assert end_due_holds(tenant, DUE) == 0
    assert states(tenant, message_id) == {ONE: state, OTHER: state}
    assert hold_of(tenant, message_id).ended_by == ("" if ending is HoldEnding.KEEP else TIME)


def test_what_the_sender_decided_is_not_decided_again_by_the_clock(tenant: Tenant) -> None:
    """One copy was approved; only the other one's time ends."""
    message_id = held(tenant, inside=False)
    services.deliver_held(tenant, message_id, PERSON, NOW, [ONE])
    end_due_holds(tenant, DUE)
    assert states(tenant, message_id) == {ONE: "queued", OTHER: "discarded"}


def test_a_mail_that_is_looked_at_anew_is_held_anew(tenant: Tenant) -> None:
    """Forms and hold of the first time are gone; nothing that was held slips out meanwhile."""
    message_id = held(tenant, inside=False)
    services.shunt(tenant, message_id, "broken", NOW)
    services.resubmit(tenant, message_id, NOW)
    assert states(tenant, message_id) == {ONE: "pending", OTHER: "pending"}
    with tenant_scope(tenant):
        assert not Hold.objects.filter(message_id=message_id).exists()
