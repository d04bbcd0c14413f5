"""The tenant's registered addresses, and the people behind them."""

from __future__ import annotations

from django.db.models import Count, Max

from policies.models import Address
from tenants.models import Tenant
from tenants.scope import scoped


@scoped
def knows(tenant: Tenant, address: str) -> bool:
    """Whether mail for this address is taken where the tenant checks recipients.

    ``postmaster`` always is (RFC 5321 section 4.5.1). A tag behind ``+`` belongs to the address in
    front of it.
    """
    local, _, domain = address.lower().rpartition("@")
    if local == "postmaster":
        return True
    plain = f"{local.partition('+')[0]}@{domain}"
    return Address.objects.filter(address__in={f"{local}@{domain}", plain}).exists()


@scoped
def named(tenant: Tenant) -> list[tuple[str, str]]:
    """The name and the address of every registered person that has a name."""
    return list(Address.objects.exclude(name="").values_list("name", "address"))


@scoped
def edition(tenant: Tenant) -> tuple[int, int]:
    """A value that changes when addresses are added or removed."""
    found = Address.objects.aggregate(count=Count("id"), last=Max("id"))
    return found["count"], found["last"] or 0
