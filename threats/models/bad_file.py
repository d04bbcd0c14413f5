"""A file that is known to be harmful."""

from __future__ import annotations

from django.db import models


class BadFile(models.Model):
    """A row is one SHA-256 that the operator's staff blocks for every tenant."""

    sha256 = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=100)
    note = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(sha256__regex=r"^[0-9a-f]{64}$"), name="bad_file_sha256"
            ),
        ]

    def __str__(self) -> str:
        return self.name
