"""Provisioning and what belongs to a tenant."""

from __future__ import annotations

import hashlib

import pytest
from django.db import connection

from tenants import keys, selectors, services
from tenants.errors import InvalidTenant, KeyMissing, TenantNotReady
from tenants.models import State, Tenant, TenantKey
from tenants.scope import current_schema, tenant_scope
from tenants.values import ConnectorRequest, Order


def schemas() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 't\\_%%'")
        return {name for (name,) in cursor.fetchall()}


@pytest.mark.parametrize(
    ("order", "field"),
    [
        (Order(slug="Bad Slug", name="x", menu=1), "slug"),
        (Order(slug="ops", name="x", menu=1), "slug"),
        (Order(slug="alpha", name="x", menu=1), "slug"),
        (Order(slug="gamma", name=" ", menu=1), "name"),
        (Order(slug="gamma", name="x", menu=7), "menu"),
        (Order(slug="gamma", name="x", menu=1, ids=99), "ids"),
        (Order(slug="gamma", name="x", menu=1, time_zone="Asia/Nowhere"), "time_zone"),
        (Order(slug="gamma", name="x", menu=1, language="fr"), "language"),
    ],
)
def test_a_bad_order_makes_nothing(tenant: Tenant, order: Order, field: str) -> None:
    """The field is named; neither row nor schema is left."""
    before = schemas(), Tenant.objects.count()
    with pytest.raises(InvalidTenant) as caught:
        services.provision(order)
    assert caught.value.field == field
    assert (schemas(), Tenant.objects.count()) == before


def test_a_tenant_that_fails_half_way_leaves_nothing(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The schema is dropped, the row is gone, and the next try succeeds."""
    before = schemas()

    def broken(made: Tenant) -> TenantKey:
        raise RuntimeError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(services, "make_key", broken)
        with pytest.raises(RuntimeError):
            services.provision(Order(slug="gamma", name="x", menu=1))
    assert schemas() == before
    assert not Tenant.objects.filter(slug="gamma").exists()
    assert services.provision(Order(slug="gamma", name="x", menu=1)).ready


def test_a_tenant_that_died_half_way_is_cleared_by_the_next_try(tenant: Tenant) -> None:
    """A row that is not ready, with its schema, is what a killed process leaves."""
    Tenant.objects.create(slug="gamma", schema_name="t_gamma", name="x", menu_number=1)
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA t_gamma")
    assert services.provision(Order(slug="gamma", name="x", menu=1)).ready


def test_only_ready_tenants_are_opened(tenant: Tenant) -> None:
    """Neither a half-made tenant nor public."""
    half = Tenant(slug="half", schema_name="t_half", ready=False)
    public = Tenant(slug="p", schema_name="public", ready=True)
    for wrong in (half, public):
        with pytest.raises(TenantNotReady), tenant_scope(wrong):
            pass


def test_the_schema_is_closed_again_when_the_block_fails(
    tenant: Tenant, other_tenant: Tenant
) -> None:
    """What was open before is open afterwards, on every way out."""
    with pytest.raises(ZeroDivisionError), tenant_scope(tenant):
        with tenant_scope(other_tenant):
            assert current_schema() == "t_beta"
        assert current_schema() == "t_alpha"
        raise ZeroDivisionError
    assert current_schema() == "public"


def test_a_domain_belongs_to_one_tenant(tenant: Tenant, other_tenant: Tenant) -> None:
    """Neither twice nor to another one."""
    for each in (tenant, other_tenant):
        with pytest.raises(InvalidTenant):
            services.add_domain(each, "ALPHA.example.jp")


def test_a_closed_tenant_stays_closed(tenant: Tenant) -> None:
    """Suspended tenants come back, closed ones do not."""
    services.set_state(tenant, State.SUSPENDED)
    services.set_state(tenant, State.ACTIVE)
    services.set_state(tenant, State.CLOSED)
    with pytest.raises(InvalidTenant):
        services.set_state(tenant, State.ACTIVE)


def test_a_connectors_secret_is_shown_once_and_kept_as_a_hash(tenant: Tenant) -> None:
    """The database never holds the secret."""
    row, secret = services.add_connector(
        tenant, ConnectorRequest(name="office", networks=["192.0.2.0/24"], proof="auth")
    )
    assert len(secret) >= 32
    assert bytes(row.secret_sha256) == hashlib.sha256(secret.encode()).digest()
    assert row.username == "alpha-office"


def test_next_hops_are_added_once_and_removed(tenant: Tenant) -> None:
    """With their port, for a domain of the tenant only."""
    services.add_next_hop(tenant, "mx.example.jp:2525", domain="alpha.example.jp", tls="required")
    with pytest.raises(InvalidTenant):
        services.add_next_hop(tenant, "mx.example.jp:2525", domain="alpha.example.jp")
    with pytest.raises(InvalidTenant):
        services.add_next_hop(tenant, "mx.example.jp", domain="beta.example.jp")
    hops = selectors.hops_for("alpha.example.jp")
    assert hops is not None
    assert [str(hop) for hop in hops] == ["mx.example.jp:2525"]
    services.remove_next_hop(tenant, "mx.example.jp:2525", domain="alpha.example.jp")
    with pytest.raises(InvalidTenant):
        services.remove_next_hop(tenant, "mx.example.jp:2525", domain="alpha.example.jp")


class TestKeys:
    def test_a_key_opens_only_for_its_tenant_and_with_its_master_key(self, tenant: Tenant) -> None:
        """A wrapped key that was moved to another row is useless."""
        wrapped, master_id = keys.wrap("alpha", bytes(range(32)))
        assert keys.unwrap("alpha", wrapped, master_id) == bytes(range(32))
        with pytest.raises(KeyMissing):
            keys.unwrap("beta", wrapped, master_id)
        with pytest.raises(KeyMissing):
            keys.unwrap("alpha", wrapped, "lost")

    def test_tenants_have_different_keys(self, tenant: Tenant, other_tenant: Tenant) -> None:
        """256 bits each."""
        assert keys.key_of(tenant) != keys.key_of(other_tenant)
        assert len(keys.key_of(tenant)) == 32
