"""Whether an address of the tenant exists."""

from __future__ import annotations

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
