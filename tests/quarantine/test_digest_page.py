"""All mails of a digest on one page: what it shows, to whom, and that only a POST acts."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mailsec.gateway.verdict import Label
from policies import selectors as policies
from policies import services as policy_services
from quarantine import kept, selectors, services
from quarantine.choices import DeliveryState, MessageState
from quarantine.models import Digest, DigestLink, StoredMessage
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.console import Elements, Visitor, host_of
from tests.quarantine.test_digest import LINK, text_of
from tests.quarantine.test_release import ADMIN, ONE, OTHER, quarantined, row, states
from workers.digests import send_digests

PAGE = re.compile(r"/quarantine/digest/([A-Za-z0-9_-]{43})")


def sent(tenant: Tenant, *ids: UUID) -> str:
    """The text of the digest that tells of these messages, whose content is kept for days."""
    with tenant_scope(tenant):
        StoredMessage.objects.filter(id__in=ids).update(received_at=timezone.now())
    tomorrow = timezone.now() + timedelta(days=1)
    (notice, *_) = send_digests(tenant, tomorrow.date(), tomorrow, timezone.now())
    return text_of(tenant, notice)


def token_in(text: str) -> str:
    found = PAGE.search(text)
    assert found is not None, text
    return found[1]


def opened(tenant: Tenant, token: str) -> str:
    answer = Visitor(host_of(tenant)).get(f"/quarantine/digest/{token}")
    assert answer.status_code == 200
    return str(answer.content.decode())


def mails_in(page: str) -> list[str]:
    """The forms' mails, as they stand on the page."""
    return re.findall(r'name="mail" value="(\d+)"', page)


def link_id(tenant: Tenant, message_id: UUID, recipient: str = ONE) -> str:
    with tenant_scope(tenant):
        link = DigestLink.objects.get(
            delivery__message_id=message_id, delivery__recipient=recipient
        )
    return str(link.pk)


class TestMail:
    def test_the_digest_leads_to_it_where_there_are_several(self, tenant: Tenant) -> None:
        """The single links stay; one mail has its own page already."""
        text = sent(tenant, quarantined(tenant), quarantined(tenant))
        assert len(set(LINK.findall(text))) == 2
        assert text.count("/quarantine/digest/") == 1
        assert not PAGE.search(sent(tenant, quarantined(tenant, OTHER)))

    def test_where_nothing_is_offered_it_leads_nowhere(self, tenant: Tenant) -> None:
        """The page would have no button."""
        policy_services.set_values(tenant, {"user_release": "false", "user_lists": "false"})
        assert not PAGE.search(sent(tenant, quarantined(tenant), quarantined(tenant)))

    def test_the_token_is_stored_hashed(self, tenant: Tenant) -> None:
        """Whoever reads the database opens nothing."""
        token = token_in(sent(tenant, quarantined(tenant), quarantined(tenant)))
        with tenant_scope(tenant):
            stored = Digest.objects.get()
        assert bytes(stored.token_hash or b"") == kept.token_hash(token)
        assert stored.expires_at is not None


class TestPage:
    def test_it_shows_what_this_digest_told_of_and_is_still_held(self, tenant: Tenant) -> None:
        """Newest first; neither what went since, nor others' mail, nor another digest's."""
        ids = [quarantined(tenant) for _ in range(4)]
        theirs = quarantined(tenant, OTHER)
        token = token_in(sent(tenant, *ids, theirs))
        later = quarantined(tenant)
        services.release(tenant, ids[0], ADMIN, timezone.now())
        services.delete(tenant, ids[1], ADMIN, timezone.now())
        page = opened(tenant, token)
        assert mails_in(page) == [link_id(tenant, each) for each in (ids[3], ids[2])]
        assert ONE in page
        assert OTHER not in page
        assert later.hex not in page

    def test_what_turned_out_harmful_is_not_on_it(self, tenant: Tenant) -> None:
        """Nor acted upon by whoever kept its number."""
        ids = [quarantined(tenant) for _ in range(3)]
        token = token_in(sent(tenant, *ids))
        with tenant_scope(tenant):
            StoredMessage.objects.filter(id=ids[0]).update(restricted=True)
            StoredMessage.objects.filter(id=ids[1]).update(verdict=Label.MALICIOUS)
        assert mails_in(opened(tenant, token)) == [link_id(tenant, ids[2])]
        for message_id in ids[:2]:
            mail = link_id(tenant, message_id)
            post(tenant, token, mail=mail, action="release")
            assert row(tenant, message_id).state == MessageState.QUARANTINED

    def test_showing_it_changes_nothing_and_the_address_is_kept_from_others(
        self, tenant: Tenant
    ) -> None:
        """GET, HEAD, prefetches; no cache, no referrer, no index."""
        ids = [quarantined(tenant), quarantined(tenant)]
        path = f"/quarantine/digest/{token_in(sent(tenant, *ids))}"
        visitor = Visitor(host_of(tenant))
        query = f"?mail={link_id(tenant, ids[0])}&action=release"
        for address in (path, path + query):
            answer = visitor.get(address, headers={"sec-purpose": "prefetch"})
            assert answer.status_code == 200
        assert visitor.head(path).status_code == 200
        assert answer["Referrer-Policy"] == "no-referrer"
        assert "no-store" in answer["Cache-Control"]
        assert b"noindex" in answer.content
        for message_id in ids:
            assert row(tenant, message_id).state == MessageState.QUARANTINED

    def test_a_hundred_mails_cost_no_more_queries_than_two(self, tenant: Tenant) -> None:
        """Nothing is asked for each mail."""
        counts = []
        for number in (2, 40):
            token = token_in(sent(tenant, *(quarantined(tenant) for _ in range(number))))
            opened(tenant, token)
            with tenant_scope(tenant):
                Digest.objects.filter(recipient=ONE).update(recipient=f"{number}@alpha.example.jp")
            with CaptureQueriesContext(connection) as queries:
                assert len(mails_in(opened(tenant, token))) == number
            counts.append(len(queries))
        assert counts[1] - counts[0] < 5

    def test_hostile_texts_run_nowhere(self, tenant: Tenant) -> None:
        """Case hold-02: subject and sender, also in what is said after an act."""
        script = '</title><script>window.__xss=1</script>"><img src=x onerror=window.__xss=2>'
        ids = [quarantined(tenant), quarantined(tenant)]
        token = token_in(sent(tenant, *ids))
        with tenant_scope(tenant):
            StoredMessage.objects.filter(id__in=ids).update(subject=script, header_from=script)
        visitor = Visitor(host_of(tenant))
        wish = {"mail": link_id(tenant, ids[0]), "action": "block"}
        answer = visitor.post(f"/quarantine/digest/{token}", wish, follow=True)
        found = Elements(answer.content.decode())
        assert found.text.count(script) >= 3
        assert not found.dangers


def post(tenant: Tenant, token: str, **form: str) -> int:
    path = f"/quarantine/digest/{token}"
    return int(Visitor(host_of(tenant)).post(path, form).status_code)


class TestAct:
    def test_a_post_releases_one_own_copy_and_once(self, tenant: Tenant) -> None:
        """The other mails and the other recipients' copies stay held."""
        both, other = quarantined(tenant, ONE, OTHER), quarantined(tenant)
        token = token_in(sent(tenant, both, other))
        mail = link_id(tenant, both)
        for _ in range(3):
            assert post(tenant, token, mail=mail, action="release") == 302
        assert states(tenant, both) == {ONE: DeliveryState.PENDING, OTHER: DeliveryState.WITHHELD}
        assert row(tenant, other).state == MessageState.QUARANTINED
        steps = [event.kind for event in row(tenant, both).events.all()]
        assert steps.count("released") == 1
        assert mails_in(opened(tenant, token)) == [link_id(tenant, other)]

    def test_another_digests_mail_is_out_of_reach(self, tenant: Tenant) -> None:
        """Also that of the same message, for another recipient."""
        mine, theirs = quarantined(tenant, ONE, OTHER), quarantined(tenant, OTHER)
        token = token_in(sent(tenant, mine, quarantined(tenant), theirs))
        for message_id in (mine, theirs):
            mail = link_id(tenant, message_id, OTHER)
            assert post(tenant, token, mail=mail, action="release") == 302
        assert states(tenant, mine)[OTHER] == DeliveryState.WITHHELD
        assert row(tenant, theirs).state == MessageState.QUARANTINED

    @pytest.mark.parametrize(
        "form", [{}, {"mail": "x"}, {"mail": "1\0"}, {"mail": "9" * 50}, {"action": "release"}]
    )
    def test_what_names_no_mail_does_nothing(self, tenant: Tenant, form: dict[str, str]) -> None:
        """And breaks nothing."""
        ids = [quarantined(tenant), quarantined(tenant)]
        token = token_in(sent(tenant, *ids))
        assert post(tenant, token, **form) == 302
        for message_id in ids:
            assert row(tenant, message_id).state == MessageState.QUARANTINED

    @pytest.mark.parametrize("action", ["", "delete", "spam", "\0"])
    def test_it_does_nothing_else(self, tenant: Tenant, action: str) -> None:
        """Whatever is sent to it."""
        ids = [quarantined(tenant), quarantined(tenant)]
        token = token_in(sent(tenant, *ids))
        assert post(tenant, token, mail=link_id(tenant, ids[0]), action=action) == 302
        assert row(tenant, ids[0]).state == MessageState.QUARANTINED

    def test_the_policy_may_forbid_it(self, tenant: Tenant) -> None:
        """Also for pages that were given out before; whom to ask is said instead."""
        ids = [quarantined(tenant), quarantined(tenant)]
        token = token_in(sent(tenant, *ids))
        policy_services.set_values(tenant, {"user_release": "false", "user_lists": "false"})
        for action in ("release", "not-spam", "allow", "block"):
            post(tenant, token, mail=link_id(tenant, ids[0]), action=action)
        assert row(tenant, ids[0]).state == MessageState.QUARANTINED
        with tenant_scope(tenant):
            assert not policies.list_entries(tenant, recipient=None)
        page = opened(tenant, token)
        assert "<button" not in page.partition("<main")[2]
        assert "please ask your administrator" in page

    def test_a_post_without_the_pages_own_token_is_refused(self, tenant: Tenant) -> None:
        """Another site's form does nothing."""
        ids = [quarantined(tenant), quarantined(tenant)]
        token = token_in(sent(tenant, *ids))
        stranger = Visitor(host_of(tenant), enforce_csrf_checks=True)
        wish = {"mail": link_id(tenant, ids[0]), "action": "release"}
        assert stranger.post(f"/quarantine/digest/{token}", wish).status_code == 403
        assert row(tenant, ids[0]).state == MessageState.QUARANTINED


class TestToken:
    def test_one_that_is_none_is_not_found(self, tenant: Tenant, other_tenant: Tenant) -> None:
        """A single mail's token, another tenant's host, the operator's, one character changed."""
        text = sent(tenant, quarantined(tenant), quarantined(tenant))
        token, single = token_in(text), LINK.findall(text)[0]
        changed = ("A" if token[0] != "A" else "B") + token[1:]
        for host, path in (
            (host_of(tenant), f"digest/{single}"),
            (host_of(tenant), f"digest/{changed}"),
            (host_of(tenant), f"digest/{token}A"),
            (host_of(tenant), token),
            (host_of(other_tenant), f"digest/{token}"),
            ("ops.localhost", f"digest/{token}"),
        ):
            assert Visitor(host).get(f"/quarantine/{path}").status_code == 404, path
            assert Visitor(host).post(f"/quarantine/{path}").status_code == 404, path

    def test_its_time_ends_with_the_contents(self, tenant: Tenant) -> None:
        """A mail whose time is over is not on it, and when all are, the page says so."""
        ids = [quarantined(tenant), quarantined(tenant)]
        token = token_in(sent(tenant, *ids))
        with tenant_scope(tenant):
            DigestLink.objects.filter(delivery__message_id=ids[0]).update(expires_at=timezone.now())
        assert mails_in(opened(tenant, token)) == [link_id(tenant, ids[1])]
        with tenant_scope(tenant):
            Digest.objects.update(expires_at=timezone.now())
        visitor, path = Visitor(host_of(tenant)), f"/quarantine/digest/{token}"
        for answer in (visitor.get(path), visitor.post(path, {"action": "release"})):
            assert answer.status_code == 410
            assert b"hello" not in answer.content
            assert answer["Referrer-Policy"] == "no-referrer"

    def test_it_opens_nothing_else(self, tenant: Tenant, other_tenant: Tenant) -> None:
        """It is a key to one page, not a session; one tenant's is nothing to another."""
        ids = [quarantined(tenant), quarantined(tenant)]
        token = token_in(sent(tenant, *ids))
        visitor = Visitor(host_of(tenant))
        visitor.get(f"/quarantine/digest/{token}")
        assert visitor.get(f"/quarantine/{ids[0].hex}/").status_code == 302
        assert kept.digest_of(other_tenant, token) is None
        assert selectors.message_with(other_tenant, ids[0]) is None
