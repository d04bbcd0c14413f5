"""The pages of the allow and block lists."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.models import AuditEntry, TenantRole
from policies import listing, services
from policies.entries import NewEntry
from policies.listing import EntryFilter
from policies.models import ListEntry
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.console import Elements, Visitor, at_console, host_of
from tests.quarantine.test_policy_preview import stored

PATHS = ("/lists/", "/lists/add/", "/lists/import/", "/lists/export/")


def entries(tenant: Tenant) -> list[tuple[str, str, str]]:
    rows = listing.entries_in_force(tenant)
    return [(row.kind, row.entry, row.recipient) for row in rows]


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", Elements(answer.content.decode()).text)


def add(visitor: Visitor, path: str = "/lists/add/", **values: str) -> Any:
    return visitor.post(path, {"kind": "block", "entry": "example.com"} | values)


def upload(visitor: Visitor, data: bytes) -> Any:
    return visitor.post("/lists/import/", {"file": SimpleUploadedFile("lists.csv", data)})


def text_on(answer: Any) -> str:
    """The file's text as the page carries it to the second step."""
    hidden = [
        attributes.get("value") or ""
        for tag, attributes in Elements(answer.content.decode()).elements
        if tag == "input" and attributes.get("name") == "text"
    ]
    assert len(hidden) == 1
    return hidden[0]


def fill(tenant: Tenant) -> None:
    """As many entries as the lists hold."""
    new = [NewEntry("block", f"d{number}.example.com") for number in range(services.MOST_ENTRIES)]
    services.import_entries(tenant, new, author="shell")


class TestTable:
    @pytest.mark.parametrize("role", list(TenantRole))
    def test_every_role_reads_it(self, tenant: Tenant, role: TenantRole) -> None:
        """Who administers finds the buttons there."""
        services.add_entry(tenant, "block", "example.com", note="広告", author="x@alpha.example.jp")
        answer = at_console(tenant, role).get("/lists/")
        text = text_of(answer)
        for words in ("example.com", "Whole company", "広告", "x@alpha.example.jp"):
            assert words in text
        changes = role in {TenantRole.OWNER, TenantRole.ADMIN}
        assert ("Remove" in text) is changes
        assert ("Add an entry" in text) is changes
        assert not Elements(answer.content.decode()).dangers

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("", {"a.example.com", "b.example.com", "192.0.2.0/24"}),
            ("kind=allow", {"b.example.com"}),
            ("scope=users", {"b.example.com"}),
            ("scope=company", {"a.example.com", "192.0.2.0/24"}),
            ("text=192.0", {"192.0.2.0/24"}),
            ("text=user%40alpha", {"b.example.com"}),
            ("text=広告", {"a.example.com"}),
            ("text=example+広告", {"a.example.com"}),
            ("text=nowhere", set()),
        ],
    )
    def test_filters_narrow(self, tenant: Tenant, query: str, expected: set[str]) -> None:
        """Each by itself, and together."""
        services.add_entry(tenant, "block", "a.example.com", note="広告")
        services.add_entry(tenant, "allow", "b.example.com", recipient="user@alpha.example.jp")
        services.add_entry(tenant, "block", "192.0.2.0/24")
        text = text_of(at_console(tenant).get(f"/lists/?{query}"))
        shown = {
            name for name in ("a.example.com", "b.example.com", "192.0.2.0/24") if name in text
        }
        assert shown == expected

    def test_pages_hold_every_entry_once_and_keep_the_filters(self, tenant: Tenant) -> None:
        """A wrong number leads to the nearest page."""
        for number in range(105):
            services.add_entry(tenant, "block", f"d{number:03}.example.com")
        visitor = at_console(tenant)
        pages = [
            visitor.get(f"/lists/?kind=block&page={n}").content.decode() for n in (1, 2, 99, "x")
        ]
        found = [re.findall(r"<bdi>(d\d{3})\.example\.com", page) for page in pages]
        assert len(found[0]) == 100
        assert len(set(found[0] + found[1])) == 105
        assert (found[2], found[3]) == (found[1], found[0])
        assert "?kind=block&amp;page=2" in pages[0]

    def test_the_last_day_is_shown_and_ended_entries_are_marked(self, tenant: Tenant) -> None:
        """They are kept for a while, since people wonder where they went."""
        row = services.add_entry(
            tenant, "block", "example.com", expires_at=timezone.now() + timedelta(days=1)
        )
        visitor = at_console(tenant)
        assert "Ended" not in text_of(visitor.get("/lists/"))
        with tenant_scope(tenant):
            ListEntry.objects.filter(pk=row.pk).update(expires_at=timezone.now())
        assert "Ended" in text_of(visitor.get("/lists/"))

    def test_bad_conditions_are_named_and_nothing_is_listed(self, tenant: Tenant) -> None:
        """As if it matched."""
        services.add_entry(tenant, "block", "example.com")
        visitor = at_console(tenant)
        for query in ("kind=deny", "scope=x", "text=a%00b", "text=" + "x" * 201):
            text = text_of(visitor.get(f"/lists/?{query}"))
            assert "Please check the search conditions." in text
            assert "example.com" not in text

    def test_another_tenants_entries_are_neither_listed_nor_removed(
        self, tenant: Tenant, other_tenant: Tenant
    ) -> None:
        """Not even by their number."""
        row = services.add_entry(other_tenant, "block", "example.com")
        visitor = at_console(tenant)
        assert "There are no entries yet." in text_of(visitor.get("/lists/"))
        assert visitor.get(f"/lists/{row.pk}/remove/").status_code == 404
        visitor.post(f"/lists/{row.pk}/remove/")
        assert entries(other_tenant) == [("block", "example.com", "")]
        assert "example.com" not in b"".join(visitor.get("/lists/export/")).decode()


class TestAdd:
    def test_an_entry_is_stored_with_its_author_and_last_day(self, tenant: Tenant) -> None:
        """In its canonical form, until midnight of the tenant's calendar."""
        day = timezone.localdate() + timedelta(days=3)
        answer = add(
            at_console(tenant),
            kind="allow",
            entry="@EXAMPLE.com",
            recipient="User@alpha.example.jp",
            last_day=day.isoformat(),
            note="取引先",
        )
        assert answer["location"] == "/lists/"
        (row,) = listing.entries_in_force(tenant)
        assert (row.kind, row.entry, row.recipient) == (
            "allow",
            "example.com",
            "user@alpha.example.jp",
        )
        assert (row.author, row.note) == ("admin@alpha.example.jp", "取引先")
        assert row.expires_at is not None
        assert row.expires_at.astimezone(tenant.zone).date() == day + timedelta(days=1)
        with tenant_scope(tenant):
            assert AuditEntry.objects.get(action="list.add").actor == "admin@alpha.example.jp"

    @pytest.mark.parametrize(
        ("key", "text", "words"),
        [
            ("kind", "deny", "deny"),
            ("entry", "", "required"),
            ("entry", "no domain", "a network such as"),
            ("entry", "192.0.2.0/33", "a network such as"),
            ("entry", "a\x07b@example.com", "a network such as"),
            ("recipient", "user@beta.example.jp", "one of your mail domains"),
            ("recipient", "nobody", "one of your mail domains"),
            ("last_day", "2020-01-01", "over"),
            ("last_day", "soon", "valid date"),
            ("note", "x" * 201, "200"),
            ("note", "a\x07b", "one line"),
        ],
    )
    def test_a_bad_value_is_named_at_its_field(
        self, tenant: Tenant, key: str, text: str, words: str
    ) -> None:
        """And nothing is stored."""
        visitor = at_console(tenant)
        for path in ("/lists/add/", "/lists/add/preview/"):
            page = add(visitor, path, **{key: text}).content.decode()
            error = re.search(rf'id="id_{key}_error">([^<]*)<', page)
            assert error is not None
            assert words in error[1]
        assert entries(tenant) == []

    def test_a_full_list_says_so(self, tenant: Tenant) -> None:
        """Rather than failing."""
        fill(tenant)
        answer = add(at_console(tenant))
        assert "The lists cannot hold more than 20000 entries." in text_of(answer)
        assert len(entries(tenant)) == 20_000

    def test_the_preview_shows_the_mail_that_it_would_have_caught(self, tenant: Tenant) -> None:
        """And stores nothing."""
        message_id = stored(tenant, score=1.0, now=timezone.now(), subject="広告")
        answer = add(at_console(tenant), "/lists/add/preview/", entry="example.net")
        text = text_of(answer)
        assert "1 of 1 inbound mails would have been handled otherwise." in text
        assert "Delivered as usual → Kept in quarantine 1" in text
        assert message_id.hex in answer.content.decode()
        assert entries(tenant) == []

    def test_the_preview_of_a_users_own_entry_is_of_their_mail(self, tenant: Tenant) -> None:
        """The mail was for b@alpha.example.jp."""
        stored(tenant, score=1.0, now=timezone.now())
        visitor = at_console(tenant)
        for recipient, changed in (("a@alpha.example.jp", False), ("b@alpha.example.jp", True)):
            answer = add(visitor, "/lists/add/preview/", entry="example.net", recipient=recipient)
            assert ("1 of 1 inbound" in text_of(answer)) is changed


class TestRemove:
    def test_it_asks_once_more_and_then_removes(self, tenant: Tenant) -> None:
        """Opening the page changes nothing; a second time it says that it was gone."""
        row = services.add_entry(tenant, "block", "example.com")
        visitor = at_console(tenant)
        path = f"/lists/{row.pk}/remove/"
        assert "Take this entry off the list?" in text_of(visitor.get(path))
        assert entries(tenant) == [("block", "example.com", "")]
        assert visitor.post(path)["location"] == "/lists/"
        assert entries(tenant) == []
        assert "The entry was removed." in text_of(visitor.get("/lists/"))
        visitor.post(path)
        assert "not on the list any more" in text_of(visitor.get("/lists/"))


class TestFile:
    def test_a_file_is_checked_first_and_taken_on_the_second_step(self, tenant: Tenant) -> None:
        """The page says what it will do; then all of it is done, and the audit log tells."""
        services.add_entry(tenant, "block", "a.example.com", note="old")
        services.add_entry(tenant, "block", "b.example.com")
        visitor = at_console(tenant)
        data = (
            "kind,entry,note\r\nblock,a.example.com,新しい\r\nblock,b.example.com,\r\n"
            "allow,c.example.com,\r\n"
        ).encode("cp932")
        checked = upload(visitor, data)
        text = text_of(checked)
        assert re.search(r"New entries ?1", text)
        assert re.search(r"than now ?1", text)
        assert re.search(r"as they are ?1", text)
        assert len(entries(tenant)) == 2
        done = visitor.post("/lists/import/", {"text": text_on(checked), "confirm": "yes"})
        assert done["location"] == "/lists/"
        assert entries(tenant) == [
            ("block", "a.example.com", ""),
            ("block", "b.example.com", ""),
            ("allow", "c.example.com", ""),
        ]
        assert listing.entries_in_force(tenant)[0].note == "新しい"
        with tenant_scope(tenant):
            entry = AuditEntry.objects.get(action="list.import")
        assert entry.after == {"added": 1, "replaced": 1}
        assert entry.address == "127.0.0.1"

    def test_every_wrong_line_is_named_and_nothing_is_taken(self, tenant: Tenant) -> None:
        """Neither on the first step nor on the second."""
        file = "kind,entry\r\nblock,example.com\r\ndeny,example.org\r\nblock,no domain\r\n"
        visitor = at_console(tenant)
        answer = upload(visitor, file.encode())
        text = text_of(answer)
        assert "Line 3:" in text
        assert "Line 4:" in text
        visitor.post("/lists/import/", {"text": file, "confirm": "yes"})
        assert entries(tenant) == []

    @pytest.mark.parametrize(
        ("data", "words"),
        [
            (b"\x81\x20", "neither in UTF-8"),
            (b"kind,entry\r\nblock,a\0b@example.com\r\n", "neither in UTF-8"),
            (b"x" * (2 * 1024 * 1024 + 1), "larger than 2 MB"),
            # It would not come back from the page that asks: forms are limited too.
            ("あ".encode("cp932") * (1024 * 1024 - 1), "larger than 2 MB"),
            (b"", "empty"),
            (b"kind,entry\r\n", "There is no entry in the file."),
            (b"x", "must name the columns"),
        ],
    )
    def test_a_file_that_is_none_is_refused(self, tenant: Tenant, data: bytes, words: str) -> None:
        """In words."""
        assert words in text_of(upload(at_console(tenant), data))

    def test_no_file_at_all_is_named(self, tenant: Tenant) -> None:
        """The button alone does nothing."""
        assert "Choose a file." in text_of(at_console(tenant).post("/lists/import/"))

    def test_an_exported_file_can_be_imported_as_it_is(self, tenant: Tenant) -> None:
        """Nothing changes by it."""
        services.add_entry(tenant, "block", "example.com", note="=1+1, 広告")
        services.add_entry(tenant, "allow", "192.0.2.0/24", recipient="user@alpha.example.jp")
        services.add_entry(
            tenant, "block", "example.org", expires_at=timezone.now() + timedelta(days=1)
        )
        with tenant_scope(tenant):
            ListEntry.objects.filter(entry="example.org").update(
                expires_at=timezone.now() - timedelta(days=2)
            )
        visitor = at_console(tenant)
        answer = visitor.get("/lists/export/")
        assert answer["content-type"] == "text/csv; charset=utf-8"
        assert "attachment" in answer["content-disposition"]
        data = b"".join(answer.streaming_content)
        assert data.startswith(b"\xef\xbb\xbf")
        assert re.search(r"as they are ?2", text_of(upload(visitor, data)))

    def test_a_file_beyond_the_limit_is_refused_as_a_whole(self, tenant: Tenant) -> None:
        """Together with what is there."""
        fill(tenant)
        file = "kind,entry\r\nblock,example.com\r\n"
        answer = at_console(tenant).post("/lists/import/", {"text": file, "confirm": "yes"})
        assert "The lists cannot hold more than 20000 entries." in text_of(answer)
        assert len(entries(tenant)) == 20_000


class TestRoles:
    @pytest.mark.parametrize("path", PATHS)
    def test_strangers_are_led_to_sign_in(self, tenant: Tenant, path: str) -> None:
        """Every page."""
        assert Visitor(host_of(tenant)).get(path).status_code == 302

    @pytest.mark.parametrize("role", [TenantRole.HELPDESK, TenantRole.AUDITOR])
    def test_who_does_not_administer_changes_nothing(
        self, tenant: Tenant, role: TenantRole
    ) -> None:
        """By none of the forms."""
        row = services.add_entry(tenant, "block", "example.org")
        visitor = at_console(tenant, role)
        assert add(visitor).status_code == 403
        assert add(visitor, "/lists/add/preview/").status_code == 403
        assert visitor.post(f"/lists/{row.pk}/remove/").status_code == 403
        file = {"text": "kind,entry\r\nblock,example.com\r\n", "confirm": "yes"}
        assert visitor.post("/lists/import/", file).status_code == 403
        assert entries(tenant) == [("block", "example.org", "")]
        for path in PATHS:
            assert visitor.get(path).status_code == 200

    def test_forms_without_their_token_are_refused(self, tenant: Tenant) -> None:
        """Another site cannot block a sender through somebody's browser."""
        visitor = at_console(tenant)
        visitor.handler.enforce_csrf_checks = True
        assert add(visitor).status_code == 403
        assert upload(visitor, b"kind,entry\r\nblock,example.com\r\n").status_code == 403

    def test_what_was_typed_is_shown_as_text(self, tenant: Tenant) -> None:
        """Notes and wrong entries."""
        script = '"><script>window.__xss=1</script>'
        visitor = at_console(tenant)
        add(visitor, note=script)
        file = f"kind,entry,note\r\nblock,example.org,{script}\r\n".replace('"', '""')
        for answer in (
            visitor.get("/lists/"),
            add(visitor, entry=script),
            upload(visitor, file.replace('""', "").encode()),
        ):
            assert not Elements(answer.content.decode()).dangers

    def test_entries_of_one_tenant_are_not_found_from_another(
        self, tenant: Tenant, other_tenant: Tenant
    ) -> None:
        """By the selectors."""
        row = services.add_entry(tenant, "block", "example.com")
        assert listing.entry_with(other_tenant, row.pk) is None
        assert not listing.entry_page(other_tenant, EntryFilter(), "1").object_list
        assert listing.import_effect(other_tenant, [])[1] == 0
