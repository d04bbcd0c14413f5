"""An outbound mail that went to quarantine, of which its sender is told."""

from __future__ import annotations

from django.db import models

from quarantine.models.message import StoredMessage


class Stop(models.Model):
    """A row is one outbound mail that was kept back at its examination; its sender is told once.

    Mail of programs has none.
    Personal data: sender; kept as long as the message's row.
    """

    message = models.OneToOneField(
        StoredMessage, models.CASCADE, primary_key=True, related_name="stop"
    )
    sender = models.CharField(max_length=320)
    made_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["made_at"], condition=models.Q(told_at=None), name="stop_to_tell"),
            models.Index(fields=["sender", "told_at"], name="stop_told"),
        ]

    def __str__(self) -> str:
        return f"stop of {self.message_id}"
