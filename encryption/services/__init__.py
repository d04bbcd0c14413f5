"""The only writers of keys (the tenants' own, those that sign mail) and of archives' passwords."""

from encryption.services.archive_password import (
    Locked,
    allow_password_mails,
    keep_secret,
    secret_of,
    send_password_mails,
)
from encryption.services.dkim import (
    MOST_KEYS,
    activate_dkim_key,
    check_dkim_key,
    delete_dkim_key,
    generate_dkim_key,
    retire_dkim_key,
)
from encryption.services.master_key import rewrap_tenant_keys

__all__ = [
    "MOST_KEYS",
    "Locked",
    "activate_dkim_key",
    "allow_password_mails",
    "check_dkim_key",
    "delete_dkim_key",
    "generate_dkim_key",
    "keep_secret",
    "retire_dkim_key",
    "rewrap_tenant_keys",
    "secret_of",
    "send_password_mails",
]
