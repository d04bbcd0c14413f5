"""What the records say of people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from mailsec.gateway.deception import names
from policies.services import import_addresses
from quarantine import services
from tenants.models import Tenant
from tests.quarantine.making import NOW, arrive, outcome, settlement
from workers import relations
from workers.relations import TenantRelations

SENDER, USER = "partner@example.net", "b@alpha.example.jp"


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    yield
    relations._kept.clear()


def addresses_of(tenant: Tenant, name: str) -> set[str]:
    found = TenantRelations(tenant)
    return {each for key in names.keys(name) for each in found.addresses_of(key)}


def deliver(tenant: Tenant, sender: str, recipient: str) -> None:
    message_id = arrive(tenant, recipient, sender=sender)
    services.record_outcome(tenant, message_id, outcome(), NOW)
    (claim,) = services.claim_deliveries(tenant, message_id, NOW)
    services.settle_deliveries(tenant, message_id, [settlement(claim)], NOW)


def test_people_are_found_by_their_names_however_written(
    tenant: Tenant, other_tenant: Tenant
) -> None:
    """Of this tenant alone."""
    import_addresses(tenant, ["taro@alpha.example.jp,見本 太郎", "h@alpha.example.jp,Hana Sample"])
    assert addresses_of(tenant, "見本太郎 様") == {"taro@alpha.example.jp"}
    assert addresses_of(tenant, "Sample, Hana") == {"h@alpha.example.jp"}
    assert addresses_of(tenant, "見本 次郎") == set()
    assert addresses_of(other_tenant, "見本太郎") == set()


def test_a_new_person_is_found_when_the_register_is_read_again(tenant: Tenant) -> None:
    """It is kept for half a minute, and read again only where it changed."""
    assert addresses_of(tenant, "Hana Sample") == set()
    import_addresses(tenant, ["h@alpha.example.jp,Hana Sample"])
    kept = relations._kept[tenant.schema_name]
    relations._kept[tenant.schema_name] = relations._People(
        kept.asked_at - 60, kept.edition, kept.by_key
    )
    assert addresses_of(tenant, "Hana Sample") == {"h@alpha.example.jp"}


def test_delivered_mail_makes_a_sender_known_to_its_recipients_alone(
    tenant: Tenant, other_tenant: Tenant
) -> None:
    """Not to colleagues, not to another company, and not while the mail is still on its way."""
    found = TenantRelations(tenant)
    arrive(tenant, USER, sender=SENDER)
    assert not found.has_corresponded(SENDER, (USER,))
    deliver(tenant, SENDER, USER)
    assert found.has_corresponded(SENDER, (USER,))
    assert not found.has_corresponded(SENDER, ("other@alpha.example.jp",))
    assert not TenantRelations(other_tenant).has_corresponded(SENDER, (USER,))


@pytest.mark.parametrize(
    ("header_from", "knows"),
    [
        ("partner@example.net", True),
        ("Partner <PARTNER@example.net>", True),
        ("a@example.com, <partner@example.net>", True),
        ("x.partner@example.net", False),
        ("partner@example.net.example.com", False),
        ("partner@example.network", False),
        ('"partner@example.net" <a@example.com>', False),
        ("partnerXexample.net", False),
    ],
)
def test_an_author_is_known_by_the_whole_address(
    tenant: Tenant, header_from: str, knows: bool
) -> None:
    """A part of a known one is somebody else's: whoever registers example.co would be known as all
    who write from example.com."""
    message_id = arrive(tenant, USER, sender="bounces@lists.example.org")
    facts = replace(outcome(), header_from=header_from)
    services.record_outcome(tenant, message_id, facts, NOW)
    (claim,) = services.claim_deliveries(tenant, message_id, NOW)
    services.settle_deliveries(tenant, message_id, [settlement(claim)], NOW)
    assert TenantRelations(tenant).has_corresponded(SENDER, (USER,)) is knows


@pytest.mark.parametrize(
    "sender", ["a\0@example.net", "a\ud800@example.net", "", "(*[\\", "a" * 999]
)
def test_no_text_of_a_sender_stops_the_question(tenant: Tenant, sender: str) -> None:
    """It is whatever a stranger wrote; who names nobody is not known by the bounces that came."""
    deliver(tenant, "", USER)
    assert not TenantRelations(tenant).has_corresponded(sender, (USER,))
