"""A key that signs a mail domain's outbound mail."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import models
from django.db.models.functions import Lower

from encryption.choices import PUBLISHED_AFTERWARDS, KeyState
from mailsec.gateway.dkim import publication
from mailsec.gateway.dkim.publication import Publication


class DkimKey(models.Model):
    """A row is one selector of one mail domain (RFC 6376 section 3.1).

    ``record`` is the public key as it is to be published; ``private_key`` is sealed with the
    tenant's key, and gone when the key is retired. ``publication`` is what the last check found.
    Personal data: created_by; kept until the key is deleted.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    domain = models.CharField(max_length=253)
    selector = models.CharField(max_length=63)
    record = models.TextField()
    private_key = models.BinaryField(null=True)
    state = models.CharField(max_length=8, choices=KeyState.choices, default=KeyState.NEW)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=254)
    checked_at = models.DateTimeField(null=True)
    publication = models.CharField(max_length=10, blank=True)
    activated_at = models.DateTimeField(null=True)
    retired_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["domain", "-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["domain", "selector"], name="dkim_key_selector_once"),
            models.UniqueConstraint(
                fields=["domain"],
                condition=models.Q(state=KeyState.ACTIVE),
                name="dkim_key_one_active",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=KeyState.values), name="dkim_key_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(publication__in=["", *(each.value for each in Publication)]),
                name="dkim_key_publication_known",
            ),
            models.CheckConstraint(
                condition=models.Q(domain=Lower("domain")), name="dkim_key_domain_lower"
            ),
            models.CheckConstraint(
                condition=models.Q(state=KeyState.RETIRED, private_key__isnull=True)
                | (~models.Q(state=KeyState.RETIRED) & models.Q(private_key__isnull=False)),
                name="dkim_key_retired_has_no_private_key",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """Where the record stands in the domain name system."""
        return publication.name_of(self.selector, self.domain)

    @property
    def short_name(self) -> str:
        """The same without the domain."""
        return self.name.removesuffix(f".{self.domain}")

    @property
    def strings(self) -> tuple[str, ...]:
        """The record as the strings of a TXT record."""
        return publication.strings_of(self.record.encode("ascii"))

    @property
    def zone_value(self) -> str:
        """The same as zone files write it."""
        return " ".join(f'"{each}"' for each in self.strings)

    @property
    def published_until(self) -> datetime | None:
        """How long a retired key's record is still needed by mail on its way."""
        return self.retired_at + PUBLISHED_AFTERWARDS if self.retired_at else None
