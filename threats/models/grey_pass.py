"""What greylisting remembers."""

from __future__ import annotations

from django.db import models


class GreyPass(models.Model):
    """A row is one network, sender and recipient whose mail was asked to come again.

    ``key`` is the first half of a SHA-256 over the three, so that nobody is named here.
    ``expires_at`` is the end of the time to come again, after that of the time to pass at once.
    """

    key = models.BinaryField(max_length=16, primary_key=True)
    first_seen = models.DateTimeField()
    passed = models.BooleanField(default=False)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name_plural = "grey passes"

    def __str__(self) -> str:
        return bytes(self.key).hex()
