"""Keys that sign mail: made, checked, put to use, deleted."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import dkim as dkimpy
import pytest
from django.db import IntegrityError, transaction

from accounts.models import AuditEntry
from encryption import selectors, services
from encryption.choices import KeyState
from encryption.errors import (
    KeyInUse,
    KeyRetired,
    NoOutboundMail,
    NotPublished,
    TooManyKeys,
    UnknownDomain,
    UnknownKey,
)
from encryption.models import DkimKey
from mailsec.gateway.checks.lookups import NoRecords
from mailsec.gateway.dkim.publication import Publication
from mailsec.gateway.edits.dkim_signature import signed
from mailsec.gateway.message import Message
from quarantine.errors import ContentUnreadable
from tenants.models import MailDomain, Tenant
from tenants.scope import public_scope, tenant_scope
from tests.gateway.checks.making import PLAIN

DOMAIN = "alpha.example.jp"
NOW = datetime(2026, 10, 31, 15, 30, tzinfo=UTC)  # the first of November in Japan


@dataclass
class Zone(NoRecords):
    """What the domain's owner has published."""

    records: dict[str, bytes] = field(default_factory=dict)

    def texts(self, name: str) -> tuple[bytes, ...]:
        return (self.records[name],) if name in self.records else ()

    def publish(self, key: DkimKey) -> None:
        self.records[key.name] = key.record.encode()


def active(tenant: Tenant, zone: Zone, now: datetime = NOW) -> DkimKey:
    """A new key that signs."""
    key = services.generate_dkim_key(tenant, DOMAIN, now, author="admin@alpha.example.jp")
    zone.publish(key)
    assert services.activate_dkim_key(tenant, key.id, zone, now, author="admin@alpha.example.jp")
    return key


def again(tenant: Tenant, key: DkimKey) -> DkimKey:
    found = selectors.dkim_key(tenant, key.id)
    assert found is not None
    return found


def acts(tenant: Tenant) -> list[tuple[str, str, str]]:
    with tenant_scope(tenant):
        rows = AuditEntry.objects.filter(action__startswith="dkim.").order_by("id")
        return [(row.actor, row.action, row.subject) for row in rows]


class TestGenerate:
    def test_a_new_key_has_its_record_and_signs_nothing_yet(self, tenant: Tenant) -> None:
        """2048 bits; the selector names the month at the tenant's place."""
        key = services.generate_dkim_key(tenant, "Alpha.Example.JP ", NOW)
        assert key.name == "ms202611-1._domainkey.alpha.example.jp"
        assert key.state == KeyState.NEW
        assert len(key.record) > 390
        assert all(len(each) <= 255 for each in key.strings)
        assert key.zone_value.count('"') == 4
        assert selectors.signing_key(tenant, DOMAIN) is None
        assert acts(tenant) == [("shell", "dkim.generate", DOMAIN)]

    def test_selectors_count_up_and_never_come_back(self, tenant: Tenant) -> None:
        """Verifiers may still remember what was published at a deleted one."""
        keys = [services.generate_dkim_key(tenant, DOMAIN, NOW) for _ in range(2)]
        for key in keys:
            services.delete_dkim_key(tenant, key.id)
        third = services.generate_dkim_key(tenant, DOMAIN, NOW)
        other = services.generate_dkim_key(tenant, DOMAIN, NOW + timedelta(days=40))
        assert [keys[1].selector, third.selector, other.selector] == [
            "ms202611-2",
            "ms202611-3",
            "ms202612-1",
        ]

    def test_the_private_key_is_sealed_for_its_row(
        self, tenant: Tenant, other_tenant: Tenant
    ) -> None:
        """A row that is copied to another place does not open, and nothing is signed with it."""
        zone = Zone()
        key = active(tenant, zone)
        with tenant_scope(tenant):
            sealed = bytes(DkimKey.objects.get(id=key.id).private_key or b"")
            assert b"PRIVATE KEY" not in sealed
            DkimKey.objects.filter(id=key.id).update(id=uuid4())
        with pytest.raises(ContentUnreadable):
            selectors.signing_key(tenant, DOMAIN)

    def test_only_own_domains_and_menus_with_outbound_mail_have_keys(
        self, tenant: Tenant, other_tenant: Tenant
    ) -> None:
        """And not more than a person can keep apart."""
        with pytest.raises(UnknownDomain):
            services.generate_dkim_key(tenant, "beta.example.jp", NOW)
        for _ in range(services.MOST_KEYS):
            services.generate_dkim_key(tenant, DOMAIN, NOW)
        with pytest.raises(TooManyKeys):
            services.generate_dkim_key(tenant, DOMAIN, NOW)
        tenant.menu_number = 2
        with pytest.raises(NoOutboundMail):
            services.generate_dkim_key(tenant, DOMAIN, NOW)


class TestActivate:
    def test_a_published_key_signs_what_other_programs_verify(self, tenant: Tenant) -> None:
        """From the database to the signature and back through the published record."""
        zone = Zone()
        key = active(tenant, zone)
        signer = selectors.signing_key(tenant, "ALPHA.example.jp")
        assert signer is not None
        assert (signer.domain, signer.selector) == (DOMAIN, "ms202611-1")
        out = signed(Message(PLAIN), signer, NOW).raw
        asked: list[bytes] = []

        def answer(name: bytes, timeout: int) -> bytes:
            asked.append(name)
            return zone.records[name.decode().rstrip(".")]

        assert dkimpy.verify(out, dnsfunc=answer)
        assert asked == [f"{key.name}.".encode()]

    @pytest.mark.parametrize(
        ("record", "expected"),
        [
            (None, Publication.NOT_FOUND),
            (b"v=DKIM1; k=rsa; p=AAAA", Publication.UNUSABLE),
        ],
    )
    def test_a_key_that_is_not_published_does_not_sign(
        self, tenant: Tenant, record: bytes | None, expected: Publication
    ) -> None:
        """Mail with a signature that nobody can check is worse off than without."""
        key, zone = services.generate_dkim_key(tenant, DOMAIN, NOW), Zone()
        if record is not None:
            zone.records[key.name] = record
        with pytest.raises(NotPublished) as refused:
            services.activate_dkim_key(tenant, key.id, zone, NOW)
        assert refused.value.publication is expected
        assert again(tenant, key).state == KeyState.NEW
        assert again(tenant, key).publication == expected
        assert selectors.signing_key(tenant, DOMAIN) is None

    def test_without_an_answer_nothing_changes(self, tenant: Tenant) -> None:
        """A check of long ago does not count."""
        key, zone = services.generate_dkim_key(tenant, DOMAIN, NOW), Zone()
        zone.publish(key)
        assert services.check_dkim_key(tenant, key.id, zone, NOW) is Publication.FOUND
        with pytest.raises(NotPublished):
            services.activate_dkim_key(tenant, key.id, NoRecords(), NOW)
        assert again(tenant, key).state == KeyState.NEW

    def test_a_new_key_takes_the_place_of_the_one_before(self, tenant: Tenant) -> None:
        """Whose private key is gone and whose record stays for mail on its way."""
        zone = Zone()
        first = active(tenant, zone)
        second = active(tenant, zone, NOW + timedelta(hours=1))
        signer = selectors.signing_key(tenant, DOMAIN)
        assert signer is not None
        assert signer.selector == second.selector
        old = again(tenant, first)
        assert (old.state, old.private_key) == (KeyState.RETIRED, None)
        assert old.published_until == NOW + timedelta(days=7, hours=1)
        with tenant_scope(tenant):
            entry = AuditEntry.objects.filter(action="dkim.activate").first()
        assert entry is not None
        assert (entry.before, entry.after) == (
            {"selector": "ms202611-1"},
            {"selector": "ms202611-2"},
        )
        with pytest.raises(KeyRetired):
            services.activate_dkim_key(tenant, first.id, zone, NOW)

    def test_a_double_click_does_nothing_more(self, tenant: Tenant) -> None:
        """Neither a second entry in the audit log nor another time."""
        zone = Zone()
        key = active(tenant, zone)
        before = len(acts(tenant))
        assert not services.activate_dkim_key(tenant, key.id, zone, NOW + timedelta(hours=1))
        assert again(tenant, key).activated_at == NOW
        assert len(acts(tenant)) == before

    def test_the_database_knows_one_active_key_for_a_domain(self, tenant: Tenant) -> None:
        """Whatever the code does."""
        active(tenant, Zone())
        other = services.generate_dkim_key(tenant, DOMAIN, NOW)
        with tenant_scope(tenant), pytest.raises(IntegrityError), transaction.atomic():
            DkimKey.objects.filter(id=other.id).update(state=KeyState.ACTIVE)
        with tenant_scope(tenant), pytest.raises(IntegrityError), transaction.atomic():
            DkimKey.objects.filter(id=other.id).update(state=KeyState.RETIRED)


class TestRetire:
    def test_signing_stops_without_another_key(self, tenant: Tenant) -> None:
        """A record that was lost must not make every mail fail; a second click does nothing."""
        key = active(tenant, Zone())
        assert services.retire_dkim_key(tenant, key.id, NOW)
        assert not services.retire_dkim_key(tenant, key.id, NOW)
        assert selectors.signing_key(tenant, DOMAIN) is None
        assert (again(tenant, key).state, again(tenant, key).private_key) == ("retired", None)
        assert acts(tenant)[-1] == ("shell", "dkim.retire", DOMAIN)

    def test_a_key_that_does_not_sign_stays_as_it_is(self, tenant: Tenant) -> None:
        """A new one can still be put to use."""
        key = services.generate_dkim_key(tenant, DOMAIN, NOW)
        assert not services.retire_dkim_key(tenant, key.id, NOW)
        assert again(tenant, key).state == KeyState.NEW


class TestDelete:
    def test_new_and_retired_keys_are_deleted(self, tenant: Tenant) -> None:
        """The one that signs is not."""
        zone = Zone()
        first, second = active(tenant, zone), active(tenant, zone)
        third = services.generate_dkim_key(tenant, DOMAIN, NOW)
        for key in (first, third):
            services.delete_dkim_key(tenant, key.id)
        with pytest.raises(KeyInUse):
            services.delete_dkim_key(tenant, second.id)
        with pytest.raises(UnknownKey):
            services.delete_dkim_key(tenant, third.id)
        (domain,) = selectors.domain_keys(tenant)
        assert [key.id for key in domain.keys] == [second.id]
        assert acts(tenant)[-1] == ("shell", "dkim.delete", DOMAIN)


def test_the_signing_key_is_kept_for_seconds_and_forgotten_on_changes(tenant: Tenant) -> None:
    """A mail does not cost a look into the database and the opening of a key."""
    zone = Zone()
    active(tenant, zone)
    key = selectors.signing_key(tenant, DOMAIN)
    assert selectors.signing_key(tenant, DOMAIN) is key
    active(tenant, zone)
    assert selectors.signing_key(tenant, DOMAIN) is not key


def test_a_domain_that_is_given_up_is_not_signed_for(tenant: Tenant) -> None:
    """It may be another company's by then."""
    active(tenant, Zone())
    with public_scope():
        MailDomain.objects.filter(name=DOMAIN).delete()
    assert selectors.signing_key(tenant, DOMAIN) is None
    assert selectors.domain_keys(tenant) == []


def test_another_tenants_keys_are_not_there(tenant: Tenant, other_tenant: Tenant) -> None:
    """Neither to see nor to sign with, to check, activate or delete."""
    zone = Zone()
    key = active(tenant, zone)
    assert selectors.signing_key(other_tenant, DOMAIN) is None
    assert selectors.dkim_key(other_tenant, key.id) is None
    assert [each.keys for each in selectors.domain_keys(other_tenant)] == [()]
    with pytest.raises(UnknownKey):
        services.check_dkim_key(other_tenant, key.id, zone, NOW)
    with pytest.raises(UnknownKey):
        services.activate_dkim_key(other_tenant, key.id, zone, NOW)
    with pytest.raises(UnknownKey):
        services.delete_dkim_key(other_tenant, key.id)
