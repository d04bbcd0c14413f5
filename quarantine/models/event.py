"""The trace: what happened to a message, step by step."""

from __future__ import annotations

from django.db import models

from quarantine.choices import EventKind
from quarantine.models.message import StoredMessage


class Event(models.Model):
    """A row is one step, written in the transaction that made it; rows are added, never changed."""

    message = models.ForeignKey(StoredMessage, models.CASCADE, related_name="events")
    at = models.DateTimeField()
    kind = models.CharField(max_length=11, choices=EventKind.choices)
    data = models.JSONField(default=dict)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.message_id} {self.kind}"
