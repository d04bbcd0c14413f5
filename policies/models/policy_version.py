"""What a tenant wanted, and from when on."""

from __future__ import annotations

from django.db import models


class PolicyVersion(models.Model):
    """A row is one version of the tenant's policy: what differs from the defaults.

    The last row holds; earlier ones stay, because decisions name the version they were made by.
    """

    values = models.JSONField(default=dict)
    author = models.CharField(max_length=254)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"version {self.pk}"
