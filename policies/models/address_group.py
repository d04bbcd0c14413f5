"""Groups of the tenant's people, for rules and for mailboxes that several of them use."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Lower


class AddressGroup(models.Model):
    """A row is one address, in lower case, that stands for several people of the tenant.

    Personal data: address, name, author; kept until the tenant removes the group.
    """

    address = models.CharField(max_length=254, unique=True)
    name = models.CharField(max_length=100, blank=True)
    author = models.CharField(max_length=254)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["address"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(address=Lower("address")), name="address_group_lower"
            ),
        ]

    def __str__(self) -> str:
        return self.address


class GroupMember(models.Model):
    """A row is one address, in lower case, that belongs to a group. Rows are replaced, never
    changed: their number and the newest id tell of each change.

    Personal data: address; kept until it leaves the group.
    """

    group = models.ForeignKey(AddressGroup, models.CASCADE, related_name="members")
    address = models.CharField(max_length=254)

    class Meta:
        ordering = ["address"]
        constraints = [
            models.UniqueConstraint(fields=["group", "address"], name="group_member_once"),
            models.CheckConstraint(
                condition=models.Q(address=Lower("address")), name="group_member_lower"
            ),
        ]

    def __str__(self) -> str:
        return self.address
