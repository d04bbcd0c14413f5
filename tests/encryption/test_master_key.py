"""A new master key."""

from __future__ import annotations

import os
from typing import Any

from encryption.services import rewrap_tenant_keys
from tenants import keys
from tenants.models import Tenant, TenantKey


def test_rewrapping_brings_every_key_under_the_new_master_key(
    tenant: Tenant, other_tenant: Tenant, settings: Any
) -> None:
    """The keys stay the same; afterwards the old master key is not needed; twice does nothing."""
    before = {each.slug: keys.key_of(each) for each in (tenant, other_tenant)}
    settings.MASTER_KEYS = {"new": os.urandom(32)} | settings.MASTER_KEYS
    assert rewrap_tenant_keys() == 2
    assert rewrap_tenant_keys() == 0
    settings.MASTER_KEYS = {"new": settings.MASTER_KEYS["new"]}
    for row in TenantKey.objects.select_related("tenant"):
        opened = keys.unwrap(row.tenant.slug, bytes(row.wrapped), row.master_key_id)
        assert opened == before[row.tenant.slug]
