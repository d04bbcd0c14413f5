"""One recipient's copy of a message."""

from __future__ import annotations

from django.db import models

from quarantine.choices import DeliveryState
from quarantine.models.message import StoredMessage


class Delivery(models.Model):
    """A row is one envelope recipient; its state ends at delivered, bounced, discarded or withheld.

    ``attempts`` also fences: a result counts only for the attempt it belongs to. ``form`` names the
    outgoing form that leaves, empty for the one of copies that nothing is done to.
    Personal data: recipient; kept as long as the message's row.
    """

    message = models.ForeignKey(StoredMessage, models.CASCADE, related_name="deliveries")
    recipient = models.CharField(max_length=320)
    state = models.CharField(max_length=9, choices=DeliveryState.choices)
    form = models.CharField(max_length=20, db_default="")
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    claimed_at = models.DateTimeField(null=True)
    sweep_at = models.DateTimeField(null=True)
    delay_told = models.BooleanField(default=False)
    remote_host = models.CharField(max_length=300, blank=True)
    remote_tls = models.CharField(max_length=20, blank=True)
    remote_code = models.PositiveSmallIntegerField(default=0)
    remote_status = models.CharField(max_length=12, blank=True)
    remote_reply = models.CharField(max_length=1000, blank=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(
                fields=["sweep_at"],
                condition=models.Q(state__in=["queued", "in-flight", "deferred"]),
                name="delivery_open",
            ),
            models.Index(fields=["recipient"], name="delivery_recipient"),
            # Few among many: the console counts them on its first page.
            models.Index(
                fields=["message"], condition=models.Q(state="bounced"), name="delivery_bounced"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=DeliveryState.values), name="delivery_state_known"
            ),
            models.UniqueConstraint(
                fields=["message", "recipient"], name="delivery_recipient_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.message_id} to {self.recipient}"
