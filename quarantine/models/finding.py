"""What was found in a message."""

from __future__ import annotations

from django.db import models

from quarantine.models.message import StoredMessage


class FindingRow(models.Model):
    """A row is one ``mailsec.gateway.verdict.Finding`` of one message."""

    message = models.ForeignKey(StoredMessage, models.CASCADE, related_name="findings")
    check_name = models.CharField(max_length=40)
    code = models.CharField(max_length=40)
    severity = models.CharField(max_length=12)
    part = models.PositiveIntegerField(null=True)
    detail = models.JSONField(default=dict)

    class Meta:
        ordering = ["id"]
        verbose_name = "finding"

    def __str__(self) -> str:
        return f"{self.message_id} {self.check_name}/{self.code}"
