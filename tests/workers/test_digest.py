"""The digest's task and command: due once a day, and never for whoever has had it."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from mailsec.gateway.message import Message
from mailsec.gateway.policy import Language
from policies import services as policy_services
from policies.notice_texts import NoticeKind
from quarantine import selectors
from quarantine.models import StoredMessage
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.quarantine.test_release import quarantined
from workers.tasks.digest import send_all, send_tenant


def notices(tenant: Tenant) -> int:
    with tenant_scope(tenant):
        return StoredMessage.objects.filter(direction="notice").count()


def test_from_its_hour_on_it_is_sent_once(tenant: Tenant) -> None:
    """From 00:00 it is always due; the mail of long ago is news."""
    policy_services.set_values(tenant, {"digest_hour": "0"})
    quarantined(tenant)
    for _ in range(2):
        send_tenant("alpha")
        assert notices(tenant) == 1
    send_all()


def test_it_has_the_tenants_own_words_above_its_list(tenant: Tenant) -> None:
    """And the product's again after a reset; what a tenant writes stays text."""
    policy_services.set_values(tenant, {"digest_hour": "0"})
    words = (NoticeKind.DIGEST, Language.JAPANESE)
    own = ("{count}件の隔離", "<b>{company}</b>の利用者様\n{recipient}\n\n保存：{days}")
    policy_services.set_notice_text(tenant, *words, *own)
    quarantined(tenant)
    send_tenant("alpha")
    with tenant_scope(tenant):
        row = StoredMessage.objects.get(direction="notice")
        to = row.deliveries.get().recipient
    notice = Message(selectors.original(tenant, row.id))
    assert notice.subject == "1件の隔離"
    plain, html = (part.text() for part in notice.parts if part.is_text)
    for text in (plain, html):
        assert to in text and "保存：14日" in text and "hello" in text
    assert f"<b>{tenant.name}</b>の利用者様" in plain
    assert "&lt;b&gt;" in html


def test_where_it_is_switched_off_nothing_is_sent(tenant: Tenant) -> None:
    """By the tenant's policy."""
    policy_services.set_values(tenant, {"digest_hour": "0", "digest": "false"})
    quarantined(tenant)
    send_tenant("alpha")
    assert notices(tenant) == 0


def test_the_shell_sends_what_is_not_sent_yet(tenant: Tenant) -> None:
    """Before the hour too, with all news until now."""
    message_id = quarantined(tenant)
    with tenant_scope(tenant):
        StoredMessage.objects.filter(id=message_id).update(received_at=timezone.now())
    sent = []
    for _ in range(2):
        answer = StringIO()
        call_command("digest", "send", "alpha", "--json", stdout=answer)
        sent.append(json.loads(answer.getvalue())["sent"])
    assert sent == [1, 0]
    with pytest.raises(CommandError):
        call_command("digest", "send", "nobody")
