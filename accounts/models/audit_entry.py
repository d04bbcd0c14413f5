"""The audit log: who did what, when and from where."""

from __future__ import annotations

from django.db import models


class AuditEntry(models.Model):
    """A row is one act of a person or of the operator's shell; rows are added, never changed.

    Personal data: actor, address; kept 3 years.
    """

    at = models.DateTimeField(auto_now_add=True)
    actor = models.CharField(max_length=254)
    address = models.GenericIPAddressField(null=True)
    action = models.CharField(max_length=60)
    subject = models.CharField(max_length=254, blank=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor} {self.action} {self.subject}"
