"""Making accepted mail durable: the listeners' way into custody.

Connections that wait for their 250 at the same time share one commit: while a writer is busy, what
arrives for a tenant gathers, and the next free writer takes all of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from uuid import UUID

import structlog
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.utils import timezone

from mailsec.celery import enqueue
from quarantine.services import Arrival, receive
from tenants.errors import TenantError
from tenants.selectors import ready_tenant
from workers.smtpd.ports import Accepted, IntakeUnavailable

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
        self._threads = ThreadPoolExecutor(writers, thread_name_prefix="intake")
        self._free = writers
        self._waiting: list[_Waiting] = []
        self._running: set[asyncio.Task[None]] = set()

    async def store(self, mails: tuple[Accepted, ...]) -> tuple[str, ...]:
        """Queue ids after commit; IntakeUnavailable where any of these mails is not stored."""
        waiting = _Waiting(mails, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._dispatch()
        return await asyncio.shield(waiting.answer)

    def close(self) -> None:
        """End the writers; what they write now is finished first."""
        self._threads.shutdown(wait=True)

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
            batch.append(self._waiting.pop(0))
        return batch

    async def _write(self, batch: list[_Waiting]) -> None:
        loop = asyncio.get_running_loop()
        try:
            answers = await loop.run_in_executor(self._threads, _store_together, batch)
        finally:
            self._free += 1
        for waiting, answer in zip(batch, answers, strict=True):
            if waiting.answer.cancelled():
                continue
            if answer is None:
                waiting.answer.set_exception(IntakeUnavailable())
            else:
                waiting.answer.set_result(answer)
        self._dispatch()


def _store_together(batch: Sequence[_Waiting]) -> list[tuple[str, ...] | None]:
    """All of the batch in one transaction, or each connection's mails on their own if it fails."""
    try:
        answers: list[tuple[str, ...] | None] = list(_store([each.mails for each in batch]))
    except _UNAVAILABLE as error:
        _recover(error)
        answers = [_store_alone(each.mails) for each in batch] if len(batch) > 1 else [None]
    return answers


def _store_alone(mails: tuple[Accepted, ...]) -> tuple[str, ...] | None:
    try:
        return _store([mails])[0]
    except _UNAVAILABLE as error:
        _recover(error)
        return None


def _recover(error: Exception) -> None:
    log.error("mail could not be stored", error=type(error).__name__)
    connection.close_if_unusable_or_obsolete()
    connection.set_schema_to_public()  # type: ignore[attr-defined]  # django-tenants' backend


def _store(groups: Sequence[tuple[Accepted, ...]]) -> list[tuple[str, ...]]:
    """Store every mail of every group in one transaction, then announce them."""
    by_tenant: dict[str, list[tuple[int, int]]] = {}
    for group, mails in enumerate(groups):
        for place, mail in enumerate(mails):
            by_tenant.setdefault(mail.tenant, []).append((group, place))
    ids: dict[tuple[int, int], UUID] = {}
    now = timezone.now()
    with transaction.atomic():
        for slug, places in by_tenant.items():
            arrivals = [
                Arrival(groups[group][place].envelope, groups[group][place].raw)
                for group, place in places
            ]
            stored = receive(ready_tenant(slug), arrivals, now)
            ids.update(zip(places, stored, strict=True))
    for slug, places in by_tenant.items():
        enqueue("examine", slug, [ids[place] for place in places])
    return [
        tuple(ids[group, place].hex for place in range(len(mails)))
        for group, mails in enumerate(groups)
    ]
