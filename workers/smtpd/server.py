"""Runs the listeners of one process until it is told to stop; then ends without cutting mail."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections.abc import Callable, Coroutine, Sequence
from types import TracebackType
from typing import Any

from workers.smtpd.desk import Desk, open_desk
from workers.smtpd.ports import Directory, Intake, Listener
from workers.smtpd.protocol import MailProtocol
from workers.smtpd.reputation import Guard

log = logging.getLogger(__name__)

GRACE = 30.0
BACKLOG = 1024
_POLL = 0.02


class SmtpServer:
    """The listeners of one process. Several processes may share the ports (``SO_REUSEPORT``)."""

    def __init__(
        self,
        listeners: Sequence[Listener],
        directory: Directory,
        intake: Intake,
        guard: Guard | None = None,
    ) -> None:
        self._desks = [open_desk(listener, directory, intake, guard) for listener in listeners]
        self._servers: list[asyncio.Server] = []

    async def start(self) -> list[tuple[str, int]]:
        """Bind all listeners, or none: their addresses in order, with the real ports."""
        try:
            for desk in self._desks:
                self._servers.append(await _listen(desk))
        except OSError:
            await self.stop(grace=0)
            raise
        return [server.sockets[0].getsockname()[:2] for server in self._servers]

    async def stop(self, grace: float = GRACE) -> None:
        """Take no more mail; what is in DATA or on its way into the database gets its answer first.

        Idle sessions hear 421 at once. Whatever is not done after ``grace`` seconds is cut: it has
        no 250, so the client keeps it.
        """
        loop = asyncio.get_running_loop()
        for server in self._servers:
            server.close()
        end = loop.time() + grace
        for desk in self._desks:
            desk.stopping = True
            for session in tuple(desk.sessions):
                session.stop()
        while self._sessions_open() and loop.time() < end:
            await asyncio.sleep(_POLL)
        for desk in self._desks:
            for session in tuple(desk.sessions):
                log.warning("A session did not end in %.0f s and is cut", grace)
                session.cut()
        await asyncio.sleep(0)

    def _sessions_open(self) -> bool:
        return any(desk.sessions for desk in self._desks)

    async def __aenter__(self) -> list[tuple[str, int]]:
        return await self.start()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()


async def _listen(desk: Desk) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    listener = desk.listener

    def session() -> MailProtocol:
        return MailProtocol(desk, loop)

    if listener.sock is not None:
        return await loop.create_server(session, sock=listener.sock, backlog=BACKLOG)
    return await loop.create_server(
        session,
        listener.host,
        listener.port,
        backlog=BACKLOG,
        reuse_port=hasattr(socket, "SO_REUSEPORT") or None,
    )


async def serve(
    listeners: Sequence[Listener],
    directory: Directory,
    intake: Intake,
    ready: Callable[[list[tuple[str, int]]], None] = lambda addresses: None,
    grace: float = GRACE,
    guard: Guard | None = None,
) -> None:
    """Listen until SIGTERM or SIGINT, then stop. ``ready`` hears the addresses once they listen."""
    loop = asyncio.get_running_loop()
    told_to_stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told_to_stop.set)
    server = SmtpServer(listeners, directory, intake, guard)
    ready(await server.start())
    try:
        await told_to_stop.wait()
    finally:
        log.info("Stopping: no more connections are taken")
        await server.stop(grace)


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine on uvloop where it is installed, else on asyncio's own loop."""
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(main)


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's event loop, which about doubles the rate; None where it is not installed."""
    try:
        import uvloop
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory
