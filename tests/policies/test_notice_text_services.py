"""A tenant's own words for its notices, in its schema."""

from __future__ import annotations

import pytest

from accounts.models import AuditEntry
from mailsec.gateway.policy import Language
from policies import listing, selectors, services
from policies.errors import InvalidNotice
from policies.notice_texts import NoticeKind, NoticeText, default_text
from tenants.models import Tenant
from tenants.scope import tenant_scope

HELD, JAPANESE = NoticeKind.HELD, Language.JAPANESE
WRITER = "admin@alpha.example.jp"
OWN = NoticeText("保留：{subject}", "確認してください。\n\n{link}")


def written(tenant: Tenant) -> None:
    services.set_notice_text(tenant, HELD, JAPANESE, OWN.subject, OWN.body, author=WRITER)


def audited(tenant: Tenant) -> list[AuditEntry]:
    with tenant_scope(tenant):
        return list(AuditEntry.objects.filter(action__startswith="notice.").order_by("id"))


def test_own_words_hold_for_one_notice_of_one_tenant(tenant: Tenant, other_tenant: Tenant) -> None:
    """Its other language, other notices and other tenants keep the product's."""
    written(tenant)
    assert selectors.notice_text(tenant, HELD, JAPANESE) == OWN
    english = selectors.notice_text(tenant, HELD, Language.ENGLISH)
    assert english == default_text(HELD, Language.ENGLISH)
    assert selectors.notice_text(other_tenant, HELD, JAPANESE) == default_text(HELD, JAPANESE)
    assert set(listing.own_notice_texts(tenant)) == {("held", "ja")}
    assert listing.own_notice_texts(other_tenant) == {}


def test_changes_are_audited_with_the_words_before_and_after(tenant: Tenant) -> None:
    """Who, what, from where."""
    written(tenant)
    services.set_notice_text(
        tenant, HELD, JAPANESE, "別の件名", "{link}", author=WRITER, address="192.0.2.1"
    )
    first, second = audited(tenant)
    before = {"subject": OWN.subject, "body": OWN.body}
    assert (first.before, first.after) == ({}, before)
    assert (second.actor, second.subject, second.address) == (WRITER, "held ja", "192.0.2.1")
    assert (second.before, second.after) == (before, {"subject": "別の件名", "body": "{link}"})


def test_a_reset_puts_the_products_words_back_once(tenant: Tenant) -> None:
    """The words that are gone stand in the audit log; a second reset does nothing."""
    written(tenant)
    assert services.reset_notice_text(tenant, HELD, JAPANESE, author=WRITER)
    assert selectors.notice_text(tenant, HELD, JAPANESE) == default_text(HELD, JAPANESE)
    assert not services.reset_notice_text(tenant, HELD, JAPANESE, author=WRITER)
    entries = audited(tenant)
    assert [entry.action for entry in entries] == ["notice.change", "notice.reset"]
    assert entries[1].before == {"subject": OWN.subject, "body": OWN.body}


def test_what_cannot_be_taken_changes_nothing(tenant: Tenant) -> None:
    """Neither the words nor the audit log."""
    written(tenant)
    with pytest.raises(InvalidNotice):
        services.set_notice_text(tenant, HELD, JAPANESE, "s", "{nothing}")
    assert selectors.notice_text(tenant, HELD, JAPANESE) == OWN
    assert len(audited(tenant)) == 1
