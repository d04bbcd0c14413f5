"""The service's own key: it signs the service's notices (DKIM) and seals what it changes (ARC)."""

from __future__ import annotations

import functools
from datetime import datetime
from pathlib import Path

import structlog
from django.conf import settings

from mailsec.gateway.checks import domains
from mailsec.gateway.dkim import signing
from mailsec.gateway.dkim.signing import SigningKey
from mailsec.gateway.message import Message

log = structlog.get_logger(__name__)


def service_key() -> SigningKey | None:
    """The key, None where the installation has none or where it cannot be read.

    A key that cannot be read is a fault that the system checks name before the start. Afterwards
    it stops nothing: mail and notices that go without our signature are better than none. The next
    call tries again.
    """
    path = settings.SIGNING_KEY
    if path is None:
        return None
    try:
        return _loaded(settings.SIGNING_DOMAIN, settings.SIGNING_SELECTOR, path)
    except (OSError, ValueError) as error:
        log.error("the service's key cannot be used: notices leave unsigned", reason=str(error))
        return None


@functools.cache
def _loaded(domain: str, selector: str, path: Path) -> SigningKey:
    """Read once per process: a new key has a new selector, which only a restart brings."""
    return signing.load(domain, selector, path.read_bytes())


def speaks_for_notices(domain: str) -> bool:
    """Whether receivers take the domain's signature for that of the notices' own address.

    That is the service's host name, or a domain above it that is no public suffix (relaxed
    alignment, RFC 7489 section 3.1.1).
    """
    host, signer = domains.canonical(settings.MAIL_HOSTNAME), domains.canonical(domain)
    return f".{host}".endswith(f".{signer}") and domains.aligned(signer, host)


def signed_notice(raw: bytes, when: datetime) -> bytes:
    """A mail of the service's own, signed where its key speaks for it; ``when`` is aware."""
    key = service_key()
    if key is None or not speaks_for_notices(key.domain):
        return raw
    message = Message(raw)
    # We wrote each of its fields, so each is covered, whatever a builder may add one day.
    fields = tuple(dict.fromkeys(header.name.lower() for header in message.headers))
    return signing.signed(message, key, when, fields).raw
