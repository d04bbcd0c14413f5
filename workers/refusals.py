"""Writes refusals into the tenants' traces: in the background, in batches, and never too many."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.utils import timezone

from mailsec.gateway.reputation.points import score_of
from quarantine.choices import RefusalReason
from quarantine.services import TurnedAway, record_refusals
from tenants.errors import TenantError
from tenants.selectors import ready_tenant
from workers.smtpd.reputation_ports import Turned
from workers.threads import DatabaseThreads

log = structlog.get_logger(__name__)

WRITE_SECONDS = 1.0
ROWS_PER_MINUTE = 120  # of one tenant in one process; what is beyond is counted in one row
MOST_WAITING = 5_000

_MINUTE = 60.0

# One tenant's refusals, and the keys of greylisting whose mail was taken since.
Write = Callable[[str, Sequence[TurnedAway], Collection[bytes]], None]


@dataclass(slots=True)
class _Batch:
    """What waits to be written: refusals by tenant, reference, recipient, sender and reason, and
    by tenant the keys whose mail was taken."""

    rows: dict[tuple[str, str, str, str, str], TurnedAway] = field(default_factory=dict)
    taken: set[tuple[str, bytes]] = field(default_factory=set)

    def __len__(self) -> int:
        return len(self.rows) + len(self.taken)

    def tenants(self) -> frozenset[str]:
        return frozenset({key[0] for key in self.rows} | {tenant for tenant, _ in self.taken})

    def of(self, tenants: Collection[str]) -> _Batch:
        """The part of these tenants."""
        return _Batch(
            {key: row for key, row in self.rows.items() if key[0] in tenants},
            {key for key in self.taken if key[0] in tenants},
        )


@dataclass(slots=True)
class _Minute:
    """What one tenant had in the present minute."""

    began: float
    rows: int = 0
    counted: int = 0


def in_database(tenant: str, rows: Sequence[TurnedAway], taken: Collection[bytes]) -> None:
    """Write one tenant's part; where that fails, the next try has a sound connection."""
    try:
        record_refusals(ready_tenant(tenant), rows, taken)
    except (DatabaseError, InterfaceError):
        connection.close_if_unusable_or_obsolete()
        connection.set_schema_to_public()  # type: ignore[attr-defined]  # django-tenants' backend
        raise


class RefusalBook:
    """A ``RefusalLog`` that is emptied each second by a thread of its own.

    What a burst brings beyond the limits is counted in a row of its own. While the database is
    away refusals wait, and beyond 5,000 they too are only counted. ``clock`` is a monotonic one.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        thread: DatabaseThreads | None = None,
        write: Write = in_database,
    ) -> None:
        self._clock = clock
        self._thread = thread or DatabaseThreads(1, "refusals")
        self._write = write
        self._waiting = _Batch()
        self._minutes: dict[str, _Minute] = {}

    def note(self, turned: Turned) -> None:
        """Keep it for the next batch; the same one of the same connection is counted with it."""
        key = (turned.tenant, turned.reference, turned.recipient, turned.sender, turned.reason)
        known = self._waiting.rows.get(key)
        if known is not None:
            self._waiting.rows[key] = replace(known, count=known.count + 1)
            return
        minute = self._minute(turned.tenant)
        if minute.rows >= ROWS_PER_MINUTE or len(self._waiting) >= MOST_WAITING:
            minute.counted += 1
            return
        minute.rows += 1
        self._waiting.rows[key] = _row(turned)

    def taken(self, tenant: str, grey_key: bytes) -> None:
        """Say with the next batch that what was put off came; beyond the limits nobody says so."""
        if len(self._waiting) < MOST_WAITING:
            self._waiting.taken.add((tenant, grey_key))

    async def keep_writing(self) -> None:
        """Write what waits each second, until cancelled."""
        while True:
            await asyncio.sleep(WRITE_SECONDS)
            batch = self._take()
            if batch:
                self._keep(batch, await asyncio.wrap_future(self._begin(batch)))

    def flush(self) -> None:
        """Write what waits, and wait for it."""
        batch = self._take()
        self._keep(batch, self._begin(batch).result())

    def close(self) -> None:
        """Write what waits and what was counted so far, and end the thread."""
        for minute in self._minutes.values():
            minute.began = float("-inf")
        self.flush()
        self._thread.close()

    def _take(self) -> _Batch:
        self._end_minutes()
        batch, self._waiting = self._waiting, _Batch()
        return batch

    def _begin(self, batch: _Batch) -> Future[frozenset[str]]:
        parts = [(tenant, batch.of((tenant,))) for tenant in sorted(batch.tenants())]
        return self._thread.submit(_write_all, self._write, parts)

    def _keep(self, batch: _Batch, lost: frozenset[str]) -> None:
        """What could not be written waits on, in front of what came meanwhile."""
        kept, now = batch.of(lost), self._waiting
        self._waiting = _Batch(kept.rows | now.rows, kept.taken | now.taken)

    def _minute(self, tenant: str) -> _Minute:
        """The tenant's present minute."""
        minute = self._minutes.get(tenant)
        if minute is not None and self._clock() - minute.began >= _MINUTE:
            self._end(tenant)
            minute = None
        if minute is None:
            minute = self._minutes[tenant] = _Minute(self._clock())
        return minute

    def _end_minutes(self) -> None:
        now = self._clock()
        for tenant, minute in tuple(self._minutes.items()):
            if now - minute.began >= _MINUTE:
                self._end(tenant)

    def _end(self, tenant: str) -> None:
        """Put a row down for what the tenant's minute had more than it may write."""
        minute = self._minutes.pop(tenant)
        if minute.counted:
            log.warning("a burst of refusals is counted", tenant=tenant, count=minute.counted)
            key = (tenant, str(minute.began), "", "", str(RefusalReason.MANY))
            self._waiting.rows[key] = TurnedAway(
                at=timezone.now(), code=554, reason=RefusalReason.MANY, count=minute.counted
            )


def _row(turned: Turned) -> TurnedAway:
    detail: dict[str, Any] = {"entry": turned.entry} if turned.entry else {}
    if turned.points:
        detail["score"] = score_of(turned.points)
        detail["points"] = [
            {**point.detail, "code": point.code, "weight": point.weight} for point in turned.points
        ]
    return TurnedAway(
        at=timezone.now(),
        code=turned.code,
        reason=RefusalReason(turned.reason),
        client_ip=turned.client_ip,
        helo=turned.helo,
        sender=turned.sender,
        recipient=turned.recipient,
        detail=detail,
        reference=turned.reference,
        grey_key=turned.grey_key or None,
    )


def _write_all(write: Write, parts: Iterable[tuple[str, _Batch]]) -> frozenset[str]:
    """Write each tenant's part; returns the tenants whose part must wait."""
    lost: set[str] = set()
    for tenant, part in parts:
        try:
            write(tenant, tuple(part.rows.values()), {key for _, key in part.taken})
        except TenantError:
            log.warning("refusals of a tenant that is gone are dropped", tenant=tenant)
        except (OperationalError, InterfaceError) as error:
            log.error("refusals could not be written", error=type(error).__name__)
            lost.add(tenant)
        except DatabaseError as error:  # What the database does not take now, it never will.
            log.error("refusals are dropped", tenant=tenant, error=type(error).__name__)
    return frozenset(lost)
