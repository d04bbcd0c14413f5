"""Where a tenant's mail is handed on to."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.models.mail_domain import MailDomain
from tenants.models.tenant import Tenant


class TlsChoice(models.TextChoices):
    """How a hop is encrypted; the values are ``mailsec.gateway.delivery.TlsMode``'s."""

    NONE = "none", _("Never")
    OPPORTUNISTIC = "opportunistic", _("When offered")
    REQUIRED = "required", _("Always")
    VERIFIED = "verified", _("Always, certificate checked")


class NextHop(models.Model):
    """A row is one server for a mail domain's inbound mail, or, without a domain, a smart host.

    Lower ``priority`` is tried first; equal ones share the load.
    """

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="next_hops")
    domain = models.ForeignKey(MailDomain, models.CASCADE, null=True, related_name="next_hops")
    host = models.CharField(max_length=253)
    port = models.PositiveIntegerField(default=25)
    tls = models.CharField(
        max_length=13, choices=TlsChoice.choices, default=TlsChoice.OPPORTUNISTIC
    )
    priority = models.PositiveSmallIntegerField(default=10)

    class Meta:
        ordering = ["priority", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "domain", "host", "port"],
                name="next_hop_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=models.Q(port__gte=1, port__lte=65535), name="next_hop_port_valid"
            ),
            models.CheckConstraint(
                condition=models.Q(tls__in=TlsChoice.values), name="next_hop_tls_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"
