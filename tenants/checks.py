"""System checks that stop a bad start."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from mailsec.gateway.dkim import signing
from tenants.service_key import speaks_for_notices


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
    """Whom the checks of senders ask."""
    if re.fullmatch(r"system|off|.+:[0-9]{1,5}", settings.SENDER_DNS):
        return []
    return [
        Error(
            "Nobody knows whom to ask about senders.",
            hint="MAILSEC_SENDER_DNS is system, off, or the host:port of a name server.",
            id="mailsec.E003",
        )
    ]


@register(Tags.security)
def check_signing_key(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """The service's own key can be read, and receivers take it for the notices' own."""
    if not _has_key():
        return []
    reason = _fault_of_key()
    if reason:
        return [
            Error(
                f"The service's own key cannot be used: {reason}.",
                hint="MAILSEC_SIGNING_DOMAIN and MAILSEC_SIGNING_SELECTOR name the public key, "
                "MAILSEC_SIGNING_KEY a PEM file with the RSA key of 1024 bits or more, which the "
                "workers and the web can read. Set all three or none.",
                id="mailsec.E004",
            )
        ]
    if speaks_for_notices(settings.SIGNING_DOMAIN):
        return []
    return [
        Warning(
            f"Notices leave unsigned: a key of {settings.SIGNING_DOMAIN} does not count for mail "
            f"from {settings.MAIL_HOSTNAME}.",
            hint="MAILSEC_SIGNING_DOMAIN must be MAILSEC_MAIL_HOSTNAME or a domain above it.",
            id="mailsec.W002",
        )
    ]


@register(Tags.security, deploy=True)
def check_notices_are_signed(
    app_configs: Sequence[Any] | None, **kwargs: Any
) -> list[CheckMessage]:
    """A service that goes into production has a key."""
    if _has_key():
        return []
    return [
        Warning(
            "The service has no key of its own: notices and bounces leave unsigned.",
            hint="Set MAILSEC_SIGNING_DOMAIN, MAILSEC_SIGNING_SELECTOR and MAILSEC_SIGNING_KEY.",
            id="mailsec.W003",
        )
    ]


def _has_key() -> bool:
    return any((settings.SIGNING_DOMAIN, settings.SIGNING_SELECTOR, settings.SIGNING_KEY))


def _fault_of_key() -> str:
    """Why the key signs nothing; empty where it does."""
    path = settings.SIGNING_KEY
    if not (settings.SIGNING_DOMAIN and settings.SIGNING_SELECTOR and path):
        return "one of its three settings is missing"
    try:
        signing.load(settings.SIGNING_DOMAIN, settings.SIGNING_SELECTOR, path.read_bytes())
    except OSError as error:
        return f"its file cannot be read ({error.strerror})"
    except ValueError:
        return "its file holds no such key, or its domain or selector is no name"
    return ""
