"""Telling the workers of stored mail, off the listeners' way to their 250.

The mail is committed before it comes here, and the sweep finds what is never announced; so this may
gather, and it may lose (architecture, law 1).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from mailsec.celery import enqueue

_GATHER_SECONDS = 0.05
# Few enough that the workers share a burst, many enough that a task's own cost is spread.
_IDS_IN_ONE_TASK = 10


class Announcer:
    """Sends the first mail's id at once, and gathers those that come while it is busy.

    A slow broker holds up nothing but this: one thread of its own, and ids that wait.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="announcer")
        self._waiting: dict[str, list[UUID]] = {}
        self._task: asyncio.Task[None] | None = None

    def announce(self, tenant: str, ids: Iterable[UUID]) -> None:
        """Note committed mail; returns at once."""
        self._waiting.setdefault(tenant, []).extend(ids)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    def close(self) -> None:
        """Send what is left, and end."""
        self._thread.submit(_send, self._take())
        self._thread.shutdown(wait=True)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            await loop.run_in_executor(self._thread, _send, self._take())
            await asyncio.sleep(_GATHER_SECONDS)
        self._task = None

    def _take(self) -> dict[str, list[UUID]]:
        taken, self._waiting = self._waiting, {}
        return taken


def _send(waiting: dict[str, list[UUID]]) -> None:
    for tenant, ids in waiting.items():
        for first in range(0, len(ids), _IDS_IN_ONE_TASK):
            enqueue("examine", tenant, ids[first : first + _IDS_IN_ONE_TASK])
