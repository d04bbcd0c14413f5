"""Making accepted mail durable: the listeners' way into custody.

Connections that wait for their 250 at the same time share one commit: while a writer is busy, what
arrives for a tenant gathers, and the next free writer takes all of it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import chain
from uuid import UUID

import structlog
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.utils import timezone

from quarantine.services import Arrival, receive
from tenants.errors import TenantError
from tenants.selectors import ready_tenant
from workers.announcer import Announcer
from workers.smtpd.ports import Accepted, IntakeUnavailable
from workers.threads import DatabaseThreads

log = structlog.get_logger(__name__)

_UNAVAILABLE = (DatabaseError, InterfaceError, TenantError)
_MOST_MAILS = 50
_MOST_BYTES = 16 * 1024 * 1024


@dataclass(slots=True)
class _Waiting:
    """Mails of one connection, and where the answer goes."""

    mails: tuple[Accepted, ...]
    answer: asyncio.Future[tuple[str, ...]] = field(repr=False)

    @property
    def size(self) -> int:
        return sum(len(mail.raw) for mail in self.mails)


class DatabaseIntake:
    """Stores mails through ``quarantine.services`` from a few writer threads."""

    def __init__(self, writers: int) -> None:
        self._threads = DatabaseThreads(writers, "intake")
        self._free = writers
        self._waiting: deque[_Waiting] = deque()
        self._running: set[asyncio.Task[None]] = set()
        self._announcer = Announcer()

    async def store(self, mails: tuple[Accepted, ...]) -> tuple[str, ...]:
        """Queue ids after commit; IntakeUnavailable where any of these mails is not stored."""
        waiting = _Waiting(mails, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._dispatch()
        return await asyncio.shield(waiting.answer)

    def close(self) -> None:
        """End the writers; what they write now is finished first, and announced."""
        self._threads.close()
        self._announcer.close()

    def _dispatch(self) -> None:
        while self._free and self._waiting:
            batch = self._take()
            self._free -= 1
            task = asyncio.get_running_loop().create_task(self._write(batch))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    def _take(self) -> list[_Waiting]:
        """A share of what waits, so that every writer gets some and none too much."""
        share = max(1, min(_MOST_MAILS, -(-len(self._waiting) // self._free)))
        batch: list[_Waiting] = []
        size = 0
        while self._waiting and len(batch) < share and size < _MOST_BYTES:
            size += self._waiting[0].size
            batch.append(self._waiting.popleft())
        return batch

    async def _write(self, batch: list[_Waiting]) -> None:
        loop = asyncio.get_running_loop()
        try:
            answers = await loop.run_in_executor(self._threads, _store_together, batch)
        finally:
            self._free += 1
        self._dispatch()
        for waiting, answer in zip(batch, answers, strict=True):
            if answer is not None:
                self._announce(waiting.mails, answer)
            if waiting.answer.cancelled():
                continue
            if answer is None:
                waiting.answer.set_exception(IntakeUnavailable())
            else:
                waiting.answer.set_result(tuple(each.hex for each in answer))

    def _announce(self, mails: tuple[Accepted, ...], ids: tuple[UUID, ...]) -> None:
        for mail, each in zip(mails, ids, strict=True):
            self._announcer.announce(mail.tenant, (each,))


def _store_together(batch: Sequence[_Waiting]) -> list[tuple[UUID, ...] | None]:
    """All of the batch in one transaction, or each connection's mails on their own if it fails."""
    try:
        answers: list[tuple[UUID, ...] | None] = list(_store([each.mails for each in batch]))
    except _UNAVAILABLE as error:
        _recover(error)
        answers = [_store_alone(each.mails) for each in batch] if len(batch) > 1 else [None]
    return answers


def _store_alone(mails: tuple[Accepted, ...]) -> tuple[UUID, ...] | None:
    try:
        return _store([mails])[0]
    except _UNAVAILABLE as error:
        _recover(error)
        return None


def _recover(error: Exception) -> None:
    log.error("mail could not be stored", error=type(error).__name__)
    connection.close_if_unusable_or_obsolete()
    connection.set_schema_to_public()  # type: ignore[attr-defined]  # django-tenants' backend


def _store(groups: Sequence[tuple[Accepted, ...]]) -> list[tuple[UUID, ...]]:
    """Store every mail of every group, all or none: their ids, in the same order."""
    by_tenant: dict[str, list[Arrival]] = {}
    for mail in chain.from_iterable(groups):
        by_tenant.setdefault(mail.tenant, []).append(Arrival(mail.envelope, mail.raw))
    now = timezone.now()
    # One tenant's mails need no transaction around them: they are one statement.
    with transaction.atomic() if len(by_tenant) > 1 else nullcontext():
        stored = {
            slug: iter(receive(ready_tenant(slug), arrivals, now))
            for slug, arrivals in by_tenant.items()
        }
    return [tuple(next(stored[mail.tenant]) for mail in mails) for mails in groups]
