"""An outbound mail through the worker: forms, hold, notices and password, each once."""

from __future__ import annotations

import io
from datetime import timedelta
from uuid import UUID

import pytest
import pyzipper
from django.utils import timezone

from accounts.models import TenantRole
from encryption.services import allow_password_mails, secret_of
from mailsec.gateway.envelope import Client, Direction, Envelope
from mailsec.gateway.message import Message
from mailsec.gateway.outbound.rules import HoldRule
from policies.hold_values import columns_of
from policies.models import AddressGroup, GroupMember, HoldRuleRow
from policies.services import set_values
from quarantine import selectors, services
from quarantine.choices import MessageState
from quarantine.dispatch import leaving
from quarantine.models import SenderLink, StoredMessage
from quarantine.permissions import SENDER, Actor
from quarantine.services import Arrival
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.gateway.zipping.shapes import PDF, entity, multipart, text
from tests.quarantine.making import settlement
from tests.quarantine.test_release import row, states
from workers.holds import end_due_holds
from workers.sender_notices import tell_readers, tell_senders
from workers.tasks.examine import examine
from workers.tasks.sweep import sweep_tenant

SENDER_ADDRESS = "sender@alpha.example.jp"
PERSON = Actor(SENDER_ADDRESS, SENDER, "192.0.2.7")
ADMIN = Actor("admin@alpha.example.jp", TenantRole.ADMIN, "192.0.2.9")
HELP_DESK = Actor("help@alpha.example.jp", TenantRole.HELPDESK, "192.0.2.8")
INSIDE, ONE, OTHER = "colleague@alpha.example.jp", "a@example.com", "b@example.net"
THIRD = "c@example.org"
FILE = entity("Content-Type: application/pdf; name=plan.pdf", PDF)
RAW = (
    b"From: Sender <sender@alpha.example.jp>\r\nTo: a@example.com, b@example.net\r\n"
    b"Subject: =?utf-8?B?6KaL56mN5pu4?=\r\nMIME-Version: 1.0\r\n"
    + multipart("mixed", "b", text("hello, here is the plan"), FILE)
)
PLAIN = b"From: sender@alpha.example.jp\r\nTo: a@example.com\r\nSubject: hi\r\n\r\nhello\r\n"


@pytest.fixture
def holding(tenant: Tenant) -> None:
    """All mail to outside is held."""
    with tenant_scope(tenant):
        columns = columns_of(HoldRule("all mail"))
        HoldRuleRow.objects.create(**columns, position=1, revision=1, author="test")


def send(tenant: Tenant, raw: bytes = RAW, *recipients: str, sender: str = SENDER_ADDRESS) -> UUID:
    """A mail from inside, examined."""
    to = recipients or (INSIDE, ONE, OTHER)
    envelope = Envelope(Direction.OUTBOUND, Client("192.0.2.1", "mail"), sender, to)
    (message_id,) = services.receive(tenant, [Arrival(envelope, raw)], timezone.now())
    examine(tenant.slug, [str(message_id)])
    return message_id


def deliver(tenant: Tenant, message_id: UUID) -> dict[str, bytes]:
    """Send what is due; what each recipient got."""
    claims = services.claim_deliveries(tenant, message_id, timezone.now())
    sent = {claim.recipient: leaving(tenant, message_id, claim.form).content for claim in claims}
    if claims:
        settled = [settlement(claim) for claim in claims]
        services.settle_deliveries(tenant, message_id, settled, timezone.now())
    return sent


def notices(tenant: Tenant) -> list[tuple[str, Message]]:
    """Every notice so far, with whom it is for."""
    with tenant_scope(tenant):
        rows = list(StoredMessage.objects.filter(direction="notice").order_by("id"))
        found = [(each.deliveries.get().recipient, each.id) for each in rows]
    return [(to, Message(selectors.original(tenant, each))) for to, each in found]


def test_files_leave_locked_up_and_the_colleague_gets_them_open(tenant: Tenant) -> None:
    """Without a rule nothing is held; the sender is told what was done, with the password."""
    message_id = send(tenant)
    sent = deliver(tenant, message_id)
    assert sent[INSIDE].endswith(RAW)
    assert sent[ONE] == sent[OTHER]
    secret = secret_of(tenant, message_id)
    assert secret is not None
    (archive,) = Message(sent[ONE]).attachments
    with pyzipper.AESZipFile(io.BytesIO(archive.content())) as opened:
        assert opened.read("plan.pdf", secret.password.encode()) == PDF
    ((to, notice),) = notices(tenant)
    assert to == SENDER_ADDRESS
    assert notice.subject == "【送信処理のお知らせ】見積書"
    for fact in (secret.password, secret.archive_name, "plan.pdf", ONE, "/mail/"):
        assert fact in notice.text
    assert secret.password.encode() not in sent[ONE]


def test_a_plain_letter_without_a_rule_leaves_as_it_came(tenant: Tenant) -> None:
    """No form is stored, no notice is written."""
    message_id = send(tenant, PLAIN, ONE)
    assert deliver(tenant, message_id)[ONE].endswith(PLAIN)
    assert notices(tenant) == []
    assert row(tenant, message_id).changed is False


@pytest.mark.usefixtures("holding")
def test_a_held_mail_waits_and_its_sender_gets_one_link(tenant: Tenant) -> None:
    """However often the sweep looks; the link's token is stored as a hash alone."""
    message_id = send(tenant)
    assert states(tenant, message_id) == {INSIDE: "queued", ONE: "held", OTHER: "held"}
    tell_senders(tenant, timezone.now())
    ((to, notice),) = notices(tenant)
    assert (to, notice.subject) == (SENDER_ADDRESS, "【送信保留】見積書")
    assert "all mail" in notice.text
    assert notice.text_of("auto-submitted") == "auto-generated"
    token = notice.text.partition("/mail/")[2].split()[0]
    assert len(token) == 43
    with tenant_scope(tenant):
        assert token.encode() not in bytes(SenderLink.objects.get().token_hash)
    assert ONE in notice.text
    assert INSIDE not in notice.text


@pytest.mark.usefixtures("holding")
def test_of_a_mail_that_is_held_whole_only_its_notice_is_queued(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No worker is asked to deliver what has no copy to be sent."""
    queued: list[UUID] = []
    monkeypatch.setattr(
        "workers.tasks.examine.enqueue", lambda stage, tenant, ids: queued.extend(ids)
    )
    held = send(tenant, PLAIN, ONE)
    with tenant_scope(tenant):
        assert queued == [StoredMessage.objects.get(direction="notice").id]
    partly = send(tenant, PLAIN, ONE, INSIDE)
    assert partly in queued
    assert held not in queued


@pytest.mark.usefixtures("holding")
def test_the_time_to_deliver_what_was_held_counts_from_its_release(tenant: Tenant) -> None:
    """Also where a copy inside went out before: a long hold takes no retries from the others."""
    now = timezone.now()
    for recipients in ((ONE,), (ONE, INSIDE)):
        message_id = send(tenant, PLAIN, *recipients)
        services.deliver_held(tenant, message_id, PERSON, now + timedelta(days=20))
        assert leaving(tenant, message_id).began_at == now + timedelta(days=20)


@pytest.mark.usefixtures("holding")
def test_what_the_sender_approves_leaves_and_the_password_is_told_then(tenant: Tenant) -> None:
    """One processing notice when the hold is over; none about the sender's own decision."""
    message_id = send(tenant)
    services.deliver_held(tenant, message_id, PERSON, timezone.now())
    assert set(deliver(tenant, message_id)) == {INSIDE, ONE, OTHER}
    tell_senders(tenant, timezone.now())
    tell_senders(tenant, timezone.now())
    assert [notice.subject for _, notice in notices(tenant)] == [
        "【送信保留】見積書",
        "【送信処理のお知らせ】見積書",
    ]


@pytest.mark.usefixtures("holding")
def test_the_sender_is_reminded_and_told_of_the_end_once(tenant: Tenant) -> None:
    """At three quarters of the time, and when it is over; whichever sweep finds it."""
    message_id = send(tenant, PLAIN, ONE)
    for hours in (17, 19, 19, 25, 25):
        later = timezone.now() + timedelta(hours=hours)
        end_due_holds(tenant, later)
        tell_senders(tenant, later)
    assert [notice.subject for _, notice in notices(tenant)] == [
        "【送信保留】hi",
        "【送信保留・期限間近】hi",
        "【送信取消】hi",
    ]
    assert states(tenant, message_id) == {ONE: "discarded"}
    assert row(tenant, message_id).state == MessageState.CLOSED


@pytest.mark.usefixtures("holding")
def test_the_sender_is_told_what_others_decide_on_some_of_the_copies(tenant: Tenant) -> None:
    """Each decision once, with who took it and for whom; nothing of what the sender decides."""
    message_id = send(tenant, RAW, ONE, OTHER, THIRD)
    now = timezone.now()
    services.discard_held(tenant, message_id, ADMIN, now, [ONE])
    services.deliver_held(tenant, message_id, HELP_DESK, now, [OTHER])
    before = len(notices(tenant))
    for _ in range(2):
        tell_senders(tenant, now)
    services.deliver_held(tenant, message_id, PERSON, now)
    tell_senders(tenant, now)
    discarded, approved, *rest = [notice for _, notice in notices(tenant)][before:]
    assert (discarded.subject, approved.subject) == ("【送信取消】見積書", "【送信済み】見積書")
    for notice, by, to in ((discarded, ADMIN, ONE), (approved, HELP_DESK, OTHER)):
        assert f"方：{by.name}" in notice.text
        assert [each for each in (ONE, OTHER, THIRD) if each in notice.text] == [to]
    assert [notice.subject for notice in rest] == ["【送信処理のお知らせ】見積書"]


@pytest.mark.usefixtures("holding")
def test_what_the_sender_ends_hides_no_decision_of_others(tenant: Tenant) -> None:
    """Not even if it came before anybody was told."""
    message_id = send(tenant, PLAIN, ONE, OTHER)
    now = timezone.now()
    services.discard_held(tenant, message_id, ADMIN, now, [ONE])
    services.deliver_held(tenant, message_id, PERSON, now)
    tell_senders(tenant, now)
    assert [notice.subject for _, notice in notices(tenant)] == ["【送信保留】hi", "【送信取消】hi"]


@pytest.mark.usefixtures("holding")
def test_the_notice_of_the_end_says_what_others_decided_before(tenant: Tenant) -> None:
    """Nobody is told the same twice."""
    message_id = send(tenant, PLAIN, ONE, OTHER)
    now = timezone.now()
    services.discard_held(tenant, message_id, ADMIN, now, [ONE])
    services.discard_held(tenant, message_id, ADMIN, now, [OTHER])
    tell_senders(tenant, now)
    _, (_, ended) = notices(tenant)
    assert ended.subject == "【送信取消】hi"
    assert ONE in ended.text
    assert OTHER in ended.text


@pytest.mark.usefixtures("holding")
def test_everybody_who_shares_a_mailbox_gets_a_link_of_their_own(tenant: Tenant) -> None:
    """So that the trace says who of them decided."""
    with tenant_scope(tenant):
        group = AddressGroup.objects.create(address="sales@alpha.example.jp", name="Sales")
        for member in ("a@alpha.example.jp", "b@alpha.example.jp"):
            GroupMember.objects.create(group=group, address=member)
    send(tenant, PLAIN, ONE, sender="sales@alpha.example.jp")
    assert [to for to, _ in notices(tenant)] == [
        "sales@alpha.example.jp",
        "a@alpha.example.jp",
        "b@alpha.example.jp",
    ]


def test_the_password_goes_only_to_those_whose_server_has_the_mail(tenant: Tenant) -> None:
    """After the sender said so, once to each, and to the late one when it is delivered."""
    message_id = send(tenant, RAW, ONE, OTHER)
    now = timezone.now()
    claims = {
        claim.recipient: claim for claim in services.claim_deliveries(tenant, message_id, now)
    }
    services.settle_deliveries(tenant, message_id, [settlement(claims[ONE])], now)
    told = len(notices(tenant))
    tell_readers(tenant, now)
    assert len(notices(tenant)) == told
    assert allow_password_mails(tenant, message_id, PERSON, now)
    assert not allow_password_mails(tenant, message_id, PERSON, now)
    tell_readers(tenant, now)
    tell_readers(tenant, now)
    assert [to for to, _ in notices(tenant)][told:] == [ONE]
    services.settle_deliveries(tenant, message_id, [settlement(claims[OTHER])], now)
    tell_readers(tenant, now)
    assert [to for to, _ in notices(tenant)][told:] == [ONE, OTHER]
    _, mail = notices(tenant)[-1]
    secret = secret_of(tenant, message_id)
    assert secret is not None
    assert secret.password in mail.text
    assert secret.password not in mail.subject
    assert "This is the password" in mail.text


def test_where_the_policy_says_so_the_password_follows_by_itself(tenant: Tenant) -> None:
    """After so many minutes, without anybody's asking."""
    set_values(tenant, {"password_after_minutes": "10"})
    message_id = send(tenant, RAW, ONE)
    deliver(tenant, message_id)
    before = len(notices(tenant))
    tell_readers(tenant, timezone.now() + timedelta(minutes=9))
    assert len(notices(tenant)) == before
    tell_readers(tenant, timezone.now() + timedelta(minutes=11))
    assert [to for to, _ in notices(tenant)][before:] == [ONE]


@pytest.mark.usefixtures("holding")
def test_the_sweep_does_all_of_it(tenant: Tenant) -> None:
    """A lost task costs time, never a decision."""
    message_id = send(tenant, PLAIN, ONE)
    with tenant_scope(tenant):
        row(tenant, message_id).hold.__class__.objects.update(
            due_at=timezone.now() - timedelta(minutes=1)
        )
    sweep_tenant(tenant.slug)
    assert states(tenant, message_id) == {ONE: "discarded"}
    assert notices(tenant)[-1][1].subject == "【送信取消】hi"


def test_a_mail_that_is_looked_at_anew_keeps_its_password(tenant: Tenant) -> None:
    """Some recipient may have the first archive already."""
    message_id = send(tenant)
    before = secret_of(tenant, message_id)
    services.shunt(tenant, message_id, "broken", timezone.now())
    services.resubmit(tenant, message_id, timezone.now())
    examine(tenant.slug, [str(message_id)])
    assert secret_of(tenant, message_id) == before
    assert before is not None
    (archive,) = Message(deliver(tenant, message_id)[ONE]).attachments
    assert archive.name == before.archive_name


def test_another_tenant_reads_no_password(tenant: Tenant, other_tenant: Tenant) -> None:
    """The secret lies in its own tenant's schema, under its own key."""
    message_id = send(tenant)
    assert secret_of(other_tenant, message_id) is None
