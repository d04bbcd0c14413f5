"""What the tenant's own people taught the spam classifier."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from quarantine.models.message import StoredMessage


class SpamModel(models.Model):
    """The one row of a tenant is what its lessons add to the base model.

    Personal data: none; it holds weights of hashed features, not texts.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    data = models.BinaryField()
    version = models.PositiveIntegerField(default=0)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="spam_model_once"),
        ]

    def __str__(self) -> str:
        return f"version {self.version}"


class Lesson(models.Model):
    """A row is one "spam" or "not spam" about one message; ``step`` takes it back exactly.

    Personal data: author; kept as long as the message's row.
    """

    message = models.ForeignKey(StoredMessage, models.CASCADE, related_name="lessons")
    is_spam = models.BooleanField()
    step = models.BinaryField()
    author = models.CharField(max_length=320)
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["message"], condition=Q(undone_at=None), name="lesson_in_force_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.message_id} {'spam' if self.is_spam else 'not spam'}"
