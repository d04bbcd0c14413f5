"""A listener as a process of its own that keeps what it takes in a folder, one file for each mail.

``python -m tests.servers.smtpd_process FOLDER PORT GRACE`` prints its port once it listens.
"""

from __future__ import annotations

import asyncio
import os
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path

from mailsec.gateway.envelope import Direction
from workers.smtpd.ports import Accepted, Address, ConnectorInfo, Limits, Listener, TenantRoute
from workers.smtpd.server import run, serve


@dataclass
class OneDomain:
    """Everybody at example.com belongs to acme."""

    route: TenantRoute

    def mail_domain(self, domain: str) -> TenantRoute | None:
        return self.route if domain == "example.com" else None

    async def knows(self, route: TenantRoute, address: str) -> bool:
        return True

    def connectors_for(self, ip: Address) -> tuple[ConnectorInfo, ...]:
        return ()

    def domains_of(self, slug: str) -> frozenset[str]:
        return frozenset({"example.com"})


@dataclass
class FolderIntake:
    """Durable once the file has its name; takes a moment, as a database does."""

    folder: Path

    async def store(self, mails: tuple[Accepted, ...]) -> tuple[str, ...]:
        names = []
        for mail in mails:
            name = uuid.uuid4().hex
            await asyncio.sleep(0.02)
            with open(self.folder / f"{name}.part", "wb") as file:
                file.write(mail.raw)
                os.fsync(file.fileno())
            os.rename(self.folder / f"{name}.part", self.folder / f"{name}.eml")
            names.append(name)
        return tuple(names)


def main(folder: str, port: str, grace: str) -> None:
    """Run until SIGTERM."""
    listener = Listener(
        Direction.INBOUND,
        port=int(port),
        limits=Limits(connections_per_ip=0, connections_per_minute_per_ip=0),
    )
    run(
        serve(
            [listener],
            OneDomain(TenantRoute("acme")),
            FolderIntake(Path(folder)),
            ready=lambda addresses: print(addresses[0][1], flush=True),
            grace=float(grace),
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
