"""The page behind a notice's link: what it shows, what its buttons do, and what no scanner does."""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from accounts.models import AuditEntry
from encryption.models import Protection
from quarantine import services
from quarantine.permissions import SENDER as SENDER_ROLE
from quarantine.permissions import Actor
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.console import OPERATOR_HOST, Elements, Visitor, host_of
from tests.encryption.sent import (
    ARCHIVE,
    COLLEAGUE,
    ONE,
    OTHER,
    PASSWORD,
    SENDER,
    Hold,
    deliver,
    link,
    sent,
    states,
)

CASES = Path(__file__).parents[1] / "journeys" / "cases"
WAITING = {COLLEAGUE: "queued", ONE: "held", OTHER: "held"}


def page_of(answer: Any) -> str:
    assert answer.status_code == 200, answer.status_code
    return str(answer.content.decode())


def text_of(answer: Any) -> str:
    return " ".join(Elements(page_of(answer)).text.split())


def visitor(tenant: Tenant, language: str = "en", **options: Any) -> Visitor:
    return Visitor(host_of(tenant), language, **options)


def press(person: Visitor, path: str, action: str, *recipients: str) -> str:
    """What the page says after a button was pressed; of all where no recipient is named."""
    data: dict[str, Any] = {"action": action, "recipient": list(recipients)}
    if not recipients:
        data["scope"] = "all"
    return text_of(person.post(path, data, follow=True))


class TestWhatItShows:
    def test_everything_that_a_sender_has_to_check(self, tenant: Tenant) -> None:
        """Envelope beside header, what is outside, the reason, the files, the password."""
        path = link(tenant, sent(tenant))
        answer = visitor(tenant).get(path)
        text = text_of(answer)
        for words in (
            "見積書",
            "2 addresses are outside your company.",
            f"{ONE} Outside To Waiting for a decision",
            f"{COLLEAGUE} Inside Cc",
            "A <a@example.com>, b@example.net",
            "It meets the hold rule “to outside”.",
            "Then it is discarded.",
            "The attachments were put into an encrypted ZIP file.",
            "見積.pdf",
            ARCHIVE,
            PASSWORD,
            "No mail of your company was delivered to this address before.",
            "田中",
            SENDER,
        ):
            assert words in text, (words, text)

    def test_who_stands_in_no_header_field_is_marked(self, tenant: Tenant) -> None:
        """A Bcc is the recipient that is overlooked."""
        path = link(tenant, sent(tenant, "hidden@example.org"))
        assert "hidden@example.org Outside not in To or Cc" in text_of(visitor(tenant).get(path))

    def test_an_unreadable_mail_says_so(self, tenant: Tenant) -> None:
        """Issue 4: unparsable mail is held with the reason."""
        path = link(tenant, sent(tenant, hold=Hold((), unreadable=True)))
        assert "could not be read" in text_of(visitor(tenant).get(path))

    def test_a_mail_that_was_only_zipped_has_a_page_too(self, tenant: Tenant) -> None:
        """Nothing waits; the password can be sent."""
        path = link(tenant, sent(tenant, hold=None))
        person = visitor(tenant)
        text = text_of(person.get(path))
        assert "There is nothing left to decide" in text
        assert "Send the password to the recipients" in text

    def test_the_letter_is_shown_in_a_frame_without_rights_and_files_are_saved(
        self, tenant: Tenant
    ) -> None:
        """The bytes that the sender attached, not the archive."""
        path, person = link(tenant, sent(tenant)), visitor(tenant)
        elements = Elements(page_of(person.get(path))).elements
        (frame,) = [attributes for tag, attributes in elements if tag == "iframe"]
        assert (frame["sandbox"], frame["src"]) == ("", f"{path}/html/")
        body = person.get(f"{path}/html/")
        assert "the letter itself" in page_of(body)
        assert body["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
        (address,) = [
            a["href"] for tag, a in elements if tag == "a" and "files" in (a["href"] or "")
        ]
        file = person.get(address)
        assert file.content == b"%PDF the estimate"
        assert file["Content-Disposition"].startswith("attachment")
        assert file["X-Content-Type-Options"] == "nosniff"

    def test_after_delivery_it_tells_what_became_of_each_copy(self, tenant: Tenant) -> None:
        """The content is gone; servers' answers, who decided and the password stay."""
        message_id = sent(tenant)
        path, person = link(tenant, message_id), visitor(tenant)
        press(person, path, "deliver", ONE)
        press(person, path, "discard-now", OTHER)
        deliver(tenant, message_id)
        text = text_of(person.get(path))
        for words in (
            f"{ONE} Outside Delivered",
            "mx.example.com: taken it",
            f"{OTHER} Outside Discarded",
            f"{SENDER} had the mail delivered to {ONE}.",
            f"{SENDER} discarded the mail to {OTHER}.",
            "The content is not kept any more",
            PASSWORD,
        ):
            assert words in text, (words, text)
        assert person.get(f"{path}/html/").status_code == 404
        assert person.get(f"{path}/files/2/").status_code == 404

    @pytest.mark.parametrize("case", ["hold-02.eml", "hold-03.eml"])
    def test_a_hostile_or_broken_mail_is_shown_harmlessly(self, tenant: Tenant, case: str) -> None:
        """Cases hold-02 and hold-03: nothing of it runs, nothing breaks, the bytes leave as is."""
        raw = (CASES / case).read_bytes()
        message_id = sent(
            tenant, raw=raw, locked=False, subject='"><script>window.__xss=1</script>'
        )
        path, person = link(tenant, message_id), visitor(tenant)
        elements = Elements(page_of(person.get(path)))
        assert [tag for tag, _ in elements.dangers] in ([], ["iframe"])
        press(person, path, "deliver")
        assert sorted(deliver(tenant, message_id)) == sorted([COLLEAGUE, ONE, OTHER])


class TestDeciding:
    def test_the_sender_lets_all_go(self, tenant: Tenant) -> None:
        """No account is asked for; the audit log names whose link it was."""
        message_id = sent(tenant)
        path, person = link(tenant, message_id), visitor(tenant)
        assert "Delivery approved for 2 recipients." in press(person, path, "deliver")
        assert states(tenant, message_id)[ONE] == "queued"
        with tenant_scope(tenant):
            assert AuditEntry.objects.get(action="quarantine.approved").actor == SENDER

    def test_a_discard_is_asked_once_more(self, tenant: Tenant) -> None:
        """The question names the recipients and changes nothing; only its button does."""
        message_id = sent(tenant)
        path, person = link(tenant, message_id), visitor(tenant)
        question = press(person, path, "discard", OTHER)
        assert "Discard the mail to 1 recipient?" in question
        assert OTHER in question
        assert ONE not in question
        assert states(tenant, message_id) == WAITING
        assert "Discarded for 1 recipient." in press(person, path, "discard-now", OTHER)
        assert states(tenant, message_id) == WAITING | {OTHER: "discarded"}

    def test_a_double_click_and_a_second_tab_get_an_honest_answer(self, tenant: Tenant) -> None:
        """One release, and the name and time of it."""
        message_id = sent(tenant)
        path, one, other = link(tenant, message_id), visitor(tenant), visitor(tenant)
        press(one, path, "deliver")
        assert deliver(tenant, message_id) == [COLLEAGUE, ONE, OTHER]
        for action in ("deliver", "discard", "discard-now"):
            said = press(other, path, action)
            assert "Nothing was changed: it was already decided" in said
            assert f"{SENDER} had the mail delivered" in said
        assert deliver(tenant, message_id) == []
        with tenant_scope(tenant):
            assert AuditEntry.objects.filter(action__startswith="quarantine.").count() == 1

    @pytest.mark.parametrize(
        "data",
        [
            {},
            {"action": "deliver"},
            {"action": "release", "scope": "all"},
            {"action": "discard-now"},
            {"action": "deliver", "recipient": "nobody@example.com"},
            {"action": "deliver", "scope": "All"},
        ],
    )
    def test_a_form_that_names_nobody_decides_on_nobody(
        self, tenant: Tenant, data: dict[str, str]
    ) -> None:
        """All are meant only where all are named."""
        message_id = sent(tenant)
        visitor(tenant).post(link(tenant, message_id), data)
        assert states(tenant, message_id) == WAITING

    def test_a_member_of_the_mailbox_decides_under_the_own_name(self, tenant: Tenant) -> None:
        """Each notice has a link of its own."""
        message_id = sent(tenant)
        path = link(tenant, message_id, "member@alpha.example.jp")
        press(visitor(tenant), path, "deliver")
        said = press(visitor(tenant), link(tenant, message_id), "deliver")
        assert "member@alpha.example.jp had the mail delivered" in said


class TestPassword:
    def test_it_is_sent_only_after_a_copy_was_let_go(self, tenant: Tenant) -> None:
        """Nobody needs the key of a file that they do not get."""
        message_id = sent(tenant)
        path, person = link(tenant, message_id), visitor(tenant)
        assert "First let the mail go to a recipient." in press(person, path, "notify")
        press(person, path, "deliver", ONE)
        assert "Each recipient is told the password" in press(person, path, "notify")
        assert "This was asked for before." in press(person, path, "notify")
        with tenant_scope(tenant):
            assert Protection.objects.get().notified_by == SENDER

    def test_a_server_that_refuses_archives_is_named(self, tenant: Tenant) -> None:
        """Issue 4, point 4: the sender is told what to do, and nobody the password."""
        message_id = sent(tenant)
        path, person = link(tenant, message_id), visitor(tenant)
        press(person, path, "deliver")
        deliver(tenant, message_id, ONE, OTHER)
        shown = text_of(person.get(path))
        assert "may not take encrypted files" in shown
        assert "nobody is told the password" in shown
        assert "Send the password" not in shown
        assert "nobody is told the password" in press(person, path, "notify")
        with tenant_scope(tenant):
            assert Protection.objects.get().notify_at is None

    def test_what_was_never_held_was_not_approved(self, tenant: Tenant) -> None:
        """The words of a decision are for mail that somebody decided on."""
        free, held = sent(tenant, hold=None), sent(tenant)
        person = visitor(tenant)
        press(person, link(tenant, held), "deliver")
        assert "Approved, being sent" in text_of(person.get(link(tenant, held)))
        shown = text_of(person.get(link(tenant, free)))
        assert "Queued" in shown
        assert "Approved" not in shown

    def test_those_who_have_the_mail_are_still_told(self, tenant: Tenant) -> None:
        """One server's refusal is not the others'."""
        message_id = sent(tenant)
        path, person = link(tenant, message_id), visitor(tenant)
        press(person, path, "deliver")
        deliver(tenant, message_id, ONE)
        assert "may not take encrypted files" in text_of(person.get(path))
        assert "Each recipient is told the password" in press(person, path, "notify")


class TestRobots:
    """Case hold-01: whoever only looks changes nothing."""

    @pytest.mark.parametrize(
        "headers",
        [
            {"user-agent": "Mozilla/5.0 (link scanner)"},
            {"sec-purpose": "prefetch"},
            {"purpose": "prefetch", "x-moz": "prefetch"},
        ],
    )
    def test_rows_1_to_6_every_link_of_the_page_may_be_opened(
        self, tenant: Tenant, headers: dict[str, str]
    ) -> None:
        """GET, HEAD and OPTIONS on the page and on all that it names."""
        message_id = sent(tenant)
        path, robot = link(tenant, message_id), visitor(tenant)
        answer = robot.get(path, headers=headers)
        elements = Elements(page_of(answer)).elements
        named = {path} | {
            address
            for _, attributes in elements
            for name in ("href", "src", "action", "formaction")
            if re.match("/(?!static/)", address := attributes.get(name) or "")
        }
        assert f"{path}/html/" in named
        for address in named:
            for method in ("get", "head", "options"):
                status = getattr(robot, method)(address, headers=headers).status_code
                assert status in (200, 302, 405), (method, address, status)
        assert states(tenant, message_id) == WAITING

    @pytest.mark.parametrize(
        "rest", ["?action=release", "?action=deliver&scope=all", "/release", "/discard", "/act/"]
    )
    def test_row_7_nothing_in_an_address_acts(self, tenant: Tenant, rest: str) -> None:
        """Neither a query nor a guessed path."""
        message_id = sent(tenant)
        assert visitor(tenant).get(link(tenant, message_id) + rest).status_code in (200, 404)
        assert states(tenant, message_id) == WAITING

    def test_rows_8_to_11_only_the_pages_own_form_acts_and_only_once(self, tenant: Tenant) -> None:
        """403 without the token, then one copy on the wire however often it is sent."""
        message_id = sent(tenant)
        path = link(tenant, message_id)
        data = {"action": "deliver", "scope": "all"}
        strict = visitor(tenant, enforce_csrf_checks=True)
        assert strict.post(path, data).status_code == 403
        assert states(tenant, message_id) == WAITING
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page_of(strict.get(path)))
        assert found is not None
        for _ in range(2):
            answer = strict.post(path, data | {"csrfmiddlewaretoken": found[1]}, follow=True)
            assert answer.status_code == 200
        assert deliver(tenant, message_id) == [COLLEAGUE, ONE, OTHER]
        late = data | {"csrfmiddlewaretoken": found[1], "action": "discard-now"}
        assert "already decided" in text_of(strict.post(path, late, follow=True))
        assert set(states(tenant, message_id).values()) == {"delivered"}

    def test_rows_12_and_13_what_opens_nothing_is_one_page(
        self, tenant: Tenant, other_tenant: Tenant
    ) -> None:
        """Expired, foreign, changed, random and malformed tokens: 404 and the same text."""
        message_id = sent(tenant, now=timezone.now() - timedelta(days=90))
        long_ago = timezone.now() - timedelta(days=90)
        expired = "/mail/" + services.give_link(tenant, message_id, SENDER, long_ago)
        assert visitor(tenant).get(expired).status_code == 200  # it waits: somebody must decide
        actor = Actor(SENDER, SENDER_ROLE)
        services.discard_held(tenant, message_id, actor, timezone.now())
        good = link(tenant, sent(tenant))
        changed = good[:-1] + ("A" if good[-1] != "A" else "B")
        foreign = visitor(other_tenant).get(good)
        pages = [foreign] + [
            visitor(tenant).get(path)
            for path in (
                expired,
                changed,
                "/mail/" + secrets.token_urlsafe(32),
                "/mail/short",
                good + "x",
                good + "/",
                "/mail/%00%ff",
                changed + "/html/",
                expired + "/files/2/",
            )
        ]
        assert {page.status_code for page in pages} == {404}
        texts = {Elements(page.content.decode()).text.replace("beta", "alpha") for page in pages}
        assert len(texts) == 1
        assert "This link opens nothing" in texts.pop()
        assert Visitor(OPERATOR_HOST).get(good).status_code == 404

    def test_a_post_to_a_link_that_opens_nothing_does_nothing(
        self, tenant: Tenant, other_tenant: Tenant
    ) -> None:
        """Another tenant's host is as good as no link."""
        message_id = sent(tenant)
        path = link(tenant, message_id)
        data = {"action": "deliver", "scope": "all"}
        assert visitor(other_tenant).post(path, data).status_code == 404
        assert states(tenant, message_id) == WAITING

    @pytest.mark.parametrize("rest", ["", "/html/", "/files/2/"])
    def test_row_16_the_address_stays_with_the_person(self, tenant: Tenant, rest: str) -> None:
        """No cache, no referrer, no index; the page's policy lets nothing foreign in."""
        answer = visitor(tenant).get(link(tenant, sent(tenant)) + rest)
        assert answer["Referrer-Policy"] == "no-referrer"
        assert "no-store" in answer["Cache-Control"]
        assert "noindex" in answer["X-Robots-Tag"]
        assert "default-src 'none'" in answer["Content-Security-Policy"]


def test_the_page_is_whole_in_japanese(tenant: Tenant) -> None:
    """And its times are the tenant's."""
    message_id: UUID = sent(tenant)
    assert visitor(tenant, "ja").get(link(tenant, message_id)).status_code == 200


def test_a_domain_like_one_that_the_company_writes_to_is_named(tenant: Tenant) -> None:
    """Known are the domains and addresses to which earlier mail was delivered."""
    deliver(tenant, sent(tenant, "tanaka@partner-trading.example", hold=None))
    message_id = sent(tenant, "tanaka@partner-tradlng.example", "tanaka@partner-trading.example")
    text = text_of(visitor(tenant).get(link(tenant, message_id)))
    assert "it resembles partner-trading.example" in text
    assert text.count("No mail of your company was delivered to this address before.") == 1
