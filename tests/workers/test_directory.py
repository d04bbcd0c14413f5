"""The listeners' view of the tenants."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

import pytest

from policies.services import set_values
from tenants import services
from tenants.models import Tenant
from workers.directory import DatabaseDirectory, Snapshot, take_snapshot


def directory_with(snapshot: Snapshot) -> DatabaseDirectory:
    directory = DatabaseDirectory(threads=1)
    directory._snapshot = snapshot
    directory.close()
    return directory


def test_domains_lead_to_their_tenants(tenant: Tenant, other_tenant: Tenant) -> None:
    """With what each allows; nobody receives for another domain."""
    directory = directory_with(take_snapshot())
    alpha = directory.mail_domain("alpha.example.jp")
    assert alpha is not None
    assert (alpha.slug, alpha.accepts, alpha.outbound) == ("alpha", True, True)
    assert directory.mail_domain("example.org") is None
    assert directory.domains_of("beta") == {"beta.example.jp"}
    assert directory.domains_of("nobody") == frozenset()


def test_a_policy_reaches_the_listeners(tenant: Tenant) -> None:
    """The next snapshot has it."""
    set_values(tenant, {"check_recipients": "true", "message_size_bytes": "2097152"})
    route = directory_with(take_snapshot()).mail_domain("alpha.example.jp")
    assert route is not None
    assert (route.check_recipients, route.message_size) == (True, 2 * 1024 * 1024)


@pytest.mark.parametrize("state", ["suspended", "closed"])
def test_a_suspended_tenant_takes_nothing_and_a_closed_one_is_unknown(
    tenant: Tenant, state: str
) -> None:
    """The first gets a temporary answer, since it may come back."""
    services.set_state(tenant, state)
    route = directory_with(take_snapshot()).mail_domain("alpha.example.jp")
    if state == "closed":
        assert route is None
    else:
        assert route is not None
        assert not route.accepts


def test_connectors_are_found_by_their_networks_alone(tenant: Tenant) -> None:
    """Of the client's own address family."""
    snapshot = take_snapshot()
    route = snapshot.domains["alpha.example.jp"]
    from ipaddress import ip_network

    from workers.smtpd.ports import ConnectorInfo

    connector = ConnectorInfo("office", "office", route, (ip_network("192.0.2.0/24"),), "auth")
    directory = directory_with(replace(snapshot, connectors=(connector,)))
    assert directory.connectors_for(ip_address("192.0.2.7")) == (connector,)
    assert directory.connectors_for(ip_address("198.51.100.7")) == ()
    assert directory.connectors_for(ip_address("2001:db8::7")) == ()
