"""The only writers of keys: the tenants' own under a new master key, and those that sign mail."""

from encryption.services.dkim import (
    MOST_KEYS,
    activate_dkim_key,
    check_dkim_key,
    delete_dkim_key,
    generate_dkim_key,
)
from encryption.services.master_key import rewrap_tenant_keys

__all__ = [
    "MOST_KEYS",
    "activate_dkim_key",
    "check_dkim_key",
    "delete_dkim_key",
    "generate_dkim_key",
    "rewrap_tenant_keys",
]
