"""One day's figures."""

from __future__ import annotations

from django.db import models


class DailyTally(models.Model):
    """A row holds the figures over the messages received on one day of the tenant's time zone."""

    day = models.DateField(unique=True)
    inbound = models.PositiveIntegerField(default=0)
    outbound = models.PositiveIntegerField(default=0)
    notices = models.PositiveIntegerField(default=0)
    quarantined = models.PositiveIntegerField(default=0)
    shunted = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    spam = models.PositiveIntegerField(default=0)
    forged = models.PositiveIntegerField(default=0)
    suspicious = models.PositiveIntegerField(default=0)
    viruses = models.PositiveIntegerField(default=0)
    file_types = models.PositiveIntegerField(default=0)
    held = models.PositiveIntegerField(db_default=0)
    discarded = models.PositiveIntegerField(db_default=0)
    zipped = models.PositiveIntegerField(db_default=0)
    bcc = models.PositiveIntegerField(db_default=0)

    class Meta:
        ordering = ["-day"]
        verbose_name_plural = "daily tallies"

    def __str__(self) -> str:
        return self.day.isoformat()
