"""A listener that runs in a thread of its own, on either event loop, while a test talks to it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.servers.smtp_client import SmtpClient
from tests.workers.smtpd.fakes import FakeDirectory, FakeIntake
from workers.smtpd.ports import Accepted, Listener, TenantRoute
from workers.smtpd.reputation import Guard
from workers.smtpd.server import SmtpServer

LoopFactory = Callable[[], asyncio.AbstractEventLoop] | None

ACME = TenantRoute("acme", outbound=True)
BETA = TenantRoute("beta", check_recipients=True)
MESSAGE = b"From: sender@example.net\r\nTo: recipient@example.com\r\nSubject: hello\r\n\r\nbody\r\n"


def directory() -> FakeDirectory:
    """Two tenants: acme takes every address, beta the registered ones only."""
    return FakeDirectory(
        domains={"example.com": ACME, "xn--wgv71a.example.jp": ACME, "example.org": BETA},
        addresses={"known@example.org"},
    )


@dataclass
class Running:
    """One running listener and what stands behind it."""

    port: int
    server: SmtpServer
    loop: asyncio.AbstractEventLoop
    directory: FakeDirectory
    intake: FakeIntake
    stopped: list[bool] = field(default_factory=list)

    def client(self, *, greeting: bool = True, timeout: float = 10.0) -> SmtpClient:
        return SmtpClient(self.port, greeting=greeting, timeout=timeout)

    @property
    def stored(self) -> list[Accepted]:
        return self.intake.stored

    def begin_stop(self, grace: float = 10.0) -> Future[None]:
        """Stop as SIGTERM does, in the background."""
        return asyncio.run_coroutine_threadsafe(self.server.stop(grace), self.loop)


@contextmanager
def running(
    listener: Listener,
    loop_factory: LoopFactory = None,
    directory_: FakeDirectory | None = None,
    intake: FakeIntake | None = None,
    guard: Guard | None = None,
) -> Iterator[Running]:
    """A listener for the length of a block."""
    known = directory_ if directory_ is not None else directory()
    store = intake if intake is not None else FakeIntake()
    server = SmtpServer([listener], known, store, guard)
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        loop = runner.get_loop()
        addresses = runner.run(server.start())
        end = threading.Event()

        async def wait() -> None:
            while not end.is_set():
                await asyncio.sleep(0.005)
            await server.stop(grace=0.5)

        thread = threading.Thread(target=runner.run, args=(wait(),))
        thread.start()
        try:
            yield Running(addresses[0][1], server, loop, known, store)
        finally:
            end.set()
            thread.join()
