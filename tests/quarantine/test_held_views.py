"""The quarantine's pages: who sees what, what the forms do, and that nothing hostile runs."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import TenantRole
from mailsec.gateway.verdict import Finding, Label, Severity
from quarantine import selectors, services
from quarantine.choices import MessageState
from quarantine.models import StoredMessage
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.console import Elements, Visitor, at_console
from tests.quarantine.making import NOW, VIRUS, ready, stripped
from tests.quarantine.test_release import ADMIN, ONE, deliver, quarantined, rescanned, row

CASES = Path(__file__).parents[1] / "journeys" / "cases"
SCRIPT = '</title><script>window.__xss=1</script>"><img src=x onerror=window.__xss=2>'
PROGRAM = Finding("file-type", "file-type", Severity.FORBIDDEN, 2, {"name": "setup.exe"})


def mail(*files: tuple[str, bytes]) -> bytes:
    """A mail with an HTML body as part 1, and these files from part 2 on."""
    parts = [b"--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>secret words</p>\r\n"]
    for name, content in files:
        coded = base64.b64encode(content)
        parts.append(
            b"--b\r\nContent-Type: text/html\r\nContent-Disposition: attachment; filename*=utf-8''"
            + "".join(f"%{byte:02X}" for byte in name.encode()).encode()
            + b"\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            + coded
            + b"\r\n"
        )
    head = b"Subject: hello\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    return head + b"".join(parts) + b"--b--\r\n"


def page_of(visitor: Visitor, path: str = "/quarantine/") -> str:
    answer = visitor.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return str(answer.content.decode())


def ids_in(page: str) -> list[str]:
    return list(dict.fromkeys(re.findall(r"/quarantine/([0-9a-f]{32})/", page)))


def released(tenant: Tenant) -> UUID:
    message_id = quarantined(tenant)
    services.release(tenant, message_id, ADMIN, NOW)
    services.record_outcome(tenant, message_id, rescanned(), NOW)
    deliver(tenant, message_id)
    return message_id


class TestList:
    def test_it_shows_what_is_kept_by_tabs(self, tenant: Tenant) -> None:
        """Held first; ordinary mail is on none."""
        ready(tenant)
        held, gone, cut = quarantined(tenant), released(tenant), stripped(tenant)
        visitor = at_console(tenant)
        assert ids_in(page_of(visitor)) == [held.hex]
        assert ids_in(page_of(visitor, "/quarantine/?kept=released")) == [gone.hex]
        assert ids_in(page_of(visitor, "/quarantine/?kept=removed")) == [cut.hex]
        everything = ids_in(page_of(visitor, "/quarantine/?kept=all"))
        assert sorted(everything) == sorted([held.hex, gone.hex, cut.hex])

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("verdict=spam", {"spam"}),
            ("verdict=forged", {"forged"}),
            ("text=mine", {"forged"}),
            ("text=hello", {"spam", "forged"}),
            ("text=nowhere", set()),
            ("since=2026-04-02", set()),
            ("until=2026-04-01", {"spam", "forged"}),
        ],
    )
    def test_filters_narrow(self, tenant: Tenant, query: str, expected: set[str]) -> None:
        """By verdict, words and day."""
        made = {
            "spam": quarantined(tenant),
            "forged": quarantined(tenant, "mine@alpha.example.jp", label=Label.FORGED),
        }
        found = ids_in(page_of(at_console(tenant), f"/quarantine/?{query}"))
        assert {name for name, message_id in made.items() if message_id.hex in found} == expected

    def test_verdicts_are_counted(self, tenant: Tenant) -> None:
        """Whichever of them is chosen."""
        for label in (Label.SPAM, Label.SPAM, Label.BLOCKED):
            quarantined(tenant, label=label)
        text = Elements(page_of(at_console(tenant), "/quarantine/?verdict=blocked")).text
        assert re.search(r"Spam\s+2", text)
        assert re.search(r"Blocked\s+1", text)

    def test_pages_keep_the_filters_and_cost_the_same(self, tenant: Tenant) -> None:
        """However long the list is."""
        visitor = at_console(tenant)
        page_of(visitor)  # what is kept for seconds is read now
        counts = []
        for more in (2, 60):
            for _ in range(more):
                quarantined(tenant)
            with CaptureQueriesContext(connection) as queries:
                page = page_of(visitor, "/quarantine/?verdict=spam")
            counts.append(len(queries))
        # A process may read the policy anew meanwhile; nothing is asked for each row.
        assert counts[1] - counts[0] < 10
        assert re.search(r'rel="next" href="\?verdict=spam&amp;before=[0-9a-f]{32}"', page)

    @pytest.mark.parametrize("query", ["before=zzz", "verdict=x", "kept=x", "since=x", "text=%00"])
    def test_bad_conditions_list_nothing_and_break_nothing(
        self, tenant: Tenant, query: str
    ) -> None:
        """A cursor that is none is not found, the rest is named."""
        message_id = quarantined(tenant)
        answer = at_console(tenant).get(f"/quarantine/?{query}")
        assert answer.status_code in {200, 404}
        assert message_id.hex not in answer.content.decode()

    def test_only_those_who_may_act_can_choose(self, tenant: Tenant) -> None:
        """An auditor reads; help desks choose what is not for administrators."""
        mild = quarantined(tenant)
        strict = quarantined(tenant, label=Label.MALICIOUS, restricted=True)
        expected = {
            TenantRole.OWNER: {mild.hex, strict.hex},
            TenantRole.ADMIN: {mild.hex, strict.hex},
            TenantRole.HELPDESK: {mild.hex},
            TenantRole.AUDITOR: set(),
        }
        for role, ids in expected.items():
            page = page_of(at_console(tenant, role))
            assert set(re.findall(r'name="id" value="([0-9a-f]{32})"', page)) == ids
            assert set(ids_in(page)) == {mild.hex, strict.hex}

    def test_another_tenants_mail_is_not_there(self, tenant: Tenant, other_tenant: Tenant) -> None:
        """Neither listed nor shown, nor acted upon."""
        theirs = quarantined(other_tenant, "x@beta.example.jp", raw=mail(("a.txt", b"a")))
        visitor = at_console(tenant)
        assert ids_in(page_of(visitor, "/quarantine/?kept=all")) == []
        for path in ("", "html/", "files/2/"):
            assert visitor.get(f"/quarantine/{theirs.hex}/{path}").status_code == 404
        visitor.post("/quarantine/act/", {"action": "release", "id": theirs.hex})
        visitor.post(f"/quarantine/{theirs.hex}/release/", {"recipient": "x@beta.example.jp"})
        assert row(other_tenant, theirs).state == MessageState.QUARANTINED


class TestMessage:
    def test_it_says_why_and_shows_the_steps(self, tenant: Tenant) -> None:
        """In words; ordinary mail has no such page."""
        message_id = quarantined(tenant, label=Label.MALICIOUS, restricted=True, finding=VIRUS)
        text = Elements(page_of(at_console(tenant), f"/quarantine/{message_id.hex}/")).text
        for words in ("It holds a virus.", "a.exe", "Only administrators", "Quarantined", ONE):
            assert words in text
        assert (
            at_console(tenant, TenantRole.OWNER)
            .get(f"/quarantine/{ready(tenant).hex}/")
            .status_code
            == 404
        )

    @pytest.mark.parametrize("role", list(TenantRole))
    def test_bodies_are_for_those_who_work_with_them(
        self, tenant: Tenant, role: TenantRole
    ) -> None:
        """Auditors see all else."""
        message_id = quarantined(tenant, raw=mail(("a.txt", b"file")))
        visitor = at_console(tenant, role)
        page = page_of(visitor, f"/quarantine/{message_id.hex}/")
        reads = role is not TenantRole.AUDITOR
        assert ("secret words" in page) is reads
        assert ("<iframe" in page) is reads
        assert "a.txt" in page
        assert hashlib.sha256(b"file").hexdigest() in page
        for path in ("html/", "files/2/"):
            code = visitor.get(f"/quarantine/{message_id.hex}/{path}").status_code
            assert code == (200 if reads else 403)

    @pytest.mark.parametrize("role", list(TenantRole))
    @pytest.mark.parametrize(
        ("code", "detail"),
        [
            ("spam-words-body", {"examples": "secret words"}),
            ("money-request", {"asks": "secret words", "presses": "secret words"}),
        ],
    )
    def test_a_reason_quotes_the_body_to_its_readers_alone(
        self, tenant: Tenant, role: TenantRole, code: str, detail: dict[str, str]
    ) -> None:
        """An auditor reads that words spoke against the mail, and not which; on both pages."""
        found = Finding(code, code, Severity.SUSPICIOUS, None, detail)
        message_id = quarantined(tenant, finding=found)
        visitor = at_console(tenant, role)
        for path in (f"/quarantine/{message_id.hex}/", f"/messages/{message_id.hex}/"):
            assert ("secret words" in page_of(visitor, path)) is (role is not TenantRole.AUDITOR)

    def test_the_frame_is_fenced_three_times(self, tenant: Tenant) -> None:
        """By its attributes, by its own policy, and by what the page may frame."""
        message_id = quarantined(tenant, raw=mail())
        visitor = at_console(tenant)
        answer = visitor.get(f"/quarantine/{message_id.hex}/")
        frames = [
            each for tag, each in Elements(answer.content.decode()).elements if tag == "iframe"
        ]
        assert [frame["sandbox"] for frame in frames] == [""]
        assert frames[0]["referrerpolicy"] == "no-referrer"
        assert "frame-src 'self'" in answer["Content-Security-Policy"]
        assert answer["X-Frame-Options"] == "DENY"
        frame = visitor.get(frames[0]["src"])
        policy = frame["Content-Security-Policy"]
        for rule in ("sandbox;", "default-src 'none'", "img-src data:", "form-action 'none'"):
            assert rule in policy
        assert "frame-ancestors 'self'" in policy
        assert frame["X-Frame-Options"] == "SAMEORIGIN"
        assert frame["Referrer-Policy"] == "no-referrer"
        assert "no-store" in frame["Cache-Control"]

    @pytest.mark.parametrize(
        "name",
        [
            "請求書.pdf",
            '"><img src=x onerror=1>.html',
            "a\r\nSet-Cookie: x=1.txt",
            "../../etc/passwd",
            "",
            "a" * 300,
            "\u202efdp.exe",
        ],
    )
    def test_a_file_is_saved_and_never_shown(self, tenant: Tenant, name: str) -> None:
        """Whatever its type and name say."""
        message_id = quarantined(tenant, raw=mail((name, b"<script>x</script>")))
        answer = at_console(tenant).get(f"/quarantine/{message_id.hex}/files/2/")
        assert answer.content == b"<script>x</script>"
        assert answer["Content-Type"] == "application/octet-stream"
        assert answer["X-Content-Type-Options"] == "nosniff"
        disposition = answer["Content-Disposition"]
        assert disposition.startswith("attachment; filename")
        assert not set(disposition) & set("\r\n\u202e/")
        assert "sandbox" in answer["Content-Security-Policy"]
        assert "Set-Cookie" not in str(answer.headers).replace("%0D%0ASet-Cookie", "") or name

    def test_a_condemned_file_is_not_handed_out(self, tenant: Tenant) -> None:
        """Not even to the owner."""
        raw = mail(("setup.exe", b"MZ"), ("a.txt", b"a"))
        message_id = quarantined(
            tenant, raw=raw, label=Label.FORBIDDEN, restricted=True, finding=PROGRAM
        )
        visitor = at_console(tenant, TenantRole.OWNER)
        assert visitor.get(f"/quarantine/{message_id.hex}/files/2/").status_code == 404
        assert visitor.get(f"/quarantine/{message_id.hex}/files/3/").content == b"a"
        assert "Locked" in page_of(visitor, f"/quarantine/{message_id.hex}/")

    def test_what_is_gone_is_said_to_be_gone(self, tenant: Tenant) -> None:
        """After deletion the message has its page among the messages alone."""
        message_id = quarantined(tenant, raw=mail(("a.txt", b"a")))
        visitor = at_console(tenant)
        visitor.post("/quarantine/act/", {"action": "delete", "id": message_id.hex})
        for path in ("", "html/", "files/2/"):
            assert visitor.get(f"/quarantine/{message_id.hex}/{path}").status_code == 404
        page = page_of(visitor, f"/messages/{message_id.hex}/")
        assert "deleted the content of the mail" in page
        assert "Not delivered" in page


def described(tenant: Tenant, message_id: UUID) -> None:
    with tenant_scope(tenant):
        StoredMessage.objects.filter(id=message_id).update(
            subject=SCRIPT, header_from=SCRIPT, message_id=SCRIPT, received_at=timezone.now()
        )


def test_hostile_texts_run_on_no_page(tenant: Tenant) -> None:
    """Case hold-02: list, page, confirmation, result, and the link of a digest."""
    raw = mail((SCRIPT, b"<script>x</script>"))
    message_id = quarantined(tenant, raw=raw)
    described(tenant, message_id)
    visitor = at_console(tenant)
    chosen = {"action": "delete", "id": message_id.hex}
    pages = [
        page_of(visitor),
        page_of(visitor, f"/quarantine/{message_id.hex}/"),
        visitor.post("/quarantine/confirm/", chosen).content.decode(),
        visitor.post("/quarantine/act/", chosen).content.decode(),
    ]
    for page in pages:
        found = Elements(page)
        assert SCRIPT in found.text
        frames = [each for each in found.dangers if each[0] != "iframe"]
        assert not frames
        assert all("srcdoc" not in attributes for _, attributes in found.dangers)


def test_broken_texts_are_shown_and_the_bytes_are_released_as_they_came(tenant: Tenant) -> None:
    """Case hold-03: NUL, lone surrogates, invalid UTF-8."""
    raw = (CASES / "hold-03.eml").read_bytes()
    message_id = quarantined(tenant, raw=raw)
    visitor = at_console(tenant)
    page_of(visitor)
    page = page_of(visitor, f"/quarantine/{message_id.hex}/")
    assert "\0" not in page
    assert visitor.get(f"/quarantine/{message_id.hex}/files/2/").status_code == 200
    visitor.post(f"/quarantine/{message_id.hex}/release/", {"recipient": ONE})
    services.record_outcome(tenant, message_id, rescanned(), NOW)
    stored = row(tenant, message_id)
    assert selectors.outgoing(tenant, stored) == bytes(stored.trace_header) + raw


def test_the_dashboards_figure_opens_the_list_that_it_counts(tenant: Tenant) -> None:
    """What was released since is in neither."""
    message_id = quarantined(tenant)
    described(tenant, message_id)
    visitor = at_console(tenant)
    page = page_of(visitor, "/")
    links = re.findall(r'href="(/quarantine/\?since=[0-9-]+)">(\d+)<', page)
    assert [count for _, count in links] == ["1", "1", "1"]
    for address, _ in links:
        assert ids_in(page_of(visitor, address)) == [message_id.hex]
