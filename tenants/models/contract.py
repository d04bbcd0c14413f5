"""What a tenant has bought."""

from __future__ import annotations

from django.db import models

from tenants.models.tenant import Tenant

LEAST_IDS = 100


class Contract(models.Model):
    """A row is one tenant's contract: number of IDs (addresses), a year at a time."""

    tenant = models.OneToOneField(Tenant, models.CASCADE, related_name="contract")
    ids = models.PositiveIntegerField(default=LEAST_IDS)
    starts_on = models.DateField()
    ends_on = models.DateField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ids__gte=LEAST_IDS), name="contract_ids_at_least_100"
            ),
            models.CheckConstraint(
                condition=models.Q(ends_on__gt=models.F("starts_on")), name="contract_ends_later"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tenant}: {self.ids} IDs until {self.ends_on}"
