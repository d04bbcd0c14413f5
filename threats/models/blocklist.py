"""How a DNS block list stands."""

from __future__ import annotations

from django.db import models


class Blocklist(models.Model):
    """A row is one DNS block list of the settings as the listeners last found it.

    ``problem`` says why it is switched off, empty while it works. The figures are those of the
    listener process that wrote last, since its start.
    """

    zone = models.CharField(max_length=200, primary_key=True)
    working = models.BooleanField()
    problem = models.CharField(max_length=100, blank=True)
    since = models.DateTimeField()
    checked_at = models.DateTimeField()
    asked = models.PositiveBigIntegerField(default=0)
    listed = models.PositiveBigIntegerField(default=0)
    errors = models.PositiveBigIntegerField(default=0)
    unanswered = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ["zone"]

    def __str__(self) -> str:
        return self.zone
