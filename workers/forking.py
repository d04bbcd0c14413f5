"""Several processes of one kind: start, watch, stop together."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable

import structlog

log = structlog.get_logger(__name__)

_RESPAWN_SECONDS = 1.0


class Crew:
    """``count`` forked children that run ``work``; one that dies is replaced.

    The parent opens no database connection before it forks, so none is shared.
    """

    def __init__(self, count: int, work: Callable[[], None]) -> None:
        self._count = count
        self._work = work
        self._children: set[int] = set()
        self._stopping = False

    def run(self) -> None:
        """Until SIGTERM or SIGINT, which the children get too; returns when all have ended."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        for _ in range(self._count):
            self._start()
        while self._children:
            try:
                pid, status = os.wait()
            except ChildProcessError:
                break
            self._children.discard(pid)
            if not self._stopping:
                log.error("a process ended and is replaced", pid=pid, status=status)
                time.sleep(_RESPAWN_SECONDS)
                if not self._stopping:
                    self._start()

    def _start(self) -> None:
        pid = os.fork()
        if pid:
            self._children.add(pid)
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        self._work()
        sys.stdout.flush()
        os._exit(0)

    def _stop(self, number: int, frame: object) -> None:
        self._stopping = True
        for pid in self._children:
            os.kill(pid, signal.SIGTERM)
