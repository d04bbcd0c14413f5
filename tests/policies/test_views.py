"""The pages of settings."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest

from accounts.models import AuditEntry, TenantRole
from mailsec.gateway.policy import Policy
from policies import selectors, services
from policies.fields import initial_of
from policies.models import PolicyVersion
from policies.pages import PAGES, page_named
from policies.settings_keys import KEYS
from policies.wording import WORDS
from tenants.menu import MENUS
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.console import OPERATOR_HOST, Elements, Visitor, at_console, at_operator, host_of

NAMES = [page.name for page in PAGES]


def filled(tenant: Tenant, name: str, **changes: str) -> dict[str, str]:
    """What a browser sends when the page's form is sent with these changes."""
    page, policy = page_named(name, MENUS[4]), selectors.stored_policy(tenant)
    assert page is not None
    sent = {"version": str(policy.version)}
    for key in page.keys:
        value = initial_of(key, getattr(policy, key))
        sent[key] = "\n".join(value) if isinstance(value, tuple) else str(value)
    assert changes.keys() <= sent.keys()
    return sent | changes


def save(visitor: Visitor, tenant: Tenant, name: str, **changes: str) -> Any:
    return visitor.post(f"/policies/{name}/", filled(tenant, name, **changes))


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", Elements(answer.content.decode()).text)


def versions(tenant: Tenant) -> int:
    with tenant_scope(tenant):
        return PolicyVersion.objects.count()


class TestSettings:
    def test_every_setting_is_on_exactly_one_page_and_in_words(self) -> None:
        """One that is missing could be set from the shell alone."""
        placed = Counter(key for page in PAGES for key in page.keys)
        assert placed == Counter(list(KEYS))
        assert KEYS.keys() <= WORDS.keys()

    @pytest.mark.parametrize("name", NAMES)
    @pytest.mark.parametrize("role", list(TenantRole))
    def test_every_role_reads_every_page(self, tenant: Tenant, name: str, role: TenantRole) -> None:
        """With a label, a sentence and the standard for each setting; no script, no style."""
        answer = at_console(tenant, role).get(f"/policies/{name}/")
        assert answer.status_code == 200
        page = Elements(answer.content.decode())
        assert not page.dangers
        named = page_named(name, MENUS[4])
        assert named is not None
        for key in named.keys:
            assert str(WORDS[key].label) in page.text
            assert str(WORDS[key].help) in page.text
        assert page.text.count("Standard") == len(named.keys)

    @pytest.mark.parametrize("role", [TenantRole.HELPDESK, TenantRole.AUDITOR])
    def test_who_does_not_administer_sees_no_button_and_changes_nothing(
        self, tenant: Tenant, role: TenantRole
    ) -> None:
        """Neither by the form nor by sending one that was made elsewhere."""
        visitor = at_console(tenant, role)
        page = Elements(visitor.get("/policies/spam/").content.decode())
        fields = [attributes for tag, attributes in page.elements if tag in {"input", "select"}]
        shown = [field for field in fields if field.get("name") in KEYS]
        assert shown
        assert all("disabled" in field for field in shown)
        assert "Save" not in page.text
        assert save(visitor, tenant, "spam", tag_score="55").status_code == 403
        answer = visitor.post("/policies/spam/preview/", filled(tenant, "spam", tag_score="55"))
        assert answer.status_code == 403
        assert versions(tenant) == 0

    @pytest.mark.parametrize("role", [TenantRole.OWNER, TenantRole.ADMIN])
    def test_a_change_is_stored_with_its_author_and_the_audit_log_tells_of_it(
        self, tenant: Tenant, role: TenantRole
    ) -> None:
        """Only what differs is in the entry, with what it was before and where it came from."""
        visitor = at_console(tenant, role)
        answer = save(visitor, tenant, "spam", tag_score="55", subject_tag="[迷惑メール]")
        assert answer["location"] == "/policies/spam/"
        policy = selectors.stored_policy(tenant)
        assert (policy.tag_score, policy.subject_tag) == (55, "[迷惑メール] ")
        with tenant_scope(tenant):
            entry = AuditEntry.objects.get(action="policy.set")
        assert entry.actor == f"{role}@alpha.example.jp"
        assert entry.address == "127.0.0.1"
        assert entry.after == {"tag_score": 55, "subject_tag": "[迷惑メール] "}
        assert "The settings were saved." in text_of(visitor.get("/policies/spam/"))

    @pytest.mark.parametrize("name", NAMES)
    def test_a_form_sent_as_it_was_shown_makes_no_version(self, tenant: Tenant, name: str) -> None:
        """Reading and pressing Save is no change."""
        assert save(at_console(tenant), tenant, name).status_code == 302
        assert versions(tenant) == 0

    @pytest.mark.parametrize("name", NAMES)
    def test_a_form_that_was_cut_off_changes_nothing(self, tenant: Tenant, name: str) -> None:
        """A missing field is no empty list and no "off"."""
        services.set_values(tenant, {"protected_names": "山田太郎", "contact": "help desk"})
        before = versions(tenant)
        page = page_named(name, MENUS[4])
        assert page is not None
        visitor = at_console(tenant)
        for key in page.keys:
            sent = filled(tenant, name)
            del sent[key]
            answer = visitor.post(f"/policies/{name}/", sent)
            assert answer.status_code == 200, key
        assert versions(tenant) == before

    @pytest.mark.parametrize(
        ("name", "key", "text", "words"),
        [
            ("spam", "tag_score", "0", "greater than or equal to 1"),
            ("spam", "tag_score", "sixty", "whole number"),
            ("spam", "quarantine_score", "59", "lower than the tag"),
            ("spam", "above_quarantine_score", "burn", "burn"),
            ("spam", "subject_tag", "", "required"),
            ("spam", "subject_tag", "x" * 21, "20"),
            ("spam", "subject_tag", "a\tb\x07c", "control characters"),
            ("authentication", "authentication_exceptions", "a@b.example.com", "a@b.example.com"),
            ("authentication", "authentication_exceptions", "example.com\nno domain", "no domain"),
            ("files", "file_types", "exe, ../", "../"),
            ("files", "file_types", ",".join(f"x{n}" for n in range(201)), "200"),
            ("warnings", "protected_names", "x" * 101, "100"),
            ("quarantine", "digest_hour", "24", "less than or equal to 23"),
            (
                "quarantine",
                "quarantine_days",
                "99999999999999999999999",
                "less than or equal to 90",
            ),
            ("general", "message_size_bytes", "0.5", "greater than or equal to 1"),
            ("general", "message_size_bytes", "NaN", "number"),
            ("general", "contact", "a\x07b", "control characters"),
            ("general", "contact", "a\0b", "control characters"),
            ("general", "language", "fr", "fr"),
        ],
    )
    def test_a_bad_value_is_named_at_its_field_and_nothing_is_changed(
        self, tenant: Tenant, name: str, key: str, text: str, words: str
    ) -> None:
        """With what it takes instead; the other fields of the form are not stored either."""
        answer = save(at_console(tenant), tenant, name, **{key: text})
        assert answer.status_code == 200
        page = answer.content.decode()
        error = re.search(rf'id="id_{key}_error">([^<]*)<', page)
        assert error is not None
        assert words in error[1]
        assert versions(tenant) == 0

    def test_errors_are_in_the_readers_language(self, tenant: Tenant) -> None:
        """Limits included."""
        answer = save(at_console(tenant, language="ja"), tenant, "spam", tag_score="0")
        assert "この値は 1 以上でなければなりません" in answer.content.decode()

    def test_lists_are_taken_by_line_comma_and_japanese_comma(self, tenant: Tenant) -> None:
        """As people paste them; what is stored is sorted and without doubles."""
        visitor = at_console(tenant)
        names = "山田太郎、鈴木花子\r\n佐藤次郎, 山田太郎\r\n"
        assert save(visitor, tenant, "warnings", protected_names=names).status_code == 302
        stored = selectors.stored_policy(tenant).protected_names
        assert stored == tuple(sorted(("山田太郎", "鈴木花子", "佐藤次郎")))
        page = visitor.get("/policies/warnings/").content.decode()
        assert "\n".join(stored) in page

    def test_full_width_figures_are_figures(self, tenant: Tenant) -> None:
        """A Japanese keyboard writes them."""
        assert save(at_console(tenant), tenant, "spam", tag_score="５５").status_code == 302
        assert selectors.stored_policy(tenant).tag_score == 55

    def test_sizes_are_given_in_mebibytes(self, tenant: Tenant) -> None:
        """Bytes are for machines; a size that is no round number stays as it is."""
        services.set_values(tenant, {"message_size_bytes": "10000000"})
        visitor = at_console(tenant)
        assert 'value="9.54"' in visitor.get("/policies/general/").content.decode()
        save(visitor, tenant, "general", contact="help desk")
        assert selectors.stored_policy(tenant).message_size_bytes == 10_000_000
        save(visitor, tenant, "general", message_size_bytes="25.5")
        assert selectors.stored_policy(tenant).message_size_bytes == int(25.5 * 1024 * 1024)

    def test_when_somebody_else_was_quicker_nothing_is_changed(self, tenant: Tenant) -> None:
        """The page says so, shows what holds now, and what was entered in vain."""
        visitor = at_console(tenant)
        sent = filled(tenant, "spam", tag_score="55")
        services.set_values(tenant, {"tag_score": "70"}, author="other@alpha.example.jp")
        answer = visitor.post("/policies/spam/", sent)
        assert answer.status_code == 409
        text = text_of(answer)
        assert "Nothing of yours was saved." in text
        assert "other@alpha.example.jp" in text
        assert "Tag from this score: 55 points" in text
        assert 'value="70"' in answer.content.decode()
        assert selectors.stored_policy(tenant).tag_score == 70

    def test_the_first_change_of_all_is_locked_too(self, tenant: Tenant) -> None:
        """Version 0 is the state without any version."""
        sent = filled(tenant, "spam", tag_score="55")
        services.set_values(tenant, {"contact": "x"})
        assert at_console(tenant).post("/policies/spam/", sent).status_code == 409

    @pytest.mark.parametrize("version", ["", "-1", "x", "99999999"])
    def test_a_form_of_no_known_version_changes_nothing(self, tenant: Tenant, version: str) -> None:
        """It was not made by this page."""
        sent = filled(tenant, "spam", tag_score="55", version=version)
        assert at_console(tenant).post("/policies/spam/", sent).status_code in {200, 409}
        assert versions(tenant) == 0

    def test_a_form_without_its_token_is_refused(self, tenant: Tenant) -> None:
        """Another site cannot change a policy through somebody's browser."""
        visitor = at_console(tenant)
        visitor.handler.enforce_csrf_checks = True
        assert save(visitor, tenant, "spam", tag_score="55").status_code == 403
        assert versions(tenant) == 0

    def test_what_was_typed_is_shown_as_text(self, tenant: Tenant) -> None:
        """Neither a contact nor a wrong entry becomes part of the page."""
        script = '"><script>window.__xss=1</script>'
        visitor = at_console(tenant)
        save(visitor, tenant, "general", contact=script)
        for answer in (
            visitor.get("/policies/general/"),
            visitor.get("/policies/"),
            save(visitor, tenant, "files", file_types=script),
        ):
            page = Elements(answer.content.decode())
            assert not page.dangers
            assert answer.status_code == 200

    @pytest.mark.parametrize("path", ["/policies/nothing/", "/policies/nothing/preview/"])
    def test_a_page_that_is_none_is_not_found(self, tenant: Tenant, path: str) -> None:
        """Whether asked for or sent to."""
        visitor = at_console(tenant)
        assert visitor.get(path).status_code == 404
        assert visitor.post(path).status_code == 404

    @pytest.mark.parametrize("path", ["/policies/", "/policies/spam/", "/policies/spam/preview/"])
    def test_strangers_are_led_to_sign_in_and_operators_have_no_such_page(
        self, tenant: Tenant, path: str
    ) -> None:
        """On the tenant's host, and on the operator's."""
        assert Visitor(host_of(tenant)).get(path).status_code == 302
        assert Visitor(host_of(tenant)).post(path).status_code in {302, 405}
        assert at_operator().get(path, headers={"host": OPERATOR_HOST}).status_code == 404

    def test_another_tenants_settings_stay_as_they_are(
        self, tenant: Tenant, other_tenant: Tenant
    ) -> None:
        """The host says whose they are."""
        before = selectors.stored_policy(other_tenant)
        save(at_console(tenant), tenant, "spam", tag_score="55")
        assert selectors.stored_policy(other_tenant) == before
        assert before.tag_score == Policy().tag_score


class TestOverview:
    def test_it_names_what_differs_from_the_standard_and_who_changed_it(
        self, tenant: Tenant
    ) -> None:
        """Before any change it says that the standard holds."""
        visitor = at_console(tenant)
        assert "the product's standard holds" in text_of(visitor.get("/policies/"))
        save(visitor, tenant, "spam", tag_score="55", spam_check="false")
        text = text_of(visitor.get("/policies/"))
        for words in ("Tag from this score", "55 points", "Check for spam", "Off"):
            assert words in text
        assert "admin@alpha.example.jp" in text

    def test_it_only_reads(self, tenant: Tenant) -> None:
        """There is nothing to send to it."""
        assert at_console(tenant).post("/policies/").status_code == 405


class TestScanner:
    def test_the_page_of_files_names_the_scanner_and_the_day_of_its_definitions(
        self, tenant: Tenant
    ) -> None:
        """The built-in one comes with the service."""
        text = text_of(at_console(tenant).get("/policies/files/"))
        assert "Built-in scanner" in text
        assert re.search(r"Definitions of 20\d\d-\d\d-\d\d, \d+ days? old", text)
