"""An address of the tenant."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Lower


class Address(models.Model):
    """A row is one registered address, in lower case.

    Personal data: address, name; kept until the tenant removes it.
    """

    address = models.CharField(max_length=254, unique=True)
    name = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["address"]
        verbose_name_plural = "addresses"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(address=Lower("address")), name="address_lower"
            ),
        ]

    def __str__(self) -> str:
        return self.address
