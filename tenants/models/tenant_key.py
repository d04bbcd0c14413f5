"""The key that a tenant's content is encrypted with."""

from __future__ import annotations

from django.db import models

from tenants.models.tenant import Tenant


class TenantKey(models.Model):
    """A row holds one tenant's 256-bit key, wrapped by the master key named ``master_key_id``."""

    tenant = models.OneToOneField(Tenant, models.CASCADE, related_name="key")
    wrapped = models.BinaryField()
    master_key_id = models.CharField(max_length=40)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.tenant} ({self.master_key_id})"
