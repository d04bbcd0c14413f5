"""A rule of the tenant about mail that is held before it leaves."""

from __future__ import annotations

from django.db import models

from policies.choices import HoldAction


class HoldRuleRow(models.Model):
    """A row is one hold rule at its place in the order, with its conditions and exceptions.

    Each write gives the rows it touches a ``revision`` above all others: number of rows, newest id
    and greatest revision together tell of every change. Personal data: addresses in ``when`` and
    ``unless``, author; kept until the tenant removes the rule.
    """

    position = models.PositiveIntegerField()
    name = models.CharField(max_length=100)
    enabled = models.BooleanField(default=True)
    action = models.CharField(max_length=4, choices=HoldAction.choices)
    when = models.JSONField(default=dict)
    unless = models.JSONField(default=dict)
    revision = models.PositiveBigIntegerField()
    author = models.CharField(max_length=254)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["position"]
        verbose_name = "hold rule"
        constraints = [
            # Deferred, so that two rules can change places.
            models.UniqueConstraint(
                fields=["position"],
                name="hold_rule_position_once",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.UniqueConstraint(
                fields=["name"],
                name="hold_rule_name_once",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.CheckConstraint(
                condition=models.Q(action__in=HoldAction.values), name="hold_rule_action"
            ),
        ]

    def __str__(self) -> str:
        return self.name
