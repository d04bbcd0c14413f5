"""A person who signs in."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _


class OperatorRole(models.TextChoices):
    """What a member of the operator's staff may do (users of the public schema)."""

    ADMIN = "operator-admin", _("Operator administrator")
    SUPPORT = "operator-support", _("Support")
    VIEWER = "operator-viewer", _("Viewer")


class TenantRole(models.TextChoices):
    """What a person of a tenant may do (users of the tenant's schema)."""

    OWNER = "owner", _("Owner")
    ADMIN = "admin", _("Administrator")
    HELPDESK = "helpdesk", _("Help desk")
    AUDITOR = "auditor", _("Auditor")


class User(AbstractBaseUser):
    """A row is one account of one console: the operator's in public, a tenant's in its own schema.

    Personal data: email, name; kept until the account is deleted.
    """

    email = models.EmailField(_("e-mail address"), max_length=254, unique=True)
    name = models.CharField(_("name"), max_length=100, blank=True)
    role = models.CharField(
        _("role"), max_length=20, choices=OperatorRole.choices + TenantRole.choices
    )
    language = models.CharField(_("language"), max_length=2, default="ja")
    is_active = models.BooleanField(_("active"), default=True)
    failed_sign_ins = models.PositiveSmallIntegerField(default=0)
    locked_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = BaseUserManager["User"]()

    USERNAME_FIELD = "email"

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")), name="user_email_lower"
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=[*OperatorRole.values, *TenantRole.values]),
                name="user_role_known",
            ),
        ]

    def __str__(self) -> str:
        return self.email

    def is_locked(self, now: datetime) -> bool:
        """Whether sign-in is refused because of too many failures."""
        return self.locked_until is not None and now < self.locked_until

    @property
    def administers(self) -> bool:
        """Owners and administrators change what the tenant wants; the others read it."""
        return self.role in {TenantRole.OWNER, TenantRole.ADMIN}

    @property
    def reads_bodies(self) -> bool:
        """Auditors and operators' viewers see everything but what people wrote (product, 1)."""
        return self.role in {TenantRole.OWNER, TenantRole.ADMIN, TenantRole.HELPDESK}
