"""Words that rows of this app are chosen from."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from mailsec.gateway.outbound.rules import RuleAction


class HoldAction(models.TextChoices):
    """What a hold rule does with the copies that it meets."""

    HOLD = RuleAction.HOLD.value, _("Hold")
    PASS = RuleAction.PASS.value, _("Send at once")
