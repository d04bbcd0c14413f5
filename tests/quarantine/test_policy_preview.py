"""What would have changed in the last days: figures, examples, limits, and the page."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from accounts.models import AuditEntry
from mailsec.gateway.authentication import Authentication, Dmarc, Result
from mailsec.gateway.envelope import Client, Direction, Envelope
from mailsec.gateway.policy import Policy
from mailsec.gateway.verdict import Decision, Disposition, Finding, Severity, Verdict
from policies import selectors
from policies.models import PolicyVersion
from quarantine import kept, services
from quarantine.policy_preview import MOST_EXAMPLES, Preview, preview
from quarantine.reconsider import Treatment, Way
from quarantine.services import Arrival, Outcome
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.console import Elements, at_console
from tests.policies.test_views import filled
from tests.quarantine.making import NOW, RAW, VIRUS, stripped
from tests.quarantine.test_originals import looked_at
from tests.quarantine.test_release import ADMIN

PRESENT = Policy()
LOWER = replace(PRESENT, tag_score=50)
SCORE = Finding("spam", "spam", Severity.NOTE, detail={"score": "55.0"})
EXE = Finding("file-types", "file-type", Severity.FORBIDDEN, 1, {"name": "a.exe", "type": "exe"})
FORGED = Authentication(dmarc=Dmarc(Result.FAIL, "example.net", "reject"))


def stored(
    tenant: Tenant,
    *findings: Finding,
    score: float | None = None,
    found: Authentication = Authentication(),  # noqa: B008 - a frozen value
    direction: Direction = Direction.INBOUND,
    now: datetime = NOW,
    subject: str = "hello",
) -> UUID:
    """An examined message with what was found in it."""
    envelope = Envelope(direction, Client("192.0.2.1"), "a@example.net", ("b@alpha.example.jp",))
    (message_id,) = services.receive(tenant, [Arrival(envelope, RAW)], now)
    outcome = Outcome(
        verdict=Verdict(findings, (), score, found),
        decision=Decision(Disposition.DELIVER),
        trace_header=b"",
        outgoing=None,
        policy_version=0,
        subject=subject,
        header_from="a@example.net",
        message_id="1@example.net",
    )
    assert services.record_outcome(tenant, message_id, outcome, now)
    return message_id


def compared(tenant: Tenant, draft: Policy = LOWER, **options: Any) -> Preview:
    return preview(tenant, PRESENT, draft, timezone.now(), **options)


class TestFigures:
    def test_an_original_that_follows_its_mail_is_left_out(self, tenant: Tenant) -> None:
        """A person sent it; the first mail stands for both."""
        now = timezone.now()
        message_id = stripped(tenant, now=now)
        services.release_original(tenant, message_id, ADMIN, now, services.OriginalRelease())
        (made,) = kept.originals_of(tenant, message_id)
        services.record_outcome(tenant, made.id, looked_at(), now)
        assert compared(tenant).looked_at == 1

    def test_messages_are_counted_by_what_changes_with_the_newest_as_examples(
        self, tenant: Tenant
    ) -> None:
        """Scores below and above both thresholds are handled as before."""
        now = timezone.now()
        for score in (10.0, 49.9, 60.0, 95.0):
            stored(tenant, score=score, now=now)
        changed = [stored(tenant, SCORE, score=55.0, now=now) for _ in range(3)]
        found = compared(tenant)
        assert (found.looked_at, found.changed, found.oldest) == (7, 3, None)
        (change,) = found.changes
        assert (change.before, change.after) == (Treatment(Way.DELIVERED), Treatment(Way.TAGGED))
        ids = [example.queue_id for example in change.examples]
        assert ids == sorted((each.hex for each in changed), reverse=True)
        assert change.examples[0].subject == "hello"

    def test_every_stored_fact_that_decides_is_read_again(self, tenant: Tenant) -> None:
        """Authentication, files with their type, and notes on protected parts."""
        now = timezone.now()
        protected = Finding("structure", "protected", Severity.NOTE, 1)
        stored(tenant, found=FORGED, now=now)
        stored(tenant, EXE, now=now)
        stored(tenant, EXE, protected, now=now)
        draft = replace(PRESENT, authentication_check=False, file_types=("js",))
        found = {(change.before, change.after) for change in compared(tenant, draft).changes}
        delivered = Treatment(Way.DELIVERED)
        assert found == {
            (Treatment(Way.QUARANTINED), delivered),
            (Treatment(Way.DELIVERED, removed=1), delivered),
            (Treatment(Way.RESTRICTED), delivered),
        }

    def test_only_examined_inbound_mail_of_the_last_days_is_looked_at(self, tenant: Tenant) -> None:
        """Neither outbound nor older mail, nor mail that waits."""
        now = timezone.now()
        stored(tenant, score=55.0, direction=Direction.OUTBOUND, now=now)
        stored(tenant, score=55.0, now=now - timedelta(days=7, minutes=1))
        waiting = Envelope(Direction.INBOUND, Client("192.0.2.1"), "", ("b@alpha.example.jp",))
        services.receive(tenant, [Arrival(waiting, RAW)], now)
        assert compared(tenant).looked_at == 0
        stored(tenant, score=55.0, now=now - timedelta(days=6, hours=23))
        assert compared(tenant).looked_at == 1

    def test_another_tenants_mail_is_not_looked_at(
        self, tenant: Tenant, other_tenant: Tenant
    ) -> None:
        """Neither counted nor shown."""
        stored(other_tenant, score=55.0, now=timezone.now())
        assert compared(tenant) == Preview(0, ())

    def test_it_ends_at_the_limit_and_says_how_far_back_it_reaches(self, tenant: Tenant) -> None:
        """The newest count."""
        now = timezone.now()
        made = [stored(tenant, score=55.0, now=now - timedelta(hours=n)) for n in (3, 2, 1)]
        found = compared(tenant, most=2)
        assert found.looked_at == 2
        assert found.oldest == now - timedelta(hours=2)
        assert {each.queue_id for each in found.changes[0].examples} == {i.hex for i in made[1:]}
        assert compared(tenant, most=3).oldest is None

    def test_there_are_no_more_examples_than_a_page_can_show(self, tenant: Tenant) -> None:
        """The count goes on."""
        now = timezone.now()
        for _ in range(MOST_EXAMPLES + 5):
            stored(tenant, score=55.0, now=now)
        (change,) = compared(tenant).changes
        assert (change.count, len(change.examples)) == (MOST_EXAMPLES + 5, MOST_EXAMPLES)

    @pytest.mark.parametrize("chunk", [1, 3, 7, 8])
    def test_chunks_join_without_a_gap_or_a_double(self, tenant: Tenant, chunk: int) -> None:
        """Also where the last one is full."""
        now = timezone.now()
        made = sorted((stored(tenant, score=55.0, now=now).hex for _ in range(7)), reverse=True)
        (change,) = compared(tenant, chunk=chunk).changes
        assert [each.queue_id for each in change.examples] == made

    def test_what_was_not_checked_is_counted(self, tenant: Tenant) -> None:
        """It cannot be told how such mail would have been judged."""
        now = timezone.now()
        stored(tenant, now=now)
        stored(tenant, score=1.0, found=FORGED, now=now)
        found = compared(tenant)
        assert (found.unscored, found.unchecked) == (1, 1)


class TestPage:
    def test_it_shows_the_table_the_mails_and_the_form_as_filled_in(self, tenant: Tenant) -> None:
        """And stores nothing."""
        message_id = stored(tenant, score=55.0, now=timezone.now(), subject="請求書の件")
        visitor = at_console(tenant)
        sent = filled(tenant, "spam", tag_score="50")
        answer = visitor.post("/policies/spam/preview/", sent)
        page = answer.content.decode()
        text = re.sub(r"\s+", " ", Elements(page).text)
        assert "1 of 1 inbound mails would have been handled otherwise." in text
        assert "Delivered as usual → Delivered with the tag 1" in text
        assert "請求書の件" in text
        assert f"/messages/{message_id.hex}/" in page
        assert 'value="50"' in page
        assert not Elements(page).dangers
        with tenant_scope(tenant):
            assert not PolicyVersion.objects.exists()
            assert not AuditEntry.objects.filter(action="policy.set").exists()
        assert visitor.post("/policies/spam/", sent).status_code == 302
        assert selectors.stored_policy(tenant).tag_score == 50

    def test_a_bad_value_is_named_and_nothing_compared(self, tenant: Tenant) -> None:
        """As on saving."""
        sent = filled(tenant, "spam", tag_score="0")
        page = at_console(tenant).post("/policies/spam/preview/", sent).content.decode()
        assert "id_tag_score_error" in page
        assert "would have" not in Elements(page).text.replace("what would have changed", "")

    @pytest.mark.parametrize(
        ("name", "changes", "words"),
        [
            ("files", {"file_types": "exe, docx"}, "were not looked for at that time"),
            ("files", {"file_types": "exe"}, "would still be removed"),
            ("spam", {"tag_score": "50"}, "1 mail has no spam score"),
            (
                "authentication",
                {"spf_fail": "quarantine"},
                "For 1 mail the sender's authentication was not checked.",
            ),
            ("warnings", {"protected_names": "山田太郎"}, "were compared with the lists of that"),
        ],
    )
    def test_what_cannot_be_told_is_said(
        self, tenant: Tenant, name: str, changes: dict[str, str], words: str
    ) -> None:
        """A figure that leaves something out without saying so would mislead."""
        stored(tenant, now=timezone.now())
        sent = filled(tenant, name, **changes)
        page = at_console(tenant).post(f"/policies/{name}/preview/", sent).content.decode()
        assert words in Elements(page).text

    def test_an_unchanged_form_says_that_there_is_nothing_to_compare(self, tenant: Tenant) -> None:
        """Rather than a row of zeros."""
        sent = filled(tenant, "spam")
        page = at_console(tenant).post("/policies/spam/preview/", sent).content.decode()
        assert "Nothing has been changed in the form yet." in page

    def test_asked_for_by_a_link_it_leads_to_the_page_itself(self, tenant: Tenant) -> None:
        """The language switch comes back by one."""
        answer = at_console(tenant).get("/policies/spam/preview/")
        assert answer["location"] == "/policies/spam/"

    @pytest.mark.parametrize("name", ["reputation", "quarantine", "general"])
    def test_pages_of_what_holds_before_acceptance_have_no_preview(
        self, tenant: Tenant, name: str
    ) -> None:
        """They say why."""
        visitor = at_console(tenant)
        page = Elements(visitor.get(f"/policies/{name}/").content.decode())
        assert "There is no preview for this page" in page.text
        assert not any("formaction" in attributes for _, attributes in page.elements)
        answer = visitor.post(f"/policies/{name}/preview/", filled(tenant, name))
        assert answer["location"] == f"/policies/{name}/"

    def test_hostile_subjects_and_senders_stay_text(self, tenant: Tenant) -> None:
        """They were written by strangers."""
        hostile = '</title><script>window.__xss=1</script>"><img src=x onerror=1>'
        stored(tenant, VIRUS, score=55.0, now=timezone.now(), subject=hostile)
        sent = filled(tenant, "spam", tag_score="50")
        answer = at_console(tenant).post("/policies/spam/preview/", sent)
        page = Elements(answer.content.decode())
        assert not page.dangers
        assert "window.__xss=1" in page.text
