"""The pages about hold rules and groups."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import AuditEntry, TenantRole
from mailsec.gateway.outbound.rules import Conditions, Exceptions, HoldRule, RuleAction
from policies import listing, selectors, services
from policies.hold_values import Group
from tenants.models import Tenant
from tenants.scope import public_scope, tenant_scope
from tests.console import Elements, Visitor, at_console, host_of

HOSTILE = '"><script>alert(1)</script>'
PAGES = (
    *("/policies/hold/", "/policies/hold/add/", "/policies/hold/import/", "/policies/hold/test/"),
    *("/policies/hold/export/", "/policies/groups/", "/policies/groups/add/"),
    *("/policies/groups/import/", "/policies/groups/export/"),
)
GROUP = Group("sales@alpha.example.jp", ("user@alpha.example.jp",), "営業")
RULE = {
    "name": "files",
    "action": "hold",
    "enabled": "true",
    "recipients": "Example.com\nsales@example.net",
    "attachment": "yes",
    "recipients_at_least": "2",
    "senders": "",
    "keywords": "社外秘",
    "except_recipients": "",
    "except_senders": "",
    "except_keywords": "",
}


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", Elements(answer.content.decode()).text)


def names(tenant: Tenant) -> list[str]:
    return [row.name for row in listing.all_rules(tenant)]


def add(tenant: Tenant, name: str = "files", **more: Any) -> int:
    return int(services.add_rule(tenant, HoldRule(name, **more)).pk)


def group_number(tenant: Tenant) -> int:
    services.store_groups(tenant, [GROUP])
    return int(listing.all_groups(tenant)[0].pk)


def upload(visitor: Visitor, path: str, text: str, code: str = "utf-8") -> Any:
    return visitor.post(path, {"file": SimpleUploadedFile("x.csv", text.encode(code))})


class TestAccess:
    @pytest.mark.parametrize("role", list(TenantRole))
    def test_every_role_reads_and_those_who_administer_find_buttons(
        self, tenant: Tenant, role: TenantRole
    ) -> None:
        """Nothing on a page runs or loads anything."""
        rule, group = add(tenant, HOSTILE), group_number(tenant)
        visitor = at_console(tenant, role)
        for path in (*PAGES, f"/policies/hold/{rule}/", f"/policies/groups/{group}/"):
            answer = visitor.get(path)
            assert answer.status_code == 200, path
            if "export" not in path:
                assert not Elements(answer.content.decode()).dangers, path
        text = text_of(visitor.get("/policies/hold/"))
        assert HOSTILE in text
        assert ("Add a rule" in text) is (role in {TenantRole.OWNER, TenantRole.ADMIN})

    @pytest.mark.parametrize("role", [TenantRole.HELPDESK, TenantRole.AUDITOR])
    def test_others_change_nothing(self, tenant: Tenant, role: TenantRole) -> None:
        """Whatever they send."""
        rule, group = add(tenant), group_number(tenant)
        visitor = at_console(tenant, role)
        for path, values in (
            ("/policies/hold/add/", RULE | {"name": "other"}),
            (f"/policies/hold/{rule}/", RULE | {"name": "other"}),
            (f"/policies/hold/{rule}/move/", {"step": "up"}),
            (f"/policies/hold/{rule}/remove/", {}),
            ("/policies/hold/import/", {"text": "name,action\nx,hold", "confirm": "yes"}),
            ("/policies/groups/add/", {"address": "x@alpha.example.jp"}),
            (f"/policies/groups/{group}/remove/", {}),
            ("/policies/groups/import/", {"text": "group,member", "confirm": "yes"}),
        ):
            assert visitor.post(path, values).status_code == 403, path
        assert names(tenant) == ["files"]
        assert len(listing.all_groups(tenant)) == 1

    @pytest.mark.parametrize("menu", [1, 2])
    def test_tenants_without_outbound_protection_have_no_such_pages(
        self, tenant: Tenant, menu: int
    ) -> None:
        """Nor a way to them."""
        visitor = at_console(tenant)
        assert "Hold rules" in text_of(visitor.get("/policies/"))
        with public_scope():
            Tenant.objects.filter(pk=tenant.pk).update(menu_number=menu)
        for path in PAGES:
            assert visitor.get(path).status_code == 404, path
        assert visitor.post("/policies/hold/test/", {}).status_code == 404
        assert "Hold rules" not in text_of(visitor.get("/policies/"))

    def test_strangers_are_asked_to_sign_in(self, tenant: Tenant) -> None:
        """On every page."""
        visitor = Visitor(host_of(tenant))
        for path in PAGES:
            assert visitor.get(path).status_code == 302

    def test_reading_changes_nothing(self, tenant: Tenant) -> None:
        """A link that is fetched moves and removes no rule."""
        first, group = add(tenant, "a"), group_number(tenant)
        add(tenant, "b")
        visitor = at_console(tenant)
        for path in (f"/policies/hold/{first}/move/?step=down", f"/policies/hold/{first}/remove/"):
            visitor.get(path)
            visitor.head(path)
        visitor.get(f"/policies/groups/{group}/remove/")
        assert names(tenant) == ["a", "b"]
        assert len(listing.all_groups(tenant)) == 1


class TestRules:
    def test_a_rule_is_entered_as_people_think_of_it(self, tenant: Tenant) -> None:
        """And read back as a sentence."""
        visitor = at_console(tenant)
        assert visitor.post("/policies/hold/add/", RULE).status_code == 302
        assert selectors.hold_rules(tenant) == (
            HoldRule(
                "files",
                when=Conditions(
                    recipients=("example.com", "sales@example.net"),
                    attachment=True,
                    recipients_at_least=2,
                    keywords=("社外秘",),
                ),
            ),
        )
        assert (
            "Mail to example.com or sales@example.net with attachments to at least 2 outside "
            "recipients that says “社外秘” is held."
        ) in text_of(visitor.get("/policies/hold/"))
        with tenant_scope(tenant):
            entry = AuditEntry.objects.get(action="hold_rule.add")
        assert (entry.actor, entry.address) == ("admin@alpha.example.jp", "127.0.0.1")

    @pytest.mark.parametrize(
        ("values", "words"),
        [
            ({"name": ""}, "This field is required."),
            ({"name": "", "recipients": "nobody", "except_keywords": ";"}, "“nobody” is neither"),
            ({"name": "", "recipients": "nobody", "except_keywords": ";"}, "“;” is no keyword"),
            ({"recipients": "example.com\nnobody"}, "“nobody” is neither a mail address"),
            ({"keywords": "a;b"}, "“a;b” is no keyword"),
            ({"recipients_at_least": "1001"}, "1000"),
            ({"name": "there"}, "Another rule has this name."),
            ({"action": "burn"}, "Select a valid choice"),
        ],
    )
    def test_what_cannot_be_taken_is_told_at_its_field(
        self, tenant: Tenant, values: dict[str, str], words: str
    ) -> None:
        """Nothing is stored."""
        add(tenant, "there")
        answer = at_console(tenant).post("/policies/hold/add/", RULE | values)
        assert answer.status_code == 200
        assert words in text_of(answer)
        assert names(tenant) == ["there"]

    def test_a_rule_is_changed_moved_and_removed(self, tenant: Tenant) -> None:
        """With a question before it is gone."""
        first = add(
            tenant, "a", when=Conditions(attachment=False), unless=Exceptions(("x.example.com",))
        )
        second = add(tenant, "b", action=RuleAction.PASS)
        visitor = at_console(tenant)
        page = visitor.get(f"/policies/hold/{first}/").content.decode()
        assert "x.example.com" in page
        assert '<option value="no" selected>' in page
        assert visitor.post(f"/policies/hold/{first}/", RULE).status_code == 302
        assert names(tenant) == ["files", "b"]
        visitor.post(f"/policies/hold/{second}/move/", {"step": "up"})
        assert names(tenant) == ["b", "files"]
        visitor.post(f"/policies/hold/{second}/move/", {"step": "down"})
        assert names(tenant) == ["files", "b"]
        assert "Take this rule out?" in text_of(visitor.get(f"/policies/hold/{second}/remove/"))
        visitor.post(f"/policies/hold/{second}/remove/")
        visitor.post(f"/policies/hold/{second}/remove/")
        visitor.post(f"/policies/hold/{second}/move/", {"step": "up"})
        assert names(tenant) == ["files"]
        assert visitor.get(f"/policies/hold/{second}/").status_code == 404


class TestFiles:
    @pytest.mark.parametrize("code", ["utf-8", "utf-8-sig", "cp932"])
    def test_a_file_says_first_what_it_will_do(self, tenant: Tenant, code: str) -> None:
        """And does it on a second step, all of it."""
        add(tenant, "stays")
        add(tenant, "goes")
        text = "name,action,keywords\n契約,hold,契約;見積\nstays,pass,\n"
        visitor = at_console(tenant)
        answer = upload(visitor, "/policies/hold/import/", text, code)
        assert "New1 Changed1 Removed1 Unchanged0" in text_of(answer)
        assert names(tenant) == ["stays", "goes"]
        hidden = next(
            attributes["value"]
            for tag, attributes in Elements(answer.content.decode()).elements
            if tag == "input" and attributes.get("name") == "text" and attributes.get("value")
        )
        visitor.post("/policies/hold/import/", {"text": hidden, "confirm": "yes"})
        assert names(tenant) == ["契約", "stays"]

    def test_a_file_with_a_wrong_line_changes_nothing(self, tenant: Tenant) -> None:
        """Even where it is confirmed at once."""
        add(tenant, "stays")
        visitor = at_console(tenant)
        text = "name,action,recipients\nx,hold,example.com\ny,hold,nobody\n"
        answer = visitor.post("/policies/hold/import/", {"text": text, "confirm": "yes"})
        assert "Line 3: recipients: “nobody”" in text_of(answer)
        assert names(tenant) == ["stays"]
        assert "There is nothing in the file." in text_of(
            upload(visitor, "/policies/hold/import/", "name,action\n")
        )

    def test_an_exported_file_can_be_imported(self, tenant: Tenant) -> None:
        """It would change nothing."""
        add(tenant, "=1+1", when=Conditions(keywords=("@x",), recipients=("example.com",)))
        visitor = at_console(tenant)
        answer = visitor.get("/policies/hold/export/")
        text = b"".join(answer.streaming_content).decode()
        assert text.startswith("\ufeff")
        assert ",'@x," in text
        assert "Unchanged1" in text_of(upload(visitor, "/policies/hold/import/", text))

    def test_groups_go_in_and_out(self, tenant: Tenant) -> None:
        """Those that the file does not name stay."""
        group_number(tenant)
        visitor = at_console(tenant)
        answer = visitor.get("/policies/groups/export/")
        text = b"".join(answer.streaming_content).decode()
        assert "Unchanged1" in text_of(upload(visitor, "/policies/groups/import/", text))
        more = "group,member,name\nboard@alpha.example.jp,a@alpha.example.jp,役員\n"
        assert "New1" in text_of(upload(visitor, "/policies/groups/import/", more))
        visitor.post("/policies/groups/import/", {"text": more, "confirm": "yes"})
        assert set(selectors.groups(tenant)) == {GROUP.address, "board@alpha.example.jp"}
        wrong = "group,member\nboard@alpha.example.jp,a@example.com\n"
        answer = visitor.post("/policies/groups/import/", {"text": wrong, "confirm": "yes"})
        assert "Line 2:" in text_of(answer)


class TestGroups:
    def test_a_group_is_added_changed_and_removed(self, tenant: Tenant) -> None:
        """Its address stays what it is."""
        visitor = at_console(tenant)
        values = {"address": "Sales@alpha.example.jp", "members": "a@alpha.example.jp"}
        assert visitor.post("/policies/groups/add/", values).status_code == 302
        number = listing.all_groups(tenant)[0].pk
        values = {"address": "x@alpha.example.jp", "members": "b@alpha.example.jp", "name": "営業"}
        visitor.post(f"/policies/groups/{number}/", values)
        assert selectors.groups(tenant) == {GROUP.address: frozenset(("b@alpha.example.jp",))}
        assert "営業" in text_of(visitor.get("/policies/groups/"))
        visitor.post(f"/policies/groups/{number}/remove/")
        visitor.post(f"/policies/groups/{number}/remove/")
        assert selectors.groups(tenant) == {}

    @pytest.mark.parametrize(
        "values",
        [
            {"address": "x@example.com", "members": "a@alpha.example.jp"},
            {"address": "x@alpha.example.jp", "members": "a@example.com"},
            {"address": "x@alpha.example.jp", "members": ""},
        ],
    )
    def test_people_outside_are_refused(self, tenant: Tenant, values: dict[str, str]) -> None:
        """With the address that is wrong."""
        answer = at_console(tenant).post("/policies/groups/add/", values)
        assert answer.status_code == 200
        assert "Nothing was saved." in text_of(answer)
        assert selectors.groups(tenant) == {}


class TestTrial:
    TOLD = {
        "sender": "user@alpha.example.jp",
        "recipients": "a@example.com\nB@alpha.example.jp\nc@example.net",
        "subject": "見積",
        "attachment": "yes",
        "text": "本文",
    }

    def fill(self, tenant: Tenant) -> None:
        services.store_groups(tenant, [GROUP])
        add(tenant, "off", enabled=False)
        add(tenant, "partner", action=RuleAction.PASS, when=Conditions(recipients=("example.net",)))
        add(
            tenant,
            "files of sales",
            when=Conditions(attachment=True, senders=("sales@alpha.example.jp",)),
        )

    @pytest.mark.parametrize("role", list(TenantRole))
    def test_each_recipient_is_told_what_becomes_of_its_copy(
        self, tenant: Tenant, role: TenantRole
    ) -> None:
        """And why the rules above did not meet; every role may ask."""
        self.fill(tenant)
        text = text_of(at_console(tenant, role).post("/policies/hold/test/", self.TOLD))
        assert "a@example.com Is held by the rule “files of sales”" in text
        assert "b@alpha.example.jp Inside goes at once" in text
        assert "c@example.net Goes at once by the rule “partner”" in text
        assert "partner Does not meet The recipient is not among those of the rule." in text
        assert "off Does not meet The rule is switched off." in text

    def test_a_mail_can_be_tried_as_a_file(self, tenant: Tenant) -> None:
        """Its sender and recipients are taken where none were entered."""
        self.fill(tenant)
        raw = (
            b"From: user@alpha.example.jp\r\nTo: a@example.com\r\nCc: d@example.org\r\n"
            b'Content-Type: application/pdf; name="a.pdf"\r\n\r\nx'
        )
        visitor = at_console(tenant)
        file = SimpleUploadedFile("mail.eml", raw)
        text = text_of(visitor.post("/policies/hold/test/", {"mail": file}))
        assert "a@example.com Is held by the rule" in text
        assert "d@example.org Is held by the rule" in text
        file = SimpleUploadedFile("mail.eml", raw)
        values = {"mail": file, "sender": "x@alpha.example.jp", "recipients": "e@example.com"}
        assert "e@example.com Goes at once no rule meets" in text_of(
            visitor.post("/policies/hold/test/", values)
        )

    def test_what_is_never_held_is_told(self, tenant: Tenant) -> None:
        """Answers of programs, and everything while holding is switched off."""
        self.fill(tenant)
        raw = (
            b"From: user@alpha.example.jp\r\nTo: a@example.com\r\n"
            b"Auto-Submitted: auto-replied\r\n"
            b'Content-Type: application/pdf; name="a.pdf"\r\n\r\nx'
        )
        visitor = at_console(tenant)
        file = SimpleUploadedFile("mail.eml", raw)
        text = text_of(visitor.post("/policies/hold/test/", {"mail": file}))
        assert "sent by a program" in text
        assert "a@example.com Goes at once" in text
        assert "switched off, so no mail" not in text
        services.set_values(tenant, {"hold": "false"})
        for path in ("/policies/hold/", "/policies/hold/test/"):
            assert "switched off, so no mail" in text_of(visitor.get(path))

    @pytest.mark.parametrize("raw", [b"\0", b"", b"From: \xff\r\nTo: <script>@x\r\n\r\n"])
    def test_hostile_files_and_nothing_at_all_are_answered(
        self, tenant: Tenant, raw: bytes
    ) -> None:
        """Nothing runs, nothing is raised."""
        self.fill(tenant)
        visitor = at_console(tenant)
        file = SimpleUploadedFile("mail.eml", raw)
        answer = visitor.post("/policies/hold/test/", {"mail": file})
        assert answer.status_code == 200
        assert not Elements(answer.content.decode()).dangers
        assert "Enter this, or choose a file." in text_of(visitor.post("/policies/hold/test/", {}))
