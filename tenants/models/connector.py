"""Who may hand in a tenant's outbound mail."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.models.tenant import Tenant


class Proof(models.TextChoices):
    """How a connector shows whose it is, besides its source network (product, 3)."""

    AUTH = "auth", _("User name and password (SMTP AUTH)")
    CERTIFICATE = "certificate", _("Client certificate")
    HEADER = "header", _("Secret header, for shared clouds")


class Connector(models.Model):
    """A row binds source networks and a proof to one tenant.

    Secrets are made by the service, 256 bits at random, and kept as SHA-256: a slow hash guards
    guessable secrets, and these are not.
    """

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="connectors")
    name = models.CharField(max_length=60)
    networks = ArrayField(models.CharField(max_length=43))
    proof = models.CharField(max_length=11, choices=Proof.choices)
    username = models.CharField(max_length=100, blank=True)
    secret_sha256 = models.BinaryField(max_length=32, default=bytes)
    header_name = models.CharField(max_length=60, blank=True)
    certificate_pem = models.TextField(blank=True)
    certificate_sha256 = models.BinaryField(max_length=32, default=bytes)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "name"], name="connector_name_once"),
            models.UniqueConstraint(
                fields=["username"],
                condition=~models.Q(username=""),
                name="connector_username_once",
            ),
            models.CheckConstraint(
                condition=models.Q(proof__in=Proof.values), name="connector_proof_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tenant}/{self.name}"
