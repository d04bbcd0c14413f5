"""Whom the service asks about names that are not its own."""

from __future__ import annotations

import time
from dataclasses import replace

from django.conf import settings

from mailsec.gateway.checks.lookups import NoRecords
from mailsec.gateway.clients.dns import DnsResolver, NameServers
from mailsec.gateway.ports import Records

# Short, since a mail needs many answers and its sender owns the servers that give them.
_SERVERS = NameServers(timeout=2.0, total=4.0)


def records(where: str) -> Records:
    """The domain name system by the setting: ``system``, ``host:port`` or ``off``.

    What each one was told it remembers by itself, so that a new one asks anew.
    """
    return NoRecords() if where == "off" else DnsResolver(name_servers(where), time.monotonic)


def name_servers(where: str) -> NameServers:
    """Whom the setting names: the system's servers, or one by ``host:port``."""
    if where == "system":
        return replace(_SERVERS, addresses=tuple(settings.NAMESERVERS))
    host, _, port = where.rpartition(":")
    return replace(_SERVERS, addresses=(host,), port=int(port))
