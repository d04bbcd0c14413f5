"""A company that is served."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_tenants.models import TenantMixin

from tenants.menu import MENUS, Menu

# A slug is a DNS label (RFC 1035 section 2.3.1) and, with its prefix, a PostgreSQL schema name.
validate_slug = RegexValidator(
    r"\A[a-z][a-z0-9]*(-[a-z0-9]+)*\Z", _("Use lower-case letters, digits and single hyphens.")
)
RESERVED_SLUGS = frozenset({"ops", "url", "www", "mail", "secure", "api", "static", "public"})


class State(models.TextChoices):
    """Where a tenant stands with the operator."""

    TRIAL = "trial", _("Trial")
    ACTIVE = "active", _("Active")
    SUSPENDED = "suspended", _("Suspended")
    CLOSED = "closed", _("Closed")


class Tenant(TenantMixin):  # type: ignore[misc]  # django-tenants publishes no types
    """A row is one company; its mail lives in the schema ``schema_name``.

    ``check_recipients``, ``message_size_bytes``, ``reputation_check`` and ``greylisting`` are
    copies of the tenant's policy for the listeners, which must not open a schema for each RCPT;
    ``lists_version`` tells them when to read the tenant's lists anew; policies.services writes all.
    Personal data: contact; kept until the tenant is purged.
    """

    auto_create_schema = False
    auto_drop_schema = False

    slug = models.CharField(max_length=40, unique=True, validators=[validate_slug])
    name = models.CharField(max_length=100)
    menu_number = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.ACTIVE)
    ready = models.BooleanField(default=False)
    language = models.CharField(max_length=2, default="ja")
    time_zone = models.CharField(max_length=40, default="Asia/Tokyo")
    contact = models.CharField(max_length=254, blank=True)
    check_recipients = models.BooleanField(default=False)
    message_size_bytes = models.PositiveIntegerField(default=50 * 1024 * 1024)
    reputation_check = models.BooleanField(default=True)
    greylisting = models.BooleanField(default=True)
    lists_version = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["slug"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(menu_number__in=list(MENUS)), name="tenant_menu_known"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=State.values), name="tenant_state_known"
            ),
        ]

    def __str__(self) -> str:
        return self.slug

    @property
    def menu(self) -> Menu:
        return MENUS[self.menu_number]

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def accepts_mail(self) -> bool:
        """Suspended tenants' mail is asked to come later, closed ones' is unknown."""
        return self.ready and self.state in {State.TRIAL, State.ACTIVE}
