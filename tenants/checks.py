"""System checks that stop a bad start."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from mailsec.gateway.dkim import signing


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


@register(Tags.security)
def check_senders(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Whom the checks of senders ask, and what changed mail is sealed with."""
    found: list[CheckMessage] = []
    if not re.fullmatch(r"system|off|.+:[0-9]{1,5}", settings.SENDER_DNS):
        found.append(
            Error(
                "Nobody knows whom to ask about senders.",
                hint="MAILSEC_SENDER_DNS is system, off, or the host:port of a name server.",
                id="mailsec.E003",
            )
        )
    if any((settings.ARC_DOMAIN, settings.ARC_SELECTOR, settings.ARC_KEY)) and not _can_seal():
        found.append(
            Error(
                "Changed mail cannot be sealed.",
                hint="MAILSEC_ARC_DOMAIN and MAILSEC_ARC_SELECTOR name the public key, "
                "MAILSEC_ARC_KEY a PEM file with the RSA key of 1024 bits or more.",
                id="mailsec.E004",
            )
        )
    return found


def _can_seal() -> bool:
    if not (settings.ARC_DOMAIN and settings.ARC_SELECTOR and settings.ARC_KEY):
        return False
    try:
        signing.load(settings.ARC_DOMAIN, settings.ARC_SELECTOR, settings.ARC_KEY.read_bytes())
    except (OSError, ValueError):
        return False
    return True
