"""What the processes have for authenticating senders: whom they ask, and what they seal with."""

from __future__ import annotations

import functools
import time
from dataclasses import replace

from django.conf import settings
from django.utils import timezone

from mailsec.gateway.checks.authenticator import SenderAuthenticator
from mailsec.gateway.checks.lookups import NoRecords
from mailsec.gateway.clients.dns import DnsResolver, NameServers
from mailsec.gateway.dkim import signing
from mailsec.gateway.dkim.signing import SigningKey
from mailsec.gateway.ports import Authenticator, Records

# Short, since a mail needs many answers and its sender owns the servers that give them.
_SERVERS = NameServers(timeout=2.0, total=4.0)


@functools.cache
def authenticator() -> Authenticator:
    """The process's checks of senders, with the answers that it remembers."""
    return SenderAuthenticator(records(settings.SENDER_DNS), timezone.now, time.monotonic)


def records(where: str) -> Records:
    """The domain name system by the setting: ``system``, ``host:port`` or ``off``."""
    return NoRecords() if where == "off" else DnsResolver(name_servers(where), time.monotonic)


def name_servers(where: str) -> NameServers:
    """Whom the setting names: the system's servers, or one by ``host:port``."""
    if where == "system":
        return replace(_SERVERS, addresses=tuple(settings.NAMESERVERS))
    host, _, port = where.rpartition(":")
    return replace(_SERVERS, addresses=(host,), port=int(port))


@functools.cache
def arc_key() -> SigningKey | None:
    """The key that seals changed mail, None where the installation has none."""
    if settings.ARC_KEY is None:
        return None
    return signing.load(settings.ARC_DOMAIN, settings.ARC_SELECTOR, settings.ARC_KEY.read_bytes())
