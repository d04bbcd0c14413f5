"""An entry of the tenant's allow and block lists."""

from __future__ import annotations

from django.db import models

from threats.choices import ListKind


class ListEntry(models.Model):
    """A row is one address, domain, IP address or network on a list of the whole tenant, or on the
    own list of ``recipient``. Rows are replaced, never changed: the newest id tells of each change.

    Personal data: entry, recipient, author; kept until it is removed, past its expiry for a month.
    """

    kind = models.CharField(max_length=5, choices=ListKind.choices)
    entry = models.CharField(max_length=254)
    recipient = models.CharField(max_length=254, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    author = models.CharField(max_length=254)
    note = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["entry", "recipient", "kind"]
        verbose_name_plural = "list entries"
        constraints = [
            models.UniqueConstraint(fields=["kind", "entry", "recipient"], name="list_entry_once"),
            models.CheckConstraint(
                condition=models.Q(kind__in=ListKind.values), name="list_entry_kind"
            ),
        ]
        indexes = [models.Index(fields=["recipient"], name="list_entry_recipient")]

    def __str__(self) -> str:
        return f"{self.kind} {self.entry}"
