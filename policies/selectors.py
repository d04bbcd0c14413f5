"""Reading what a tenant wants."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mailsec.gateway.policy import Language, Policy
from policies.models import Address, PolicyVersion
from policies.settings_keys import KEYS, build
from tenants.models import Tenant
from tenants.scope import scoped
from tenants.selectors import domains_of

_KEEP_SECONDS = 2.0
# Keyed by schema: a policy must never be found under another tenant's name.
_kept: dict[str, tuple[float, Policy]] = {}


@scoped
def current_policy(tenant: Tenant) -> Policy:
    """The policy that holds now, at most two seconds old; without a version, the defaults."""
    kept_at, policy = _kept.get(tenant.schema_name, (0.0, None))
    now = time.monotonic()
    if policy is not None and now - kept_at < _KEEP_SECONDS:
        return policy
    row = PolicyVersion.objects.first()
    policy = build(row.pk, row.values) if row else Policy(language=Language(tenant.language))
    policy = replace(policy, own_domains=tuple(sorted(domains_of(tenant))))
    _kept[tenant.schema_name] = (now, policy)
    return policy


def forget(tenant: Tenant) -> None:
    """Read the policy anew next time; other processes follow within two seconds."""
    _kept.pop(tenant.schema_name, None)


@scoped
def policy_values(tenant: Tenant) -> Mapping[str, Any]:
    """Every setting with the value that holds now, for people."""
    policy = current_policy(tenant)
    return {key: getattr(policy, key) for key in sorted(KEYS)}


@scoped
def address_count(tenant: Tenant) -> int:
    """How many addresses are registered."""
    return Address.objects.count()
