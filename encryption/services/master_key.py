"""What happens when the operator brings a new master key."""

from __future__ import annotations

import structlog
from django.db import transaction

from accounts.services import SHELL, record
from tenants.keys import current_master_key_id, unwrap, wrap
from tenants.models import TenantKey
from tenants.scope import public_scope

log = structlog.get_logger(__name__)


def rewrap_tenant_keys() -> int:
    """Wrap every tenant's key with the current master key; returns how many were wrapped anew.

    The tenants' keys themselves stay, so no content is touched, and a run that is cut short is
    simply run again. Afterwards the old master key may be taken out of the configuration.
    """
    current, count = current_master_key_id(), 0
    with public_scope():
        for key_id in TenantKey.objects.exclude(master_key_id=current).values_list("id", flat=True):
            with transaction.atomic():
                row = TenantKey.objects.select_for_update().select_related("tenant").get(id=key_id)
                key = unwrap(row.tenant.slug, bytes(row.wrapped), row.master_key_id)
                before = row.master_key_id
                row.wrapped, row.master_key_id = wrap(row.tenant.slug, key)
                row.save(update_fields=["wrapped", "master_key_id"])
                record(
                    actor=SHELL,
                    action="key.rewrap",
                    subject=row.tenant.slug,
                    before={"master_key": before},
                    after={"master_key": current},
                )
            count += 1
    log.info("tenant keys wrapped anew", count=count, master_key=current)
    return count
