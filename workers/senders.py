"""What the processes have for authenticating senders: whom they ask."""

from __future__ import annotations

import functools
import time

from django.conf import settings
from django.utils import timezone

from mailsec.gateway.checks.authenticator import SenderAuthenticator
from mailsec.gateway.ports import Authenticator
from tenants.dns import records


@functools.cache
def authenticator() -> Authenticator:
    """The process's checks of senders, with the answers that it remembers."""
    return SenderAuthenticator(records(settings.SENDER_DNS), timezone.now, time.monotonic)
