"""The users' digest: to whom, of what, once a day; and what its links open and do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mailsec.gateway.message import Message
from mailsec.gateway.policy import Policy
from mailsec.gateway.verdict import Label
from policies import selectors as policies
from policies import services as policy_services
from quarantine import kept, selectors, services
from quarantine.choices import DeliveryState, MessageState
from quarantine.models import Digest, DigestLink, StoredMessage
from quarantine.services import Entry, LinkAction, Notice
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.console import Visitor, at_console, host_of
from tests.quarantine.making import NOW, arrive, ready
from tests.quarantine.test_release import ADMIN, ONE, OTHER, quarantined, row, states
from workers.digests import News, digest_notice, edition_due, send_digests

DAY = NOW.date()
LATER = NOW + timedelta(hours=1)
LINK = re.compile(r"/quarantine/([A-Za-z0-9_-]{43})")


def digests(tenant: Tenant, day_offset: int = 0, before: datetime = LATER) -> list[str]:
    """Send; the texts of the mails that this made, by recipient's order."""
    day = DAY + timedelta(days=day_offset)
    made = send_digests(tenant, day, before, LATER)
    return [text_of(tenant, notice) for notice in made]


def text_of(tenant: Tenant, notice: UUID) -> str:
    parts = Message(selectors.original(tenant, notice)).parts
    return next(part.text() for part in parts if part.content_type == "text/plain")


def fresh(tenant: Tenant, *recipients: str, label: Label = Label.SPAM) -> tuple[UUID, str]:
    """A message whose content is kept for days from now, and the token in its digest."""
    message_id = quarantined(tenant, *recipients, label=label)
    with tenant_scope(tenant):
        StoredMessage.objects.filter(id=message_id).update(received_at=timezone.now())
    tomorrow = timezone.now() + timedelta(days=1)
    (notice, *_) = send_digests(tenant, tomorrow.date(), tomorrow, timezone.now())
    found = LINK.search(text_of(tenant, notice))
    assert found is not None
    return message_id, found[1]


class TestSending:
    def test_each_recipient_is_told_once_of_the_own_copies(self, tenant: Tenant) -> None:
        """Not again on the same day, nor of the same mail on another."""
        quarantined(tenant, ONE, OTHER)
        quarantined(tenant, ONE)
        first = digests(tenant)
        assert [text.count("hello") for text in first] == [2, 1]
        assert ONE in first[0]
        assert ONE not in first[1]
        assert digests(tenant) == []
        assert digests(tenant, 1) == []
        quarantined(tenant, OTHER)
        assert digests(tenant) == []
        (text,) = digests(tenant, 1)
        assert OTHER in text
        assert text.count("hello") == 1

    def test_without_news_there_is_no_mail(self, tenant: Tenant) -> None:
        """Delivered mail is no news, nor is what is still being examined."""
        ready(tenant)
        arrive(tenant)
        assert digests(tenant) == []

    @pytest.mark.parametrize("label", [Label.MALICIOUS, Label.FORBIDDEN, Label.SUSPICIOUS])
    def test_harmful_mail_is_never_in_it(self, tenant: Tenant, label: Label) -> None:
        """Nobody is invited to it."""
        quarantined(tenant, label=label)
        assert digests(tenant) == []

    def test_what_is_for_administrators_is_never_in_it(self, tenant: Tenant) -> None:
        """Also when it is called spam."""
        quarantined(tenant, restricted=True)
        assert digests(tenant) == []

    def test_what_was_released_or_deleted_meanwhile_is_not_in_it(self, tenant: Tenant) -> None:
        """There is nothing left to ask."""
        released, deleted = quarantined(tenant), quarantined(tenant)
        services.release(tenant, released, ADMIN, NOW)
        services.delete(tenant, deleted, ADMIN, NOW)
        assert digests(tenant) == []

    def test_it_tells_what_came_before_its_hour(self, tenant: Tenant) -> None:
        """What comes later is for the next day, so that nobody gets a mail at any hour."""
        quarantined(tenant)
        assert digests(tenant, before=NOW - timedelta(minutes=1)) == []
        assert len(digests(tenant)) == 1

    def test_two_workers_send_one(self, tenant: Tenant) -> None:
        """The database decides; the second one's mail is not stored."""
        quarantined(tenant)
        edition = services.Edition(ONE, DAY, LATER)
        policy = Policy()

        def write(entries: Sequence[Entry], token: str) -> Notice:
            return digest_notice(tenant, policy, ONE, News(entries, token), NOW)

        assert services.send_digest(tenant, edition, policy, NOW, write) is not None
        with tenant_scope(tenant):
            DigestLink.objects.all().delete()
        assert services.send_digest(tenant, edition, policy, NOW, write) is None
        with tenant_scope(tenant):
            assert Digest.objects.count() == 1
            assert StoredMessage.objects.filter(direction="notice").count() == 1

    def test_a_failure_while_writing_leaves_nothing_half_done(self, tenant: Tenant) -> None:
        """The next run sends it whole."""
        quarantined(tenant)

        def broken(entries: Sequence[Entry], token: str) -> Notice:
            raise RuntimeError("out of words")

        edition = services.Edition(ONE, DAY, LATER)
        with pytest.raises(RuntimeError):
            services.send_digest(tenant, edition, Policy(), NOW, broken)
        assert len(digests(tenant)) == 1

    @pytest.mark.parametrize(
        ("hour", "minute", "due"), [(7, 59, False), (8, 0, True), (8, 1, True), (23, 59, True)]
    )
    def test_it_is_due_from_its_hour_to_midnight_in_the_tenants_time(
        self, tenant: Tenant, hour: int, minute: int, due: bool
    ) -> None:
        """A missed hour is made up within the day; 08:00 in Tokyo is 23:00 UTC the day before."""
        now = datetime(2026, 4, 1, hour, minute, tzinfo=tenant.zone).astimezone(UTC)
        found = edition_due(tenant, Policy(digest_hour=8), now)
        assert (found is not None) is due
        if found is not None:
            day, before = found
            assert day.isoformat() == "2026-04-01"
            assert before == datetime(2026, 3, 31, 23, 0, tzinfo=UTC)
        assert edition_due(tenant, Policy(digest=False), now) is None

    def test_hostile_texts_are_data_in_both_forms(self, tenant: Tenant) -> None:
        """Case hold-02: subject and name run nowhere."""
        message_id = quarantined(tenant)
        script = '</title><script>window.__xss=1</script>"><img src=x onerror=window.__xss=2>'
        with tenant_scope(tenant):
            StoredMessage.objects.filter(id=message_id).update(subject=script, header_from=script)
        (notice,) = send_digests(tenant, DAY, LATER, LATER)
        parts = {
            part.content_type: part.text()
            for part in Message(selectors.original(tenant, notice)).parts
        }
        assert script in parts["text/plain"]
        assert "<script" not in parts["text/html"]
        assert "<img" not in parts["text/html"]
        assert "&lt;script&gt;" in parts["text/html"]

    def test_the_policy_decides_what_is_offered(self, tenant: Tenant) -> None:
        """Without a release the text names whom to ask."""
        policy_services.set_values(
            tenant, {"user_release": "false", "user_lists": "false", "language": "en"}
        )
        quarantined(tenant)
        (text,) = digests(tenant)
        assert not LINK.search(text)
        assert "please ask your administrator" in text


def page(tenant: Tenant, token: str, visitor: Visitor | None = None, **query: str) -> str:
    answer = (visitor or Visitor(host_of(tenant))).get(f"/quarantine/{token}", query)
    assert answer.status_code == 200, answer.status_code
    return str(answer.content.decode())


class TestLink:
    def test_showing_it_changes_nothing(self, tenant: Tenant) -> None:
        """Case hold-01: GET, HEAD, OPTIONS, prefetches, every address on the page."""
        message_id, token = fresh(tenant)
        visitor = Visitor(host_of(tenant))
        path = f"/quarantine/{token}"
        for headers in ({}, {"sec-purpose": "prefetch"}, {"purpose": "prefetch"}):
            for query in ("", "?do=release", "?action=release", "?action=block"):
                assert visitor.get(path + query, headers=headers).status_code == 200
        assert visitor.head(path).status_code == 200
        assert visitor.options(path).status_code in {200, 405}
        assert visitor.get(f"{path}/release").status_code == 404
        for address in re.findall(r'(?:href|src)="(/(?!static)[^"]*)"', page(tenant, token)):
            visitor.get(address)
        assert row(tenant, message_id).state == MessageState.QUARANTINED
        assert "hello" in page(tenant, token)

    def test_the_address_is_kept_from_others(self, tenant: Tenant) -> None:
        """No cache, no referrer, no index."""
        _, token = fresh(tenant)
        answer = Visitor(host_of(tenant)).get(f"/quarantine/{token}")
        assert answer["Referrer-Policy"] == "no-referrer"
        assert "no-store" in answer["Cache-Control"]
        assert b"noindex" in answer.content
        with tenant_scope(tenant):
            assert token.encode() not in bytes(DigestLink.objects.get().token_hash)

    def test_a_post_without_the_pages_own_token_is_refused(self, tenant: Tenant) -> None:
        """Another site's form does nothing."""
        message_id, token = fresh(tenant)
        stranger = Visitor(host_of(tenant), enforce_csrf_checks=True)
        answer = stranger.post(f"/quarantine/{token}", {"action": "release"})
        assert answer.status_code == 403
        assert row(tenant, message_id).state == MessageState.QUARANTINED

    def test_a_post_releases_the_own_copy_alone_and_once(self, tenant: Tenant) -> None:
        """The other recipients' copies stay held."""
        message_id, token = fresh(tenant, ONE, OTHER)
        visitor = Visitor(host_of(tenant))
        for _ in range(3):
            answer = visitor.post(f"/quarantine/{token}", {"action": "release"})
            assert answer.status_code == 302
        assert states(tenant, message_id) == {
            ONE: DeliveryState.PENDING,
            OTHER: DeliveryState.WITHHELD,
        }
        steps = [event.kind for event in row(tenant, message_id).events.all()]
        assert steps.count("released") == 1
        assert 'value="release"' not in page(tenant, token)

    def test_not_spam_takes_its_locks_in_the_order_of_every_lesson(
        self, tenant: Tenant, settings: object
    ) -> None:
        """Or a lesson from the same mail in the console and this link would wait for each other."""
        settings.SPAM_MODEL = "tests.quarantine.fake_model.FakeModel"  # type: ignore[attr-defined]
        message_id, token = fresh(tenant)
        with CaptureQueriesContext(connection) as queries:
            Visitor(host_of(tenant)).post(f"/quarantine/{token}", {"action": "not-spam"})
        locks = [each["sql"] for each in queries if "FOR UPDATE" in each["sql"]]
        assert "spammodel" in locks[0]
        assert row(tenant, message_id).state == MessageState.RECEIVED
        assert kept.lesson_in_force(tenant, message_id) is not None

    @pytest.mark.parametrize("action", ["release", "not-spam"])
    def test_the_policy_may_forbid_it(self, tenant: Tenant, action: str) -> None:
        """Also for links that were given out before."""
        message_id, token = fresh(tenant)
        policy_services.set_values(tenant, {"user_release": "false"})
        Visitor(host_of(tenant)).post(f"/quarantine/{token}", {"action": action})
        assert row(tenant, message_id).state == MessageState.QUARANTINED
        assert 'value="release"' not in page(tenant, token)

    def test_what_turned_out_harmful_is_not_released_by_it(self, tenant: Tenant) -> None:
        """The link was given out before that was known."""
        message_id, token = fresh(tenant)
        with tenant_scope(tenant):
            StoredMessage.objects.filter(id=message_id).update(restricted=True)
        Visitor(host_of(tenant)).post(f"/quarantine/{token}", {"action": "release"})
        assert row(tenant, message_id).state == MessageState.QUARANTINED

    @pytest.mark.parametrize("action", ["", "delete", "spam", "x" * 999, "\0"])
    def test_it_does_nothing_else(self, tenant: Tenant, action: str) -> None:
        """Whatever is sent to it."""
        message_id, token = fresh(tenant)
        answer = Visitor(host_of(tenant)).post(f"/quarantine/{token}", {"action": action})
        assert answer.status_code == 302
        assert row(tenant, message_id).state == MessageState.QUARANTINED

    def test_the_sender_goes_on_the_own_list_and_off_the_opposite(self, tenant: Tenant) -> None:
        """As often as it is asked for; the last wish counts."""
        message_id, token = fresh(tenant)
        visitor = Visitor(host_of(tenant))
        for action in (LinkAction.ALLOW, LinkAction.BLOCK, LinkAction.BLOCK):
            visitor.post(f"/quarantine/{token}", {"action": action.value})
        with tenant_scope(tenant):
            entries = list(policies.list_entries(tenant, recipient=ONE))
        assert [(each.kind, each.entry) for each in entries] == [("block", "a@example.net")]
        assert row(tenant, message_id).state == MessageState.QUARANTINED

    def test_the_policy_may_forbid_own_lists(self, tenant: Tenant) -> None:
        """Nothing is entered, and nothing is offered."""
        _, token = fresh(tenant)
        policy_services.set_values(tenant, {"user_lists": "false"})
        Visitor(host_of(tenant)).post(f"/quarantine/{token}", {"action": "allow"})
        with tenant_scope(tenant):
            assert not policies.list_entries(tenant, recipient=None)
        assert 'value="allow"' not in page(tenant, token)

    def test_a_token_that_is_none_is_not_found(self, tenant: Tenant, other_tenant: Tenant) -> None:
        """One character changed, another tenant's host, the operator's host, any length."""
        _, token = fresh(tenant)
        changed = ("A" if token[0] != "A" else "B") + token[1:]
        for host, wrong in (
            (host_of(tenant), changed),
            (host_of(other_tenant), token),
            ("ops.localhost", token),
            (host_of(tenant), token + "A"),
            (host_of(tenant), "%00" + token[3:]),
        ):
            assert Visitor(host).get(f"/quarantine/{wrong}").status_code == 404
            assert Visitor(host).post(f"/quarantine/{wrong}").status_code == 404

    def test_its_time_ends_with_the_contents(self, tenant: Tenant) -> None:
        """The page says so and shows nothing of the mail."""
        message_id, token = fresh(tenant)
        with tenant_scope(tenant):
            DigestLink.objects.update(expires_at=timezone.now())
        visitor = Visitor(host_of(tenant))
        for answer in (
            visitor.get(f"/quarantine/{token}"),
            visitor.post(f"/quarantine/{token}", {"action": "release"}),
        ):
            assert answer.status_code == 410
            assert b"hello" not in answer.content
            assert answer["Referrer-Policy"] == "no-referrer"
        assert row(tenant, message_id).state == MessageState.QUARANTINED

    def test_it_opens_no_page_of_the_console(self, tenant: Tenant) -> None:
        """It is a key to one copy, not a session."""
        message_id, token = fresh(tenant)
        visitor = Visitor(host_of(tenant))
        visitor.get(f"/quarantine/{token}")
        assert visitor.get(f"/quarantine/{message_id.hex}/").status_code == 302
        assert visitor.get("/quarantine/").status_code == 302
        assert at_console(tenant).get(f"/quarantine/{token}").status_code == 200


def test_what_was_sent_is_forgotten_with_the_records(tenant: Tenant) -> None:
    """Whom a digest went to is kept as long as the trace."""
    quarantined(tenant)
    digests(tenant)
    for days, left in ((365, 1), (367, 0)):
        later = LATER + timedelta(days=days)
        services.expire(tenant, quarantine_days=14, trace_days=366, now=later)
        with tenant_scope(tenant):
            assert Digest.objects.count() == left


def test_an_identifier_of_no_link_is_none(tenant: Tenant) -> None:
    """Also one that is not ASCII."""
    assert kept.link_of(tenant, "あ" * 43) is None
