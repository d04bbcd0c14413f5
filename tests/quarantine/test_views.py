"""The message list and the message page."""

from __future__ import annotations

import re
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import TenantRole
from mailsec.gateway.hops import Outcome as Attempt
from mailsec.gateway.verdict import Decision, Disposition, Finding, Severity, Verdict
from quarantine import services
from quarantine.choices import EventKind
from quarantine.services import Notice, Outcome
from tenants.models import Tenant
from tests.console import Elements, Visitor, at_console, host_of
from tests.quarantine.making import NOW, VIRUS, arrive, outcome, ready, settlement

HOSTILE = Path(__file__).resolve().parents[3] / "shared" / "cases" / "hold-02.eml"
SCRIPT = '</title><script>window.__xss=1</script>"><img src=x onerror=window.__xss=2>'
NAME = '<b onmouseover=window.__xss=3>x</b>"'


def page_of(visitor: Visitor, path: str = "/messages/") -> str:
    answer = visitor.get(path)
    assert answer.status_code == 200, answer.status_code
    return str(answer.content.decode())


def ids_in(page: str) -> list[str]:
    return re.findall(r"/messages/([0-9a-f]{32})/", page)


def described(tenant: Tenant, message_id: UUID, subject: str, *findings: Finding) -> None:
    """The message examined, with this subject."""
    decision = Decision(
        Disposition.DELIVER,
        remove={f.part: f for f in findings if f.part is not None},
        keep_original=bool(findings),
        reasons=findings,
    )
    changed = b"changed" if findings else None
    result = Outcome(Verdict(findings), decision, b"", changed, 1, subject, NAME, "<1@example.net>")
    assert services.record_outcome(tenant, message_id, result, NOW)


class TestList:
    def test_before_the_first_mail_it_says_what_will_come(self, tenant: Tenant) -> None:
        """An empty table would look like a fault."""
        assert "There are no messages yet." in page_of(at_console(tenant))

    def test_when_nothing_matches_it_offers_to_show_all(self, tenant: Tenant) -> None:
        """That is another case than having no mail."""
        ready(tenant)
        page = page_of(at_console(tenant), "/messages/?text=nowhere")
        assert "No message matches." in page
        assert "Show all messages" in page

    def test_the_newest_comes_first_in_the_tenants_time(self, tenant: Tenant) -> None:
        """09:00 UTC is 18:00 in Tokyo."""
        older, newer = ready(tenant), ready(tenant)
        page = page_of(at_console(tenant))
        assert ids_in(page) == sorted([newer.hex, older.hex], reverse=True)
        assert "2026-04-01 18:00" in page

    def test_states_and_verdicts_stand_in_words(self, tenant: Tenant) -> None:
        """Colour alone tells nothing to those who do not see it."""
        arrive(tenant)
        quarantined = arrive(tenant)
        services.record_outcome(tenant, quarantined, outcome(Disposition.QUARANTINE, VIRUS), NOW)
        page = Elements(page_of(at_console(tenant, language="ja"))).text
        for word in ("受付済み", "検査待ち", "隔離", "ウイルス"):
            assert word in page

    def test_many_recipients_show_as_the_first_and_a_number(self, tenant: Tenant) -> None:
        """A thousand addresses would bury the list."""
        ready(tenant, *(f"user{number}@alpha.example.jp" for number in range(30)))
        page = page_of(at_console(tenant))
        assert "user0@alpha.example.jp" in page
        assert "user1@alpha.example.jp" not in page
        assert "+29 more" in page

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("state=ready", {"ready"}),
            ("state=quarantined", {"virus"}),
            ("state=delivered", {"delivered"}),
            ("state=bounced", {"refused"}),
            ("found=virus", {"virus"}),
            ("found=file-type", set()),
            ("found=condemned", {"virus"}),
            ("direction=outbound", set()),
            ("direction=inbound&state=ready", {"ready"}),
            ("text=mine", {"ready"}),
            ("text=MINE+hello", {"ready"}),
            ("text=192.0.2.1&state=quarantined", {"virus"}),
            ("since=2026-04-01&until=2026-04-01&state=delivered", {"delivered"}),
            ("since=2026-04-02&state=delivered", set()),
            ("until=2026-03-31", set()),
        ],
    )
    def test_filters_narrow(self, tenant: Tenant, query: str, expected: set[str]) -> None:
        """Each by itself, and together."""
        made = {
            "ready": ready(tenant, "mine@alpha.example.jp"),
            "virus": arrive(tenant),
            "delivered": ready(tenant),
            "refused": ready(tenant),
        }
        virus = outcome(Disposition.QUARANTINE, VIRUS)
        services.record_outcome(tenant, made["virus"], virus, NOW)
        for name, result in (("delivered", Attempt.DELIVERED), ("refused", Attempt.REFUSED)):
            claims = services.claim_deliveries(tenant, made[name], NOW)
            services.settle_deliveries(
                tenant, made[name], [settlement(claim, result) for claim in claims], NOW
            )
        found = ids_in(page_of(at_console(tenant), f"/messages/?{query}"))
        assert {name for name, message_id in made.items() if message_id.hex in found} == expected

    def test_a_message_is_found_by_its_queue_id(self, tenant: Tenant) -> None:
        """It stands in the 250 reply that the sender's administrator has in his log."""
        wanted, _ = ready(tenant), ready(tenant)
        page = page_of(at_console(tenant), f"/messages/?text={wanted.hex}")
        assert ids_in(page) == [wanted.hex]

    def test_every_message_is_on_exactly_one_page(self, tenant: Tenant) -> None:
        """Forward to the end and back again, also while mail comes in."""
        made = [arrive(tenant).hex for _ in range(120)]
        visitor = at_console(tenant)
        seen, path = [], "/messages/"
        while path:
            page = page_of(visitor, path)
            seen += ids_in(page)
            arrive(tenant)
            older = re.search(r'rel="next" href="([^"]+)"', page)
            path = f"/messages/{older[1].replace('&amp;', '&')}" if older else ""
        # Arrivals of the same millisecond have no order but their identifiers'.
        assert seen == sorted(made, reverse=True)
        back = page_of(visitor, f"/messages/?after={seen[100]}")
        assert ids_in(back) == seen[50:100]

    def test_pages_keep_the_filters(self, tenant: Tenant) -> None:
        """Otherwise the second page lists something else."""
        for _ in range(51):
            arrive(tenant)
        page = page_of(at_console(tenant), "/messages/?direction=inbound")
        assert re.search(r'rel="next" href="\?direction=inbound&amp;before=[0-9a-f]{32}"', page)

    def test_a_full_page_takes_as_many_queries_as_a_short_one(self, tenant: Tenant) -> None:
        """None for each row."""
        visitor = at_console(tenant)
        counts = []
        for more in (2, 60):
            for _ in range(more):
                ready(tenant, "a@alpha.example.jp", "b@alpha.example.jp")
            with CaptureQueriesContext(connection) as queries:
                page_of(visitor)
            counts.append(len(queries))
        assert counts[0] == counts[1]

    @pytest.mark.parametrize("query", ["before=zzz", "after=1", "before=%00"])
    def test_a_cursor_that_is_none_is_not_found(self, tenant: Tenant, query: str) -> None:
        """It comes from no page of ours."""
        assert at_console(tenant).get(f"/messages/?{query}").status_code == 404

    @pytest.mark.parametrize(
        ("query", "words"),
        [
            ("since=2026-04-02&until=2026-04-01", "終了日には、開始日以降の日付を"),
            ("since=yesterday", "日付を正しく入力してください"),
            ("until=0001-01-01", "2000-01-01"),
            ("state=unheard-of", "unheard-of"),
            ("text=a%00b", "何か文字を入力してください"),
        ],
    )
    def test_bad_conditions_are_named_in_the_readers_language(
        self, tenant: Tenant, query: str, words: str
    ) -> None:
        """The field says what is wrong, and nothing is listed as if it matched."""
        message_id = ready(tenant)
        page = page_of(at_console(tenant, language="ja"), f"/messages/?{query}")
        assert "検索条件をご確認ください。" in page
        assert words in page.replace("2000年1月1日", "2000-01-01")
        assert message_id.hex not in page

    def test_another_tenants_messages_are_not_listed(
        self, tenant: Tenant, other_tenant: Tenant
    ) -> None:
        """Not even by their identifier."""
        theirs = ready(other_tenant)
        visitor = at_console(tenant)
        assert theirs.hex not in page_of(visitor)
        assert "There are no messages yet." in page_of(visitor, f"/messages/?text={theirs.hex}")


class TestPage:
    @pytest.mark.parametrize("role", list(TenantRole))
    def test_every_role_of_the_tenant_may_read_it(self, tenant: Tenant, role: TenantRole) -> None:
        """There is no body on it."""
        message_id = ready(tenant)
        page = page_of(at_console(tenant, role), f"/messages/{message_id.hex}/")
        assert "hello" in page
        assert "body" not in Elements(page).text

    def test_another_tenants_message_is_not_found(
        self, tenant: Tenant, other_tenant: Tenant
    ) -> None:
        """The same answer as for one that never was."""
        theirs = ready(other_tenant)
        assert at_console(tenant).get(f"/messages/{theirs.hex}/").status_code == 404

    @pytest.mark.parametrize("name", ["0" * 32, "x", "0" * 31, "A" * 32, "%00", "../../etc"])
    def test_an_identifier_that_is_none_is_not_found(self, tenant: Tenant, name: str) -> None:
        """Malformed ones do not reach the database."""
        assert at_console(tenant).get(f"/messages/{name}/").status_code == 404

    def test_strangers_are_led_to_sign_in(self, tenant: Tenant) -> None:
        """Also for messages that exist."""
        message_id = ready(tenant)
        assert Visitor(host_of(tenant)).get(f"/messages/{message_id.hex}/").status_code == 302

    def test_it_only_reads(self, tenant: Tenant) -> None:
        """There is nothing to send to it yet."""
        message_id = ready(tenant)
        assert at_console(tenant).post(f"/messages/{message_id.hex}/").status_code == 405

    def test_it_is_not_kept_by_caches(self, tenant: Tenant) -> None:
        """The next person at this machine has no business with it."""
        message_id = ready(tenant)
        answer = at_console(tenant).get(f"/messages/{message_id.hex}/")
        assert "no-store" in answer["cache-control"]

    def test_the_remote_servers_reply_and_the_notice_are_shown(self, tenant: Tenant) -> None:
        """Code and words as the server gave them, and a link to what the sender was told."""
        message_id = ready(tenant, "gone@alpha.example.jp")
        claims = services.claim_deliveries(tenant, message_id, NOW)
        notice = Notice("a@example.net", b"bounce", "Undeliverable", message_id)
        (notice_id,) = services.settle_deliveries(
            tenant,
            message_id,
            [settlement(claim, Attempt.REFUSED) for claim in claims],
            NOW,
            [(EventKind.BOUNCE_SENT, notice)],
        )
        visitor = at_console(tenant)
        page = page_of(visitor, f"/messages/{message_id.hex}/")
        text = Elements(page).text
        for words in ("gone@alpha.example.jp", "words", "Undeliverable", "went to a@example.net"):
            assert words in text
        assert f"/messages/{notice_id.hex}/" in page
        assert f"/messages/{message_id.hex}/" in page_of(visitor, f"/messages/{notice_id.hex}/")

    def test_a_deferred_copy_shows_when_it_is_tried_again(self, tenant: Tenant) -> None:
        """In the tenant's time, in the table and in the trace."""
        message_id = ready(tenant)
        claims = services.claim_deliveries(tenant, message_id, NOW)
        later = settlement(claims[0], Attempt.DEFERRED, NOW + timedelta(minutes=5))
        services.settle_deliveries(tenant, message_id, [later], NOW)
        page = page_of(at_console(tenant), f"/messages/{message_id.hex}/")
        assert page.count("2026-04-01 18:05:00") == 2
        assert "Retrying" in page

    def test_removed_attachments_and_the_reasons_are_named(self, tenant: Tenant) -> None:
        """And until when the original is kept: 14 days."""
        message_id = arrive(tenant, now=timezone.now())
        described(tenant, message_id, "x", VIRUS)
        text = Elements(page_of(at_console(tenant), f"/messages/{message_id.hex}/")).text
        assert "1 attachment was removed from this mail." in text
        assert "A virus (Test) was found in “a.exe”." in text
        assert "The original is kept in quarantine until" in text

    def test_a_message_set_aside_says_so_without_the_fault_itself(self, tenant: Tenant) -> None:
        """No text of an exception reaches a page."""
        message_id = arrive(tenant)
        services.shunt(tenant, message_id, "KeyError: secret internals", NOW)
        page = page_of(at_console(tenant), f"/messages/{message_id.hex}/")
        assert "A fault of the service stopped this mail." in page
        assert "internals" not in page

    def test_texts_of_the_sender_stay_texts(self, tenant: Tenant) -> None:
        """hold-02: markup in subject, name, addresses, file, virus and reply runs nowhere."""
        file = Finding("virus", "virus", Severity.MALICIOUS, 1, {"name": SCRIPT, "virus": NAME})
        message_id = arrive(tenant, f"{NAME}@alpha.example.jp", sender=f"{NAME}@example.net")
        described(tenant, message_id, SCRIPT, file)
        visitor = at_console(tenant)
        for path in ("/", "/messages/", f"/messages/{message_id.hex}/"):
            page = Elements(page_of(visitor, path))
            assert not page.dangers
            assert SCRIPT in page.text

    @pytest.mark.skipif(not HOSTILE.exists(), reason="the shared cases are not beside the checkout")
    def test_the_hostile_mail_of_hold_02_stays_text(self, tenant: Tenant) -> None:
        """Its own subject and sender, decoded as a mail program does."""
        raw = HOSTILE.read_bytes()
        read = message_from_bytes(raw, policy=policy.default)
        message_id = arrive(tenant, raw=raw)
        result = Outcome(
            Verdict(),
            Decision(Disposition.DELIVER),
            b"",
            None,
            1,
            str(read["subject"]),
            str(read["from"]),
            str(read["message-id"]),
        )
        services.record_outcome(tenant, message_id, result, NOW)
        visitor = at_console(tenant)
        for path in ("/messages/", f"/messages/{message_id.hex}/"):
            page = Elements(page_of(visitor, path))
            assert not page.dangers
            assert "window.__xss=1" in page.text
