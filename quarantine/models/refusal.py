"""Mail that was turned away before it was taken."""

from __future__ import annotations

from django.db import models

from quarantine.choices import RefusalReason


class Refusal(models.Model):
    """A row is one recipient of one connection that heard a refusal instead of 250.

    ``reference`` stands in the reply that the sender got. ``count`` is how often the connection
    tried; a row of the reason MANY counts what was not written down one by one in its minute, and
    names nobody. ``grey_key`` is greylisting's own of this network, sender and recipient, and
    ``taken_at`` when mail with it was first taken afterwards, within a day. Personal data:
    client_ip, helo, sender, recipient; kept as long as the trace.
    """

    at = models.DateTimeField()
    client_ip = models.GenericIPAddressField(null=True)
    helo = models.CharField(max_length=255, blank=True)
    sender = models.CharField(max_length=320, blank=True)
    recipient = models.CharField(max_length=320, blank=True)
    code = models.PositiveSmallIntegerField()
    reason = models.CharField(max_length=10, choices=RefusalReason.choices)
    detail = models.JSONField(default=dict)
    reference = models.CharField(max_length=16, blank=True)
    count = models.PositiveIntegerField(default=1)
    grey_key = models.BinaryField(max_length=16, null=True)
    taken_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(reason__in=RefusalReason.values), name="refusal_reason_known"
            ),
        ]
        indexes = [
            models.Index(fields=["at"], name="refusal_at"),
            models.Index(fields=["client_ip"], name="refusal_client"),
            models.Index(fields=["reference"], name="refusal_reference"),
            models.Index(
                fields=["grey_key"],
                name="refusal_put_off",
                condition=models.Q(grey_key__isnull=False, taken_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.reason} {self.client_ip}"
