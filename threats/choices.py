"""Words of this app that stand in the database."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class ListKind(models.TextChoices):
    """Which list of senders."""

    ALLOW = "allow", _("Allow list")
    BLOCK = "block", _("Block list")
