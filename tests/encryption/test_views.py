"""The pages about the keys that sign a tenant's mail."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import TenantRole
from encryption import selectors, services
from encryption.choices import KeyState
from encryption.models import DkimKey
from tenants.models import Tenant
from tenants.scope import public_scope
from tests.console import Elements, Visitor, at_console
from tests.servers.dns import NameServer, txt

DOMAIN = "alpha.example.jp"
CHANGING = [TenantRole.OWNER, TenantRole.ADMIN]


@pytest.fixture(autouse=True)
def names(settings: Any) -> Iterator[NameServer]:
    """A name server of the test's own, asked by the setting."""
    with NameServer({}) as server:
        settings.SENDER_DNS = f"127.0.0.1:{server.port}"
        yield server


def made(tenant: Tenant, names: NameServer | None = None) -> DkimKey:
    """A new key, published where a server is given."""
    key = services.generate_dkim_key(tenant, DOMAIN, timezone.now())
    if names is not None:
        names.zone = {**names.zone, key.name: {"TXT": [txt(key.record)]}}
    return key


def keys(tenant: Tenant) -> list[DkimKey]:
    return [key for each in selectors.domain_keys(tenant) for key in each.keys]


def text_of(visitor: Visitor, path: str = "/dkim/") -> str:
    page = visitor.get(path).content.decode()
    return re.sub(r"\s+", " ", unescape(Elements(page).text))


def path_of(key: DkimKey, verb: str) -> str:
    return f"/dkim/{key.id}/{verb}/"


@pytest.mark.parametrize("role", list(TenantRole))
def test_every_role_sees_the_keys_and_the_record(tenant: Tenant, role: TenantRole) -> None:
    """Whoever administers finds the buttons there; nobody finds the private key."""
    key = made(tenant)
    page = at_console(tenant, role).get("/dkim/").content.decode()
    text = unescape(page)
    for words in (key.name, key.record, key.zone_value, "Not in use yet", "Not signed"):
        assert words in text
    assert ("Check the DNS record" in text) is (role in CHANGING)
    assert ('action="/dkim/generate/"' in page) is (role in CHANGING)
    assert not Elements(page).dangers
    assert "PRIVATE" not in page


@pytest.mark.parametrize("role", [TenantRole.HELPDESK, TenantRole.AUDITOR])
def test_only_who_administers_changes_anything(tenant: Tenant, role: TenantRole) -> None:
    """A form that was sent by hand is refused."""
    key, visitor = made(tenant), at_console(tenant, role)
    assert visitor.post("/dkim/generate/", {"domain": DOMAIN}).status_code == 403
    for verb in ("check", "activate", "retire", "delete"):
        assert visitor.post(path_of(key, verb)).status_code == 403
    (row,) = keys(tenant)
    assert (row.state, row.publication) == (KeyState.NEW, "")


def test_from_the_first_key_to_signed_mail(tenant: Tenant, names: NameServer) -> None:
    """Generate, publish, check, activate, each by one form."""
    visitor = at_console(tenant)
    assert "There is no key yet." in text_of(visitor)
    visitor.post("/dkim/generate/", {"domain": DOMAIN})
    (key,) = keys(tenant)
    assert "Activate (" not in text_of(visitor)
    answer = visitor.post(path_of(key, "check"))
    assert answer["location"] == f"/dkim/#key-{key.id}"
    assert "There is no TXT record at this name yet." in text_of(visitor)
    names.zone = {key.name: {"TXT": [txt(key.record)]}}
    visitor.post(path_of(key, "check"))
    text = text_of(visitor)
    assert "The DNS record is there and right." in text
    assert f"Activate ({key.name})" in text
    visitor.post(path_of(key, "activate"))
    text = text_of(visitor)
    assert "signed with this key from now on" in text
    assert "Not signed" not in text
    assert selectors.signing_key(tenant, DOMAIN) is not None


def test_a_record_that_went_away_is_not_activated(tenant: Tenant, names: NameServer) -> None:
    """Although the check before had found it."""
    key, visitor = made(tenant, names), at_console(tenant)
    visitor.post(path_of(key, "check"))
    names.zone = {}
    visitor.post(path_of(key, "activate"))
    assert "The key was not activated. There is no TXT record" in text_of(visitor)
    assert keys(tenant)[0].state == KeyState.NEW


def test_a_rotation_says_how_long_the_old_record_is_needed(
    tenant: Tenant, names: NameServer
) -> None:
    """And the old key can be deleted, the new one not."""
    visitor = at_console(tenant)
    for _ in range(2):
        visitor.post(path_of(made(tenant, names), "activate"))
    new, old = keys(tenant)
    assert (new.state, old.state) == (KeyState.ACTIVE, KeyState.RETIRED)
    assert f"Remove the DNS record {old.name} only after" in text_of(visitor)
    assert f"Remove the DNS record {old.name}" in text_of(visitor, path_of(old, "delete"))
    visitor.post(path_of(old, "delete"))
    visitor.post(path_of(new, "delete"))
    assert [key.id for key in keys(tenant)] == [new.id]
    assert "This key signs mail at present and cannot be deleted." in text_of(visitor)


def test_an_active_key_without_its_record_is_warned_of(tenant: Tenant, names: NameServer) -> None:
    """And signing can be stopped, after a question."""
    key, visitor = made(tenant, names), at_console(tenant)
    visitor.post(path_of(key, "activate"))
    names.zone = {}
    visitor.post(path_of(key, "check"))
    assert "Signed mail fails the recipients' check" in text_of(visitor)
    assert "without a signature from now on?" in text_of(visitor, path_of(key, "retire"))
    visitor.post(path_of(key, "retire"))
    assert selectors.signing_key(tenant, DOMAIN) is None
    assert "Not signed" in text_of(visitor)


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_looking_changes_nothing(tenant: Tenant, names: NameServer, method: str) -> None:
    """Neither keys nor what the last check found; no name server is asked."""
    key, visitor = made(tenant, names), at_console(tenant)
    for path in ("/dkim/", "/dkim/generate/", *(path_of(key, verb) for verb in VERBS)):
        getattr(visitor, method)(path)
    (row,) = keys(tenant)
    assert (row.state, row.publication, row.checked_at) == (KeyState.NEW, "", None)
    assert names.questions == []


VERBS = ("check", "activate", "retire", "delete")


def test_a_key_that_is_gone_is_said_to_be(tenant: Tenant) -> None:
    """Deleted in another tab meanwhile."""
    key, visitor = made(tenant), at_console(tenant)
    services.delete_dkim_key(tenant, key.id)
    assert visitor.get(path_of(key, "delete")).status_code == 404
    for verb in VERBS:
        assert visitor.post(path_of(key, verb)).status_code == 302
        assert "There is no such key any more." in text_of(visitor)


def test_another_tenants_keys_and_domains_are_out_of_reach(
    tenant: Tenant, other_tenant: Tenant
) -> None:
    """By number and by name."""
    key = made(tenant)
    visitor = at_console(other_tenant)
    assert key.selector not in text_of(visitor)
    for verb in VERBS:
        visitor.post(path_of(key, verb))
    visitor.post("/dkim/generate/", {"domain": DOMAIN})
    assert "This could not be done." in text_of(visitor)
    assert [row.id for row in keys(tenant)] == [key.id]


def test_menus_without_outbound_mail_have_no_such_page(tenant: Tenant) -> None:
    """Nor an entry in the navigation."""
    visitor = at_console(tenant)
    assert 'href="/dkim/"' in visitor.get("/").content.decode()
    with public_scope():
        Tenant.objects.filter(pk=tenant.pk).update(menu_number=2)
    assert 'href="/dkim/"' not in visitor.get("/").content.decode()
    assert visitor.get("/dkim/").status_code == 404
    assert visitor.post("/dkim/generate/", {"domain": DOMAIN}).status_code == 404
    assert keys(tenant) == []
