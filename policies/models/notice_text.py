"""The tenant's own words for a notice."""

from __future__ import annotations

from django.db import models


class OwnNoticeText(models.Model):
    """A row is one notice in one language in the tenant's own words; without it, ours hold.

    Personal data: author; kept until the text is put back.
    """

    kind = models.CharField(max_length=12)
    language = models.CharField(max_length=2)
    subject = models.CharField(max_length=200)
    body = models.TextField()
    author = models.CharField(max_length=254)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["kind", "language"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "language"], name="notice_text_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.language}"
