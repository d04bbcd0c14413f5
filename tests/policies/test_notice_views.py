"""The pages about the words of notices."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from accounts.models import AuditEntry, TenantRole
from mailsec.gateway.policy import Language
from policies import listing, selectors, services
from policies.notice_texts import VARIABLES, NoticeKind, NoticeText, default_text
from policies.notice_wording import KINDS, LANGUAGES, VARIABLE_WORDS
from tenants.models import Tenant
from tenants.scope import public_scope, tenant_scope
from tests.console import Elements, Visitor, at_console, host_of

HOSTILE = '"><script>alert(1)</script>'
ALL = "/policies/notices/"
ONE = "/policies/notices/held/ja/"
PAGES = (
    ALL,
    *(f"{ALL}{kind}/{language}/" for kind in NoticeKind for language in Language),
    f"{ONE}reset/",
)
OWN = {"subject": "Held {subject}", "body": f"{HOSTILE} {{sender}}\r\n\r\n{{link}}"}
STORED = NoticeText("Held {subject}", f"{HOSTILE} {{sender}}\n\n{{link}}")


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", Elements(answer.content.decode()).text)


def written(tenant: Tenant) -> None:
    services.set_notice_text(tenant, NoticeKind.HELD, Language.JAPANESE, **OWN)


def held(tenant: Tenant) -> NoticeText:
    return selectors.notice_text(tenant, NoticeKind.HELD, Language.JAPANESE)


class TestAccess:
    @pytest.mark.parametrize("role", list(TenantRole))
    def test_every_role_reads_and_those_who_administer_find_buttons(
        self, tenant: Tenant, role: TenantRole
    ) -> None:
        """Nothing on a page runs or loads anything."""
        written(tenant)
        visitor = at_console(tenant, role)
        for path in PAGES:
            answer = visitor.get(path)
            assert answer.status_code == 200, path
            assert not Elements(answer.content.decode()).dangers, path
        page = text_of(visitor.get(ONE))
        assert HOSTILE in page
        assert ("Save" in page) is (role in {TenantRole.OWNER, TenantRole.ADMIN})

    @pytest.mark.parametrize("role", [TenantRole.HELPDESK, TenantRole.AUDITOR])
    def test_others_change_nothing(self, tenant: Tenant, role: TenantRole) -> None:
        """Whatever they send."""
        written(tenant)
        visitor = at_console(tenant, role)
        other = {"subject": "other", "body": "{link}"}
        assert visitor.post(ONE, other).status_code == 403
        assert visitor.post(f"{ONE}reset/").status_code == 403
        assert "other" not in text_of(visitor.post(f"{ONE}preview/", other))
        assert held(tenant) == STORED

    @pytest.mark.parametrize("menu", [1, 2])
    def test_tenants_without_outbound_protection_have_the_notices_of_all(
        self, tenant: Tenant, menu: int
    ) -> None:
        """Digest, bounce and delay; nothing about mail that they cannot hold."""
        visitor = at_console(tenant)
        with public_scope():
            Tenant.objects.filter(pk=tenant.pk).update(menu_number=menu)
        assert "Notice texts" in text_of(visitor.get("/policies/"))
        found = {kind for kind in NoticeKind if visitor.get(f"{ALL}{kind}/ja/").status_code == 200}
        assert found == {NoticeKind.DIGEST, NoticeKind.BOUNCED, NoticeKind.DELAYED}
        assert visitor.post(f"{ONE}preview/", OWN).status_code == 404
        assert "Mail is held" not in text_of(visitor.get(ALL))

    def test_without_zip_there_is_no_password_to_write_about(self, tenant: Tenant) -> None:
        """With secure mail alone."""
        visitor = at_console(tenant)
        with public_scope():
            Tenant.objects.filter(pk=tenant.pk).update(menu_number=5)
        assert visitor.get(f"{ALL}password/ja/").status_code == 404
        assert visitor.get(f"{ALL}processed/ja/").status_code == 200
        assert "password/ja" not in visitor.get(ALL).content.decode()

    def test_strangers_are_asked_to_sign_in(self, tenant: Tenant) -> None:
        """On every page."""
        visitor = Visitor(host_of(tenant))
        for path in PAGES:
            assert visitor.get(path).status_code == 302

    @pytest.mark.parametrize("path", ["held/fr/", "nothing/ja/", "HELD/ja/", "held/ja/preview/"])
    def test_what_is_not_there_is_not_found(self, tenant: Tenant, path: str) -> None:
        """Unknown notices and languages; a preview is asked for by a form alone."""
        assert at_console(tenant).get(ALL + path).status_code in {404, 405}

    def test_reading_changes_nothing(self, tenant: Tenant) -> None:
        """A link that is fetched resets no words."""
        written(tenant)
        visitor = at_console(tenant)
        for path in PAGES:
            visitor.get(path)
            visitor.head(path)
        assert held(tenant) == STORED


class TestChange:
    def test_own_words_are_saved_and_audited(self, tenant: Tenant) -> None:
        """The list then says whose they are."""
        visitor = at_console(tenant)
        assert "Own words" not in text_of(visitor.get(ALL))
        assert visitor.post(ONE, OWN).status_code == 302
        assert held(tenant) == STORED
        assert "Own words" in text_of(visitor.get(ALL))
        with tenant_scope(tenant):
            entry = AuditEntry.objects.get(action="notice.change")
        assert (entry.actor, entry.address) == ("admin@alpha.example.jp", "127.0.0.1")

    def test_the_products_words_saved_as_they_are_stay_the_products(self, tenant: Tenant) -> None:
        """A later version of the product may then word them better."""
        default = default_text(NoticeKind.HELD, Language.JAPANESE)
        body = default.body.replace("\n", "\r\n")
        at_console(tenant).post(ONE, {"subject": default.subject, "body": body})
        assert listing.own_notice_texts(tenant) == {}

    @pytest.mark.parametrize(
        ("language", "words"),
        [("en", "The text must contain this variable: {link}"), ("ja", "{link}")],
    )
    def test_errors_stand_beside_their_field(
        self, tenant: Tenant, language: str, words: str
    ) -> None:
        """In the reader's language, with what was entered still there."""
        visitor = at_console(tenant, language=language)
        for path in (ONE, f"{ONE}preview/"):
            page = visitor.post(path, {"subject": "kept", "body": "no way in"}).content.decode()
            error = re.search(r'id="id_body_error">([^<]*)<', page)
            assert error is not None and words in html.unescape(error[1])
            assert 'value="kept"' in page and "no way in" in page
        assert listing.own_notice_texts(tenant) == {}

    @pytest.mark.parametrize(
        ("subject", "body"), [("", "{link}"), ("{password}", "{link}"), ("\0", "{link}"), ("s", "")]
    )
    def test_what_cannot_be_taken_is_not_stored(
        self, tenant: Tenant, subject: str, body: str
    ) -> None:
        """And said so."""
        answer = at_console(tenant).post(ONE, {"subject": subject, "body": body})
        assert "Nothing was saved" in text_of(answer)
        assert listing.own_notice_texts(tenant) == {}


class TestPreview:
    def test_a_preview_shows_the_mail_and_saves_nothing(self, tenant: Tenant) -> None:
        """Subject and text with example values, in the notice's language, whatever the reader's."""
        visitor = at_console(tenant, language="ja")
        page = text_of(visitor.post(f"{ALL}held/en/preview/", OWN))
        assert "Held Your quotation" in page
        assert f"{HOSTILE} user@example.jp https://console.example.jp/mail/example" in page
        assert "Answers to it are not read." in page
        assert listing.own_notice_texts(tenant) == {}

    @pytest.mark.parametrize("language", list(Language))
    @pytest.mark.parametrize("kind", list(NoticeKind))
    def test_every_notice_is_shown_filled(
        self, tenant: Tenant, kind: NoticeKind, language: Language
    ) -> None:
        """No variable is left in what readers would get."""
        page = at_console(tenant).get(f"{ALL}{kind}/{language}/").content.decode()
        shown = re.search(r'<section class="card preview".*?</section>', page, re.DOTALL)
        assert shown is not None and "{" not in shown[0]


class TestReset:
    def test_the_products_words_come_back_after_a_question(self, tenant: Tenant) -> None:
        """The page shows them before; a second answer finds nothing to do."""
        written(tenant)
        visitor = at_console(tenant)
        assert f"{ONE}reset/" in visitor.get(ONE).content.decode()
        assert "送信を保留しています" in text_of(visitor.get(f"{ONE}reset/"))
        assert visitor.post(f"{ONE}reset/").status_code == 302
        assert held(tenant) == default_text(NoticeKind.HELD, Language.JAPANESE)
        assert f"{ONE}reset/" not in visitor.get(ONE).content.decode()
        again = visitor.post(f"{ONE}reset/", follow=True)
        assert "in use already" in text_of(again)


def test_everything_has_words() -> None:
    """Every notice, language and variable."""
    assert set(KINDS) == set(NoticeKind)
    assert set(LANGUAGES) == set(Language)
    assert set(VARIABLE_WORDS) == {name for names in VARIABLES.values() for name in names}
