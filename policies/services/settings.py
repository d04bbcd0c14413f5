"""What changes a tenant's policy settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from accounts.services import SHELL, record
from policies.errors import NotBought, PolicyChanged
from policies.models import PolicyVersion
from policies.pages import unbought
from policies.selectors import current_policy, forget
from policies.settings_keys import build, read
from tenants.models import Tenant
from tenants.scope import scoped
from tenants.services import set_listener_values


@scoped
def set_values(
    tenant: Tenant,
    changes: Mapping[str, str],
    *,
    author: str = SHELL,
    address: str | None = None,
    made_from: int | None = None,
) -> int:
    """Store a new version with these settings changed; all of them or none. Returns its number.

    ``address`` is where the author sits. PolicyChanged where ``made_from`` is not the last version,
    NotBought for settings of what the tenant's menu has not got.
    """
    if others := unbought(changes, tenant.menu):
        raise NotBought(others, tenant.menu_number)
    parsed = {key: read(key, text) for key, text in changes.items()}
    with transaction.atomic():
        # One writer at a time: the second would otherwise take the first one's change back.
        Tenant.objects.select_for_update().get(pk=tenant.pk)
        last = PolicyVersion.objects.first()
        if made_from is not None and made_from != (last.pk if last else 0):
            raise PolicyChanged(f"version {made_from} is not the last one")
        before: dict[str, Any] = last.values if last else {"language": tenant.language}
        row = PolicyVersion.objects.create(values=before | parsed, author=author)
        policy = build(row.pk, row.values)
        set_listener_values(
            tenant,
            check_recipients=policy.check_recipients,
            message_size_bytes=policy.message_size_bytes,
            reputation_check=policy.reputation_check,
            greylisting=policy.greylisting,
        )
        record(
            actor=author,
            action="policy.set",
            address=address,
            before={key: before.get(key) for key in parsed},
            after=parsed,
        )
    forget(tenant)
    current_policy(tenant)
    return row.pk
