"""The inbound listener's judgement of clients, as the settings describe it."""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone

from mailsec.gateway.clients.async_dns import AsyncDns
from mailsec.gateway.clients.dnsbl import Blocklists
from mailsec.gateway.reputation.points import Thresholds
from tenants.dns import name_servers
from threats.services import note_blocklists
from workers.directory import DatabaseDirectory
from workers.greylist import DatabaseGreylist
from workers.refusals import RefusalBook
from workers.smtpd.reputation import Guard, Helpers
from workers.smtpd.reputation_inquiry import Inquirer
from workers.smtpd.reputation_ports import Rules

log = structlog.get_logger(__name__)

# Nobody keeps lists or names of these; what connects from there is our own.
_INSIDE = tuple(
    ipaddress.ip_network(text)
    for text in (
        *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"),
        *("::1/128", "fc00::/7", "fe80::/10"),
    )
)


def rules(processes: int) -> Rules:
    """How strict the listener is; rates are for the whole host, so each process gets its share."""
    return Rules(
        thresholds=Thresholds(settings.REPUTATION_GREYLIST, settings.REPUTATION_REFUSE),
        seconds=settings.REPUTATION_SECONDS,
        exempt=(*_INSIDE, *settings.SMTPD_PROXY_NETWORKS, *settings.REPUTATION_EXEMPT),
        our_names=frozenset({settings.MAIL_HOSTNAME.lower(), settings.BASE_DOMAIN.lower()}),
        mails_per_minute=-(-settings.SMTPD_MAILS_PER_MINUTE // processes),
        recipients_per_minute=-(-settings.SMTPD_RECIPIENTS_PER_MINUTE // processes),
    )


@asynccontextmanager
async def guarding(directory: DatabaseDirectory, processes: int) -> AsyncIterator[Guard]:
    """A guard with its background work, for the length of a block."""
    book, greylist = RefusalBook(), DatabaseGreylist(timedelta(seconds=settings.GREYLIST_SECONDS))
    names = blocklists = None
    tasks = [asyncio.create_task(book.keep_writing())]
    if settings.REPUTATION and settings.SENDER_DNS != "off":
        seconds = settings.REPUTATION_SECONDS
        servers = replace(name_servers(settings.SENDER_DNS), timeout=seconds / 2, total=seconds)
        names = AsyncDns(servers, time.monotonic)
        # Asked apart from what senders' own servers answer: slow ones must not hold these up.
        blocklists = Blocklists(settings.DNSBL, AsyncDns(servers, time.monotonic), time.monotonic)
        tasks.append(asyncio.create_task(_watch(blocklists)))
    strict = rules(processes)
    helpers = Helpers(directory, book, greylist, Inquirer(strict, names, blocklists))
    try:
        yield Guard(strict, helpers)
    finally:
        for task in tasks:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks, return_exceptions=True)
        book.close()
        greylist.close()


async def _watch(blocklists: Blocklists) -> None:
    async def tested() -> None:
        await asyncio.to_thread(_note, blocklists)

    # Also without any list: what an earlier setting left behind must not stay an alarm.
    await blocklists.keep_watch(tested)


def _note(blocklists: Blocklists) -> None:
    """Keep how the lists stand where the operator sees it."""
    try:
        note_blocklists(blocklists.states, timezone.now())
    except (DatabaseError, InterfaceError) as error:
        log.warning("the state of the block lists could not be kept", error=type(error).__name__)
    finally:
        connection.close()
