"""The operator's pages about tenants."""

from __future__ import annotations

import pytest

from accounts.models import OperatorRole, TenantRole
from tenants import services
from tenants.models import State, Tenant
from tenants.values import ConnectorRequest
from tests.console import OPERATOR_HOST, Visitor, at_console, at_operator


@pytest.mark.parametrize("role", list(OperatorRole))
def test_every_role_of_the_operator_sees_the_tenants(
    tenant: Tenant, other_tenant: Tenant, role: OperatorRole
) -> None:
    """With menu, IDs, domains and a link to each console on the port that the page came from."""
    visitor = at_operator(role)
    page = visitor.get("/", headers={"host": f"{OPERATOR_HOST}:8080"}).content.decode()
    assert "Company alpha" in page
    assert "Company beta" in page
    assert "ZIP encryption" in page
    assert 'href="http://alpha.localhost:8080/"' in page


def test_the_tenant_page_shows_routes_and_connectors_without_their_secrets(tenant: Tenant) -> None:
    """A secret is shown once, in the shell, and never again."""
    services.add_next_hop(
        tenant, "mx1.alpha.example.jp:25", domain="alpha.example.jp", tls="required"
    )
    services.add_next_hop(tenant, "192.0.2.9:587", domain=None)
    _, secret = services.add_connector(tenant, ConnectorRequest("office", ["192.0.2.0/28"], "auth"))
    page = at_operator().get("/tenants/alpha/").content.decode()
    for shown in ("mx1.alpha.example.jp:25", "192.0.2.9:587", "192.0.2.0/28", "alpha-office"):
        assert shown in page
    assert secret not in page


def test_without_tenants_the_list_says_how_to_begin(db: None) -> None:
    """An empty table would say nothing."""
    Tenant.objects.all().delete()
    assert "There are no tenants yet." in at_operator().get("/").content.decode()


def test_a_closed_tenant_is_listed_without_a_way_to_its_console(tenant: Tenant) -> None:
    """Its host answers 404."""
    services.set_state(tenant, State.CLOSED)
    page = at_operator().get("/").content.decode()
    assert "Company alpha" in page
    assert "http://alpha.localhost" not in page
    assert Visitor("alpha.localhost").get("/").status_code == 404


def test_a_suspended_tenants_console_says_so(tenant: Tenant) -> None:
    """Its people wonder why no mail comes in."""
    services.set_state(tenant, State.SUSPENDED)
    assert "The service is suspended" in at_console(tenant).get("/").content.decode()


def test_strangers_see_no_tenant(db: None) -> None:
    """Both pages lead to sign-in."""
    for path in ("/", "/tenants/alpha/"):
        assert Visitor(OPERATOR_HOST).get(path).status_code == 302


def test_an_account_with_a_role_of_the_other_kind_may_open_nothing(tenant: Tenant) -> None:
    """Neither at the operator's nor at a tenant's console."""
    assert at_operator(TenantRole.OWNER).get("/").status_code == 403
    assert at_console(tenant, OperatorRole.ADMIN).get("/").status_code == 403


def test_pages_exist_on_their_own_host_alone(tenant: Tenant) -> None:
    """The operator's addresses are unknown at a tenant's console and the other way round."""
    assert at_console(tenant).get("/tenants/alpha/").status_code == 404
    assert at_operator().get("/messages/").status_code == 404


def test_what_is_not_there_is_not_found(db: None) -> None:
    """An unknown tenant, and a host that belongs to nobody."""
    assert at_operator().get("/tenants/nobody/").status_code == 404
    assert Visitor("nobody.localhost").get("/").status_code == 404


def test_pages_only_read(db: None) -> None:
    """There is nothing to send to them."""
    assert at_operator().post("/tenants/alpha/").status_code == 405
