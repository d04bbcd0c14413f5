"""The users' digest: who was told of what, and the links that they were given."""

from __future__ import annotations

from django.db import models

from quarantine.models.delivery import Delivery


class Digest(models.Model):
    """A row is one digest mail: one recipient's, of one day of the tenant's calendar, sent once.

    ``token_hash`` is the SHA-256 of the random token that opens the page with all its mails, until
    ``expires_at``, when the last of its links ends; digests of before have neither.
    Personal data: recipient; kept as long as its links, at most the tenant's ``trace_days``.
    """

    recipient = models.CharField(max_length=320)
    day = models.DateField()
    created_at = models.DateTimeField()
    notice = models.UUIDField()
    token_hash = models.BinaryField(max_length=32, unique=True, null=True)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["recipient", "day"], name="digest_once_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.recipient} {self.day}"


class DigestLink(models.Model):
    """A row is the link to one withheld copy, in the only digest that tells of it.

    ``token_hash`` is the SHA-256 of the random token in the link. It opens this copy and nothing
    else, until ``expires_at``, when the content is removed.
    Personal data: none of its own.
    """

    digest = models.ForeignKey(Digest, models.CASCADE, related_name="links")
    delivery = models.OneToOneField(Delivery, models.CASCADE, related_name="digest_link")
    token_hash = models.BinaryField(max_length=32, unique=True)
    expires_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"link to {self.delivery_id}"
