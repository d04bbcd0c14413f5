"""The quarantine's forms: who may send which, what each does, and that it is done once."""

from __future__ import annotations

import pytest

from accounts.models import AuditEntry, TenantRole
from mailsec.gateway.verdict import Finding, Label, Severity
from quarantine import kept
from quarantine.choices import DeliveryState, EventKind, MessageState
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.console import Visitor, at_console, host_of
from tests.quarantine.test_held_views import (
    page_of,
)
from tests.quarantine.test_release import ONE, OTHER, quarantined, row, states


class TestForms:
    def test_one_message_goes_to_the_recipients_that_were_chosen(self, tenant: Tenant) -> None:
        """Whoever sends the form twice releases once."""
        message_id = quarantined(tenant, ONE, OTHER)
        visitor = at_console(tenant)
        path = f"/quarantine/{message_id.hex}/release/"
        for _ in range(2):
            answer = visitor.post(path, {"recipient": ONE}, follow=True)
            assert answer.status_code == 200
        assert "Nothing is sent twice" in answer.content.decode()
        copies = row(tenant, message_id).deliveries.all()
        assert [copy.state for copy in copies] == ["pending", "withheld"]
        with tenant_scope(tenant):
            entry = AuditEntry.objects.get(action="quarantine.released")
        assert entry.actor == "admin@alpha.example.jp"
        assert entry.address == "127.0.0.1"

    def test_several_are_asked_for_once_more_and_told_row_by_row(self, tenant: Tenant) -> None:
        """The first form changes nothing; the second tells of each."""
        ids = [quarantined(tenant) for _ in range(3)]
        chosen = {"action": "delete", "id": [each.hex for each in ids]}
        visitor = at_console(tenant)
        asked = visitor.post("/quarantine/confirm/", chosen).content.decode()
        assert "Delete 3 mails?" in asked
        assert asked.count("hello") == 3
        assert {row(tenant, each).state for each in ids} == {MessageState.QUARANTINED}
        done = visitor.post("/quarantine/act/", chosen).content.decode()
        assert "3 mails done." in done
        again = visitor.post("/quarantine/act/", chosen).content.decode()
        assert "0 mails done." in again
        assert {row(tenant, each).state for each in ids} == {MessageState.CLOSED}

    def test_one_that_fails_stops_no_other(self, tenant: Tenant) -> None:
        """Each has its reason."""
        good, bad = quarantined(tenant), quarantined(tenant, restricted=True)
        chosen = {"action": "release", "id": [good.hex, bad.hex, "0" * 31 + "1"]}
        visitor = at_console(tenant, TenantRole.HELPDESK)
        asked = visitor.post("/quarantine/confirm/", chosen).content.decode()
        assert "Release 1 mail?" in asked
        assert "Left out" in asked
        done = visitor.post("/quarantine/act/", chosen).content.decode()
        assert "1 mail done." in done
        assert "Your role may not do this" in done
        assert "There is no record of this mail" in done
        assert row(tenant, bad).state == MessageState.QUARANTINED

    @pytest.mark.parametrize(
        "data",
        [
            {},
            {"action": "release"},
            {"action": "explode", "id": "0" * 32},
            {"action": "release", "id": ["x", "%00", "0" * 33]},
            {"action": "release", "id": [f"{number:032x}" for number in range(201)]},
        ],
    )
    def test_a_choice_that_is_none_does_nothing(
        self, tenant: Tenant, data: dict[str, object]
    ) -> None:
        """At most 200 at a time."""
        quarantined(tenant)
        visitor = at_console(tenant)
        for path in ("confirm", "act"):
            answer = visitor.post(f"/quarantine/{path}/", data, follow=True)
            assert answer.status_code == 200
            assert 'class="notice error"' in answer.content.decode()

    @pytest.mark.parametrize("role", list(TenantRole))
    def test_every_role_is_held_to_what_it_may(self, tenant: Tenant, role: TenantRole) -> None:
        """By the service, not by hidden buttons."""
        message_id = quarantined(tenant, label=Label.FORBIDDEN, restricted=True)
        visitor = at_console(tenant, role)
        visitor.post("/quarantine/act/", {"action": "release", "id": message_id.hex})
        visitor.post(f"/quarantine/{message_id.hex}/release/", {"recipient": ONE})
        expected = MessageState.RECEIVED if role in {"owner", "admin"} else "quarantined"
        assert row(tenant, message_id).state == expected

    def test_the_most_recipients_that_a_mail_may_have_are_released_together(
        self, tenant: Tenant
    ) -> None:
        """A thousand ticks are one form (product, 15); so are the reasons beside them."""
        many = [f"user{number}@alpha.example.jp" for number in range(1000)]
        message_id = quarantined(tenant, *many)
        wish = {"recipient": many, "files_allowed": "1", "csrfmiddlewaretoken": "x"}
        answer = at_console(tenant).post(f"/quarantine/{message_id.hex}/release/", wish)
        assert answer.status_code == 302
        assert set(states(tenant, message_id).values()) == {DeliveryState.PENDING}

    def test_an_act_that_is_none_is_not_called_a_missing_choice(self, tenant: Tenant) -> None:
        """The mails were chosen."""
        chosen = {"action": "explode", "id": quarantined(tenant).hex}
        answer = at_console(tenant).post("/quarantine/act/", chosen, follow=True)
        assert "This could not be done." in answer.content.decode()

    @pytest.mark.parametrize("role", list(TenantRole))
    def test_forbidden_files_are_let_through_by_a_tick(
        self, tenant: Tenant, role: TenantRole
    ) -> None:
        """Administrators' alone; the trace says that it was set."""
        program = Finding("file-type", "file-type", Severity.FORBIDDEN, None, {"name": "a.exe"})
        message_id = quarantined(tenant, label=Label.SPAM, finding=program)
        visitor, path = at_console(tenant, role), f"/quarantine/{message_id.hex}/"
        able = role in {"owner", "admin"}
        assert ('name="files_allowed"' in page_of(visitor, path)) is able
        visitor.post(f"{path}release/", {"recipient": ONE, "files_allowed": "1"})
        stored = row(tenant, message_id)
        assert (stored.state == MessageState.RECEIVED, stored.files_allowed) == (able, able)
        assert ("Forbidden file types are let through." in page_of(visitor, path)) is able

    @pytest.mark.parametrize(
        "path", ["confirm/", "act/", f"{'0' * 32}/release/", f"{'0' * 32}/learn/"]
    )
    def test_they_take_nothing_but_a_signed_in_post(self, tenant: Tenant, path: str) -> None:
        """GET changes nothing, strangers and other sites are refused."""
        assert at_console(tenant).get(f"/quarantine/{path}").status_code == 405
        assert Visitor(host_of(tenant)).post(f"/quarantine/{path}").status_code == 302
        foreign = Visitor(host_of(tenant), enforce_csrf_checks=True)
        assert foreign.post(f"/quarantine/{path}").status_code == 403
        assert Visitor("ops.localhost").post(f"/quarantine/{path}").status_code == 404

    def test_the_filter_is_taught_and_untaught(self, tenant: Tenant, settings: object) -> None:
        """Where a classifier learns; else the buttons are not there."""
        message_id = quarantined(tenant)
        visitor = at_console(tenant)
        path = f"/quarantine/{message_id.hex}/"
        settings.SPAM_MODEL = ""  # type: ignore[attr-defined]
        assert "This is spam" not in page_of(visitor, path)
        visitor.post(f"{path}learn/", {"lesson": "spam"})
        assert kept.lesson_in_force(tenant, message_id) is None
        settings.SPAM_MODEL = "tests.quarantine.fake_model.FakeModel"  # type: ignore[attr-defined]
        assert "This is spam" in page_of(visitor, path)
        visitor.post(f"{path}learn/", {"lesson": "spam"})
        lesson = kept.lesson_in_force(tenant, message_id)
        assert lesson is not None
        assert lesson.is_spam
        assert "Marked as spam" in page_of(visitor, path)
        visitor.post(f"{path}learn/", {"lesson": "undo"})
        assert kept.lesson_in_force(tenant, message_id) is None
        steps = [event.kind for event in row(tenant, message_id).events.all()]
        assert steps[-2:] == [EventKind.LEARNED, EventKind.UNLEARNED]
