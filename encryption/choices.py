"""States as they are stored."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

# Mail that was signed with a retired key may be on its way, or wait at its recipient's server.
PUBLISHED_AFTERWARDS = timedelta(days=7)


class KeyState(models.TextChoices):
    """Where a key of a domain stands; at most one is active."""

    ACTIVE = "active", _("Signing")
    NEW = "new", _("Not in use yet")
    RETIRED = "retired", _("Retired")
