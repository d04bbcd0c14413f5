"""``manage.py smtpd``: the listeners."""

from __future__ import annotations

import asyncio
import ipaddress
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from mailsec.gateway.envelope import Direction
from tenants.values import host_and_port
from workers.directory import DatabaseDirectory
from workers.forking import Crew
from workers.intake import DatabaseIntake
from workers.reputation import guarding
from workers.smtpd.ports import Limits, Listener, no_tls
from workers.smtpd.server import run, serve
from workers.smtpd.tls import CertificateFiles


class Command(BaseCommand):
    help = "Take mail in: the inbound and the outbound listener, in one or more processes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--processes", type=int, default=1, help="processes that share the ports"
        )
        parser.add_argument("--writers", type=int, default=1, help="database writers per process")

    def handle(self, *args: Any, **options: Any) -> None:
        processes, writers = options["processes"], options["writers"]
        if processes < 1 or writers < 1:
            raise CommandError("There must be at least one process and one writer.")
        if processes > 1:
            connections.close_all()
            Crew(processes, lambda: run(self._main(processes, writers))).run()
        else:
            run(self._main(processes, writers))

    async def _main(self, processes: int, writers: int) -> None:
        directory, intake = DatabaseDirectory(), DatabaseIntake(writers)
        await directory.start()
        refresh = asyncio.create_task(directory.keep_fresh())
        try:
            async with guarding(directory, processes) as guard:
                await serve(listeners(processes), directory, intake, self._ready, guard=guard)
        finally:
            refresh.cancel()
            intake.close()
            directory.close()

    def _ready(self, addresses: list[tuple[str, int]]) -> None:
        for name, (host, port) in zip(("inbound", "outbound"), addresses, strict=True):
            self.stderr.write(f"{name} listener on {host}:{port}")
        self.stderr.flush()


def listeners(processes: int) -> list[Listener]:
    """The inbound and the outbound listener as the settings describe them.

    The settings' limits are for the whole host; the kernel spreads connections evenly over the
    processes, so each gets its share, rounded up.
    """
    limits = Limits(
        connections=-(-settings.SMTPD_CONNECTIONS // processes),
        connections_per_ip=-(-settings.SMTPD_CONNECTIONS_PER_IP // processes),
        connections_per_minute_per_ip=-(-settings.SMTPD_CONNECTIONS_PER_MINUTE // processes),
    )
    tls = no_tls
    if settings.SMTPD_TLS_CERTIFICATE and settings.SMTPD_TLS_KEY:
        tls = CertificateFiles(settings.SMTPD_TLS_CERTIFICATE, settings.SMTPD_TLS_KEY)
    addresses = (
        (Direction.INBOUND, settings.SMTPD_INBOUND),
        (Direction.OUTBOUND, settings.SMTPD_OUTBOUND),
    )
    return [
        Listener(
            direction=direction,
            host=host,
            port=port,
            hostname=settings.MAIL_HOSTNAME,
            tls=tls,
            proxy_networks=tuple(
                ipaddress.ip_network(network) for network in settings.SMTPD_PROXY_NETWORKS
            ),
            limits=limits,
        )
        for direction, (host, port) in (
            (direction, host_and_port(text, default_port=25)) for direction, text in addresses
        )
    ]
