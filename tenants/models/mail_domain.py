"""A mail domain of a tenant."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Lower

from tenants.models.tenant import Tenant


class MailDomain(models.Model):
    """A row is one whole mail domain, as A-labels in lower case (RFC 5890); one tenant owns it."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="mail_domains")
    name = models.CharField(max_length=253, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(name=Lower("name")), name="mail_domain_lower"
            ),
        ]

    def __str__(self) -> str:
        return self.name
