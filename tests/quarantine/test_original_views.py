"""Originals in the console: who may send them, what the forms do, and what the pages tell."""

from __future__ import annotations

from uuid import UUID

import pytest

from accounts.models import TenantRole
from mailsec.gateway.verdict import Disposition, Finding, Severity
from quarantine import kept, services
from quarantine.choices import MessageState
from tenants.models import Tenant
from tests.console import Elements, Visitor, at_console, host_of
from tests.quarantine.making import NOW, arrive, outcome, ready, stripped
from tests.quarantine.test_held_views import ids_in, page_of
from tests.quarantine.test_originals import looked_at
from tests.quarantine.test_release import ADMIN, ONE, OTHER, deliver, quarantined, row

PROGRAM = Finding("file-type", "file-type", Severity.FORBIDDEN, 2, {"name": "<b>setup.exe"})


def without_program(tenant: Tenant) -> UUID:
    """Delivered without its program."""
    message_id = arrive(tenant)
    removing = outcome(
        Disposition.DELIVER, PROGRAM, outgoing=b"x", keep_original=True, remove={2: PROGRAM}
    )
    services.record_outcome(tenant, message_id, removing, NOW)
    deliver(tenant, message_id)
    return message_id


def path_of(message_id: UUID) -> str:
    return f"/quarantine/{message_id.hex}/"


class TestForm:
    def test_it_offers_whom_the_whole_mail_was_not_sent_to(self, tenant: Tenant) -> None:
        """Ticked; sent to one, it offers the other, and twice it sends nothing."""
        message_id = stripped(tenant, ONE, OTHER)
        visitor, path = at_console(tenant), path_of(message_id)
        assert page_of(visitor, path).count('name="recipient"') == 2
        wish = {"recipient": ONE, "why": "a <b>false alarm"}
        answer = visitor.post(f"{path}original/", wish, follow=True).content.decode()
        assert "The original goes to 1 recipient" in answer
        assert answer.count('name="recipient"') == 1
        assert "Nothing is sent twice" in (
            visitor.post(f"{path}original/", wish, follow=True).content.decode()
        )
        (made,) = kept.originals_of(tenant, message_id)
        assert [copy.recipient for copy in made.deliveries.all()] == [ONE]
        assert not made.files_allowed

    def test_forbidden_types_are_let_through_only_by_a_tick(self, tenant: Tenant) -> None:
        """It names the file; where no such file was found there is nothing to tick."""
        message_id = without_program(tenant)
        visitor, path = at_console(tenant), path_of(message_id)
        page = page_of(visitor, path)
        assert 'name="files_allowed"' in page
        assert "&lt;b&gt;setup.exe" in page
        assert 'name="files_allowed"' not in page_of(visitor, path_of(stripped(tenant)))
        visitor.post(f"{path}original/", {"recipient": ONE, "files_allowed": "1"})
        assert kept.originals_of(tenant, message_id)[0].files_allowed

    @pytest.mark.parametrize(
        "data", [{}, {"recipient": "nobody@example.com"}, {"recipient": ONE, "why": "x" * 501}]
    )
    def test_what_is_no_wish_sends_nothing(self, tenant: Tenant, data: dict[str, str]) -> None:
        """The page says so."""
        message_id = stripped(tenant)
        path = path_of(message_id)
        page = at_console(tenant).post(f"{path}original/", data, follow=True).content.decode()
        assert 'class="notice' in page
        assert kept.originals_of(tenant, message_id) == []

    @pytest.mark.parametrize("role", list(TenantRole))
    def test_every_role_is_held_to_what_it_may(self, tenant: Tenant, role: TenantRole) -> None:
        """By the service, not by hidden buttons; one by one and together."""
        one, other = stripped(tenant), stripped(tenant)
        visitor, path = at_console(tenant, role), path_of(one)
        able = role in {TenantRole.OWNER, TenantRole.ADMIN}
        assert ("original/" in page_of(visitor, path)) is able
        assert ('value="original"' in page_of(visitor, "/quarantine/?kept=removed")) is able
        visitor.post(f"{path}original/", {"recipient": ONE})
        visitor.post("/quarantine/act/", {"action": "original", "id": other.hex})
        for message_id in (one, other):
            assert bool(kept.originals_of(tenant, message_id)) is able

    def test_it_takes_nothing_but_a_signed_in_post(self, tenant: Tenant) -> None:
        """GET changes nothing, strangers and other sites are refused."""
        path = f"{path_of(stripped(tenant))}original/"
        assert at_console(tenant).get(path).status_code == 405
        assert Visitor(host_of(tenant)).post(path).status_code == 302
        foreign = Visitor(host_of(tenant), enforce_csrf_checks=True)
        assert foreign.post(path).status_code == 403

    def test_another_tenants_mail_is_not_there(self, tenant: Tenant, other_tenant: Tenant) -> None:
        """Neither by its page nor together with others."""
        theirs = stripped(other_tenant, "x@beta.example.jp")
        visitor = at_console(tenant)
        visitor.post(f"{path_of(theirs)}original/", {"recipient": "x@beta.example.jp"})
        visitor.post("/quarantine/act/", {"action": "original", "id": theirs.hex})
        assert kept.originals_of(other_tenant, theirs) == []


class TestTogether:
    def test_several_are_asked_for_once_more_and_sent(self, tenant: Tenant) -> None:
        """With the wish that the confirmation takes; held mail beside them is left as it is."""
        ids, held = [stripped(tenant), without_program(tenant)], quarantined(tenant)
        visitor = at_console(tenant)
        chosen = {"action": "original", "id": [each.hex for each in (*ids, held)]}
        asked = visitor.post("/quarantine/confirm/", chosen).content.decode()
        assert "Send the originals of 3 mails?" in asked
        assert 'name="files_allowed"' in asked
        assert "for the audit log" in asked
        done = visitor.post("/quarantine/act/", {**chosen, "files_allowed": "1"}).content.decode()
        assert "2 mails done." in done
        for message_id in ids:
            assert kept.originals_of(tenant, message_id)[0].files_allowed
        assert row(tenant, held).state == MessageState.QUARANTINED

    def test_other_acts_ask_for_no_wish(self, tenant: Tenant) -> None:
        """Nor does an overlong reason pass."""
        message_id = quarantined(tenant)
        visitor = at_console(tenant)
        chosen = {"action": "delete", "id": message_id.hex}
        asked = visitor.post("/quarantine/confirm/", chosen).content.decode()
        assert 'name="why"' not in asked
        cut = stripped(tenant)
        wrong = {"action": "original", "id": cut.hex, "why": "x" * 501}
        answer = visitor.post("/quarantine/act/", wrong, follow=True).content.decode()
        assert 'class="notice error"' in answer
        assert kept.originals_of(tenant, cut) == []


class TestPages:
    def test_the_trace_shows_the_second_delivery_beside_the_first(self, tenant: Tenant) -> None:
        """Each links to the other; the first copy is still the one that was delivered."""
        message_id = stripped(tenant)
        wish = services.OriginalRelease(files_allowed=True, why="false alarm")
        services.release_original(tenant, message_id, ADMIN, NOW, wish)
        made = kept.originals_of(tenant, message_id)[0].id
        visitor = at_console(tenant)
        first = page_of(visitor, f"/messages/{message_id.hex}/")
        assert "Being released" in first
        services.record_outcome(tenant, made, looked_at(), NOW)
        deliver(tenant, made)
        for path in (f"/messages/{message_id.hex}/", path_of(message_id)):
            page = page_of(visitor, path)
            text = Elements(page).text
            assert f"/messages/{made.hex}/" in page
            for words in (
                "Second delivery: the original",
                f"{ADMIN.name} had the original sent to 1 recipient ({ONE})",
                "Forbidden file types are let through.",
                "Reason: false alarm",
            ):
                assert words in text
            assert text.count("Delivered") >= 2
        second = page_of(visitor, f"/messages/{made.hex}/")
        assert f"/messages/{message_id.hex}/" in second
        assert "the original of a mail that was delivered without a part of it" in second

    def test_a_refusal_is_stated_with_its_reason(self, tenant: Tenant) -> None:
        """On both messages' pages, and it can be asked for again."""
        message_id = stripped(tenant)
        services.release_original(tenant, message_id, ADMIN, NOW, services.OriginalRelease())
        made = kept.originals_of(tenant, message_id)[0].id
        services.record_outcome(tenant, made, looked_at(Disposition.QUARANTINE), NOW)
        visitor = at_console(tenant)
        for path in (f"/messages/{message_id.hex}/", f"/messages/{made.hex}/", path_of(message_id)):
            text = Elements(page_of(visitor, path)).text
            assert "The original was examined again and not sent." in text
            assert "A virus (Test) was found in “a.exe”." in text
        page = page_of(visitor, path_of(message_id))
        assert "Not released" in page
        assert 'name="recipient"' in page

    def test_the_list_tells_which_originals_were_sent(self, tenant: Tenant) -> None:
        """Refused ones are none; the messages that carry them are not on the list."""
        fine, refused, plain = stripped(tenant), stripped(tenant), stripped(tenant)
        for message_id, disposition in (
            (fine, Disposition.DELIVER),
            (refused, Disposition.QUARANTINE),
        ):
            services.release_original(tenant, message_id, ADMIN, NOW, services.OriginalRelease())
            made = kept.originals_of(tenant, message_id)[0].id
            services.record_outcome(tenant, made, looked_at(disposition), NOW)
        visitor = at_console(tenant)
        page = page_of(visitor, "/quarantine/?kept=removed")
        assert ids_in(page) == [plain.hex, refused.hex, fine.hex]
        text = Elements(page).text
        assert text.count("Original released") == 1
        assert ready(tenant).hex not in page_of(visitor, "/quarantine/?kept=all")
