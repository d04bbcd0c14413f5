"""System checks that stop a bad start."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register


@register(Tags.security)
def check_smtpd_tls(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """The listeners' certificate and key come together and can be read."""
    pair = (settings.SMTPD_TLS_CERTIFICATE, settings.SMTPD_TLS_KEY)
    if pair == (None, None):
        return [
            Warning(
                "The listeners have no certificate: STARTTLS is not offered.",
                hint="Set MAILSEC_SMTPD_TLS_CERTIFICATE and MAILSEC_SMTPD_TLS_KEY.",
                id="mailsec.W001",
            )
        ]
    if any(path is None or not Path(path).is_file() for path in pair):
        return [
            Error(
                "The listeners' certificate or key is missing.",
                hint="MAILSEC_SMTPD_TLS_CERTIFICATE and MAILSEC_SMTPD_TLS_KEY name two PEM files.",
                id="mailsec.E001",
            )
        ]
    return []


@register(Tags.security)
def check_leases(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """A delivery that is still under way must never be taken for a dead one."""
    if settings.DELIVERY_LEASE_SECONDS > settings.DELIVERY_SECONDS:
        return []
    return [
        Error(
            "A delivery's lease ends before the delivery must: mail would be sent twice.",
            hint="Set MAILSEC_DELIVERY_LEASE_SECONDS above MAILSEC_DELIVERY_SECONDS.",
            id="mailsec.E002",
        )
    ]
