"""An entry of the operator's allow and block lists."""

from __future__ import annotations

from django.db import models

from threats.choices import ListKind


class SenderEntry(models.Model):
    """A row is one address, domain, IP address or network that the operator allows or blocks for
    every tenant. Rows are replaced, never changed: the newest id tells of each change.

    Personal data: entry, author; kept until it is removed, past its expiry for a month.
    """

    kind = models.CharField(max_length=5, choices=ListKind.choices)
    entry = models.CharField(max_length=254)
    expires_at = models.DateTimeField(null=True, blank=True)
    author = models.CharField(max_length=254)
    note = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["entry", "kind"]
        verbose_name_plural = "sender entries"
        constraints = [
            models.UniqueConstraint(fields=["kind", "entry"], name="sender_entry_once"),
            models.CheckConstraint(
                condition=models.Q(kind__in=ListKind.values), name="sender_entry_kind"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.entry}"
