"""The hold queue and a held mail in the console: who sees what, and what the buttons do."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AuditEntry, TenantRole
from quarantine import hold_listing, services
from quarantine.hold_listing import HoldFilter
from quarantine.permissions import SENDER as SENDER_ROLE
from quarantine.permissions import Actor
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.console import Elements, Visitor, at_console, host_of
from tests.encryption.sent import ARCHIVE, ONE, OTHER, PASSWORD, Hold, link, sent, states


def page_of(answer: Any) -> str:
    assert answer.status_code == 200, answer.status_code
    return str(answer.content.decode())


def text_of(answer: Any) -> str:
    return " ".join(Elements(page_of(answer)).text.split())


def ids_in(page: str) -> list[str]:
    return list(dict.fromkeys(re.findall(r"/held/([0-9a-f]{32})/", page)))


class TestQueue:
    def test_what_is_due_soonest_comes_first_and_what_was_decided_is_apart(
        self, tenant: Tenant
    ) -> None:
        """With who decided."""
        late = sent(tenant, hold=Hold(due=timedelta(hours=9)))
        soon = sent(tenant, hold=Hold(due=timedelta(hours=1)))
        ended = sent(tenant)
        services.discard_held(tenant, ended, Actor("boss@x", TenantRole.ADMIN), timezone.now())
        person = at_console(tenant)
        page = page_of(person.get("/held/"))
        assert ids_in(page) == [soon.hex, late.hex]
        assert "2 copies wait" in page
        decided = page_of(person.get("/held/?state=ended"))
        assert ids_in(decided) == [ended.hex]
        assert "boss@x" in decided

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("text=見積", {"estimate"}),
            ("text=ESTIMATE+alpha", {"estimate"}),
            ("text=ESTIMATE+nowhere", set()),
            ("text=b@example.NET", {"estimate", "minutes"}),
            ("sender=MINUTES", {"minutes"}),
            ("recipient=example.org", {"minutes"}),
            ("rule=customers", {"minutes"}),
            ("rule=%22", set()),
            ("text=%25", set()),
            ("sender=nobody", set()),
            ("", {"estimate", "minutes"}),
        ],
    )
    def test_filters_narrow(self, tenant: Tenant, query: str, expected: set[str]) -> None:
        """By text, sender, recipient and rule, whatever the case of the letters."""
        made = {
            "estimate": sent(tenant, subject="見積書 Estimate"),
            "minutes": sent(
                tenant,
                "x@example.org",
                "b@example.net",
                subject="議事録",
                sender="minutes@alpha.example.jp",
                hold=Hold(("to Customers", "second")),
            ),
        }
        found = ids_in(page_of(at_console(tenant).get(f"/held/?{query}")))
        assert {name for name, message_id in made.items() if message_id.hex in found} == expected

    def test_every_mail_is_on_exactly_one_page_forward_and_back(self, tenant: Tenant) -> None:
        """Also where many are due in the same second."""
        now = timezone.now()
        made = [sent(tenant, locked=False, now=now).hex for _ in range(7)]
        pages, after = [], None
        while True:
            page = hold_listing.hold_list(tenant, HoldFilter(), after=after, size=3)
            pages.append([line.message.queue_id for line in page.lines])
            if page.next is None:
                break
            after = page.next
        assert pages == [made[:3], made[3:6], made[6:]]
        back = hold_listing.hold_list(tenant, HoldFilter(), before=page.previous, size=3)
        assert [line.message.queue_id for line in back.lines] == made[3:6]
        assert back.previous is not None

    def test_a_page_asks_the_same_number_of_questions_whatever_it_shows(
        self, tenant: Tenant
    ) -> None:
        """A mail with many recipients is no slower than one with one."""
        person = at_console(tenant)
        counts = []
        for _ in range(2):
            sent(tenant, *(f"user{number}@example.com" for number in range(30)), locked=False)
            with CaptureQueriesContext(connection) as queries:
                person.get("/held/")
            counts.append(len(queries))
        assert counts[0] == counts[1]

    def test_another_tenants_queue_is_empty(self, tenant: Tenant, other_tenant: Tenant) -> None:
        """And its pages are not there."""
        message_id = sent(tenant)
        person = at_console(other_tenant)
        assert ids_in(page_of(person.get("/held/"))) == []
        assert person.get(f"/held/{message_id.hex}/").status_code == 404
        assert person.post(f"/held/{message_id.hex}/act/", {"action": "deliver"}).status_code == 404
        assert hold_listing.waiting_count(other_tenant) == 0
        assert hold_listing.holds_among(other_tenant, [message_id]) == []

    def test_the_navigation_leads_there_where_outbound_mail_is_bought(self, tenant: Tenant) -> None:
        """Menus 3 to 6."""
        assert 'href="/held/"' in page_of(at_console(tenant).get("/held/"))


class TestBulk:
    def test_it_is_asked_once_more_then_done_once(self, tenant: Tenant) -> None:
        """What was decided meanwhile is left out, and said."""
        first, second = sent(tenant), sent(tenant)
        person = at_console(tenant, TenantRole.HELPDESK)
        data = {"id": [first.hex, second.hex], "action": "discard"}
        assert "Discard 2 mails?" in text_of(person.post("/held/confirm/", data))
        assert states(tenant, first)[ONE] == "held"
        services.deliver_held(tenant, first, Actor("x", SENDER_ROLE), timezone.now())
        question = text_of(person.post("/held/confirm/", data))
        assert "Discard 1 mail?" in question
        assert "Left out: already decided" in question
        result = text_of(person.post("/held/act/", data))
        assert "1 mail done." in result
        assert "It was already decided: x." in result
        assert states(tenant, first)[ONE] == "queued"
        assert states(tenant, second)[ONE] == "discarded"
        with tenant_scope(tenant):
            entry = AuditEntry.objects.get(action="quarantine.discarded")
        assert entry.actor == "helpdesk@alpha.example.jp"

    @pytest.mark.parametrize("path", ["/held/confirm/", "/held/act/"])
    def test_nothing_chosen_is_told(self, tenant: Tenant, path: str) -> None:
        """Back at the list."""
        answer = at_console(tenant).post(path, {"action": "deliver"}, follow=True)
        assert "Choose at least one mail first." in text_of(answer)


class TestMail:
    def test_administrators_and_help_desk_decide_in_the_senders_place(self, tenant: Tenant) -> None:
        """The sender's page then says who it was; the password is the sender's alone."""
        message_id = sent(tenant)
        person = at_console(tenant, TenantRole.HELPDESK)
        path = f"/held/{message_id.hex}/"
        text = text_of(person.get(path))
        assert ARCHIVE in text
        assert PASSWORD not in text
        assert "the letter itself" in page_of(person.get(f"{path}html/"))
        assert person.get(f"{path}files/2/").content == b"%PDF the estimate"
        data = {"action": "deliver", "recipient": ONE}
        assert "Delivery approved for 1 recipient." in text_of(
            person.post(f"{path}act/", data, follow=True)
        )
        asked = text_of(person.post(f"{path}act/", {"action": "discard", "recipient": OTHER}))
        assert "Discard the mail to 1 recipient?" in asked
        person.post(f"{path}act/", {"action": "discard-now", "recipient": OTHER})
        assert states(tenant, message_id)[OTHER] == "discarded"
        shown = text_of(Visitor(host_of(tenant)).get(link(tenant, message_id)))
        assert f"helpdesk@alpha.example.jp had the mail delivered to {ONE}." in shown

    def test_an_auditor_sees_the_facts_and_neither_bodies_nor_buttons(self, tenant: Tenant) -> None:
        """Everything but what people wrote, and changes nothing."""
        message_id = sent(tenant)
        person = at_console(tenant, TenantRole.AUDITOR)
        assert ids_in(page_of(person.get("/held/"))) == [message_id.hex]
        path = f"/held/{message_id.hex}/"
        page = page_of(person.get(path))
        assert ONE in page
        assert "iframe" not in page
        assert "見積.pdf" in page  # a name is a fact
        assert f'action="{path}act/"' not in page
        data = {"action": "deliver", "scope": "all", "id": message_id.hex}
        for address in (f"{path}act/", "/held/confirm/", "/held/act/"):
            assert person.post(address, data).status_code == 403
        for address in (f"{path}html/", f"{path}files/2/"):
            assert person.get(address).status_code == 403
        assert states(tenant, message_id)[ONE] == "held"

    def test_nothing_is_shown_without_a_sign_in(self, tenant: Tenant) -> None:
        """Every page leads to it."""
        message_id = sent(tenant)
        for path in ("/held/", f"/held/{message_id.hex}/", f"/held/{message_id.hex}/html/"):
            assert Visitor(host_of(tenant)).get(path).status_code == 302

    def test_mail_that_was_never_held_has_no_page_here(self, tenant: Tenant) -> None:
        """Its page is the message's own."""
        message_id = sent(tenant, hold=None)
        assert at_console(tenant).get(f"/held/{message_id.hex}/").status_code == 404

    def test_the_message_pages_know_the_new_states(self, tenant: Tenant) -> None:
        """List and trace of held, released and discarded mail."""
        message_id = sent(tenant)
        person = at_console(tenant)
        path = f"/messages/{message_id.hex}/"
        assert "Waiting for the sender" in text_of(person.get(path))
        services.discard_held(tenant, message_id, Actor("x@y", SENDER_ROLE), timezone.now())
        text = text_of(person.get(path))
        assert "2 copies to outside wait for the sender." in text
        assert f"x@y discarded the mail to {ONE}, {OTHER}." in text
        assert person.get("/messages/?state=held").status_code == 200

    def test_the_message_page_says_what_was_done_to_mail_that_left(self, tenant: Tenant) -> None:
        """Not that nothing was changed; and not of copies that never left."""
        person, words = at_console(tenant), "The attachments were put into an encrypted ZIP file."
        message_id = sent(tenant, hold=None)
        assert words in text_of(person.get(f"/messages/{message_id.hex}/"))
        discarded = sent(tenant)
        actor = Actor("x@y", SENDER_ROLE)
        services.discard_held(tenant, discarded, actor, timezone.now())
        assert words not in text_of(person.get(f"/messages/{discarded.hex}/"))
