"""Writes refusals into the tenants' traces: in the background, in batches, and never too many."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import structlog
from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone

from mailsec.gateway.reputation.points import score_of
from quarantine.choices import RefusalReason
from quarantine.services import TurnedAway, record_refusals
from tenants.errors import TenantError
from tenants.selectors import ready_tenant
from workers.smtpd.reputation_ports import Turned

log = structlog.get_logger(__name__)

WRITE_SECONDS = 1.0
ROWS_PER_MINUTE = 120  # of one tenant in one process; what is beyond is counted in one row
MOST_WAITING = 5_000

Batch = dict[str, list[TurnedAway]]


@dataclass(slots=True)
class _Minute:
    """What one tenant had in the present minute."""

    began: float
    rows: int = 0
    counted: int = 0


@dataclass(slots=True)
class RefusalBook:
    """A ``RefusalLog`` that one task empties each second. ``clock`` is a monotonic one.

    What a burst brings beyond the limits is counted in a row of its own. While the database is
    away refusals wait, and beyond 5,000 they too are only counted.
    """

    clock: Callable[[], float] = time.monotonic
    _waiting: dict[tuple[Any, ...], TurnedAway] = field(default_factory=dict)
    _minutes: dict[str, _Minute] = field(default_factory=dict)
    _thread: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="refusals")
    )

    def note(self, turned: Turned) -> None:
        """Keep it for the next batch; the same one of the same connection is counted with it."""
        key = (turned.tenant, turned.reference, turned.recipient, turned.sender, turned.reason)
        known = self._waiting.get(key)
        if known is not None:
            self._waiting[key] = replace(known, count=known.count + 1)
            return
        minute = self._minute(turned.tenant)
        if minute.rows >= ROWS_PER_MINUTE or len(self._waiting) >= MOST_WAITING:
            minute.counted += 1
            return
        minute.rows += 1
        self._waiting[key] = _row(turned)

    async def keep_writing(self) -> None:
        """Write what waits each second, until cancelled."""
        while True:
            await asyncio.sleep(WRITE_SECONDS)
            await self.write()

    async def write(self) -> None:
        """Write what waits now; what could not be written waits on."""
        batch, self._waiting = self._waiting, {}
        counted = self._counted()
        if not batch and not counted:
            return
        grouped: Batch = {}
        for key, row in (*batch.items(), *counted.items()):
            grouped.setdefault(key[0], []).append(row)
        loop = asyncio.get_running_loop()
        lost = await loop.run_in_executor(self._thread, _write, grouped)
        self._waiting = {
            key: row for key, row in (*batch.items(), *counted.items()) if key[0] in lost
        } | self._waiting

    def close(self) -> None:
        """Write what waits, for the last time, and end the thread."""
        grouped: Batch = {}
        for key, row in (*self._waiting.items(), *self._counted(last=True).items()):
            grouped.setdefault(key[0], []).append(row)
        self._thread.submit(_write, grouped).result()
        self._thread.shutdown(wait=True)

    def _minute(self, tenant: str) -> _Minute:
        now = self.clock()
        minute = self._minutes.get(tenant)
        if minute is None or (now - minute.began >= 60.0 and not minute.counted):
            minute = self._minutes[tenant] = _Minute(now)
        return minute

    def _counted(self, *, last: bool = False) -> Mapping[tuple[Any, ...], TurnedAway]:
        """One row for each tenant whose minute is over and had more than it may write."""
        now = self.clock()
        over = [
            tenant for tenant, minute in self._minutes.items() if last or now - minute.began >= 60.0
        ]
        rows: dict[tuple[Any, ...], TurnedAway] = {}
        for tenant in over:
            minute = self._minutes.pop(tenant)
            if minute.counted:
                log.warning("a burst of refusals is counted", tenant=tenant, count=minute.counted)
                rows[tenant, RefusalReason.MANY, minute.began] = TurnedAway(
                    at=timezone.now(),
                    code=554,
                    reason=RefusalReason.MANY,
                    count=minute.counted,
                )
        return rows


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
    )


def _write(grouped: Batch) -> frozenset[str]:
    """Write each tenant's rows; the tenants whose rows must wait."""
    lost: set[str] = set()
    for tenant, rows in grouped.items():
        try:
            record_refusals(ready_tenant(tenant), rows)
        except TenantError:
            log.warning("refusals of a tenant that is gone are dropped", tenant=tenant)
        except (DatabaseError, InterfaceError) as error:
            log.error("refusals could not be written", error=type(error).__name__)
            connection.close_if_unusable_or_obsolete()
            connection.set_schema_to_public()  # type: ignore[attr-defined]  # django-tenants'
            lost.add(tenant)
    return frozenset(lost)
