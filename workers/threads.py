"""Threads that talk to the database, each with a connection of its own."""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor

from django.db import connections

_PATIENCE_SECONDS = 5.0


class DatabaseThreads(ThreadPoolExecutor):
    """A pool whose threads close their connections when it ends."""

    def __init__(self, count: int, name: str) -> None:
        super().__init__(count, thread_name_prefix=name)
        self._count = count

    def close(self) -> None:
        """Finish what was submitted, then close every thread's connection and end."""
        # A connection belongs to its thread: each must come, so none goes before all are there.
        all_here = threading.Barrier(self._count)
        for _ in range(self._count):
            self.submit(_leave, all_here)
        self.shutdown(wait=True)


def _leave(all_here: threading.Barrier) -> None:
    with contextlib.suppress(threading.BrokenBarrierError):
        all_here.wait(_PATIENCE_SECONDS)
    connections.close_all()
