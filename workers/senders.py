"""What the processes have for authenticating senders: whom they ask, and what they seal with."""

from __future__ import annotations

import functools
import time

from django.conf import settings
from django.utils import timezone

from mailsec.gateway.checks.authenticator import SenderAuthenticator
from mailsec.gateway.dkim import signing
from mailsec.gateway.dkim.signing import SigningKey
from mailsec.gateway.ports import Authenticator
from tenants.dns import records


@functools.cache
def authenticator() -> Authenticator:
    """The process's checks of senders, with the answers that it remembers."""
    return SenderAuthenticator(records(settings.SENDER_DNS), timezone.now, time.monotonic)


@functools.cache
def arc_key() -> SigningKey | None:
    """The key that seals changed mail, None where the installation has none."""
    if settings.ARC_KEY is None:
        return None
    return signing.load(settings.ARC_DOMAIN, settings.ARC_SELECTOR, settings.ARC_KEY.read_bytes())
