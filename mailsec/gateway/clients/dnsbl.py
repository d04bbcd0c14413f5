"""DNS block lists over the wire: all of them at once, each trusted only while it proves itself.

A list that is silent, in trouble or closed never costs mail: it counts as saying nothing, and an
alarm tells the operator.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from types import MappingProxyType

from mailsec.gateway.clients.async_dns import AsyncDns
from mailsec.gateway.errors import TemporaryResolverError
from mailsec.gateway.reputation.blocklists import (
    CANARY,
    CLEAN,
    Address,
    Meaning,
    Zone,
    is_sound,
    read_answers,
)
from mailsec.gateway.reputation.points import Point

log = logging.getLogger(__name__)

Sleep = Callable[[float], Awaitable[None]]

WATCH_SECONDS = 3600.0
RETRY_SECONDS = 60.0
WARN_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class ZoneState:
    """How one list stands. ``working`` says whether it is asked at all, ``problem`` why not.

    The counts are of this process since its start.
    """

    zone: str
    working: bool = False
    problem: str = "not yet tested"
    asked: int = 0
    listed: int = 0
    errors: int = 0
    unanswered: int = 0


class Blocklists:
    """The lists of the settings. ``clock`` is a monotonic one."""

    def __init__(
        self, zones: tuple[Zone, ...], names: AsyncDns, clock: Callable[[], float]
    ) -> None:
        self.zones = zones
        self._names = names
        self._clock = clock
        self._states = {zone.name: ZoneState(zone.name) for zone in zones}
        self._warned_at = float("-inf")

    @property
    def states(self) -> tuple[ZoneState, ...]:
        """How each list stands, in the order of the settings."""
        return tuple(self._states.values())

    async def points(self, client: Address, seconds: float) -> tuple[Point, ...]:
        """What the working lists say of a client, all asked at once and for so long at most."""
        zones = [zone for zone in self.zones if self._states[zone.name].working]
        tasks = {asyncio.create_task(self._look(zone, client)): zone for zone in zones}
        if not tasks:
            return ()
        try:
            done, late = await asyncio.wait(tasks, timeout=seconds)
        finally:
            for task in tasks:
                task.cancel()
        for task in late:
            self._missed(tasks[task], "gave no answer in time", unanswered=1)
        # In the order of the settings, so that the same client always reads the same.
        found = (task.result() for task in tasks if task in done)
        return tuple(point for point in found if point is not None)

    async def _look(self, zone: Zone, client: Address) -> Point | None:
        self._count(zone, asked=1)
        try:
            answer = await self._names.ask(zone.question(client), "A")
        except TemporaryResolverError:
            self._missed(zone, "gave no answer", unanswered=1)
            return None
        reading = read_answers(zone, answer.values)
        if reading.meaning is Meaning.ERROR:
            self._missed(zone, f"answered with the error {reading.answer[:40]}", errors=1)
            return None
        if reading.meaning is Meaning.CLEAN:
            return None
        self._count(zone, listed=1)
        detail = MappingProxyType({"zone": zone.name, "answer": reading.answer})
        return Point("dnsbl", reading.weight, detail)

    async def test(self) -> None:
        """Ask every list the two test questions of RFC 5782, and use it only if it passes.

        A list that gives no answer keeps its state: until it has passed once it is not used.
        """
        await asyncio.gather(*(self._test(zone) for zone in self.zones))

    async def _test(self, zone: Zone) -> None:
        before = self._states[zone.name]
        try:
            canary = await self._names.ask(zone.question(CANARY), "A")
            clean = await self._names.ask(zone.question(CLEAN), "A")
        except TemporaryResolverError:
            if not before.working:
                self._switch_off(zone, "gives no answer")
            self._missed(zone, "gave no answer to the test question", unanswered=1)
            return
        if is_sound(canary.values, clean.values):
            self._states[zone.name] = replace(before, working=True, problem="")
            if not before.working:
                log.info("The block list %s passed its test and is used", zone.name)
            return
        problem = "lists every address" if clean.values else "does not list its test address"
        self._switch_off(zone, problem)

    def _switch_off(self, zone: Zone, problem: str) -> None:
        before = self._states[zone.name]
        self._states[zone.name] = replace(before, working=False, problem=problem)
        if before.problem != problem:
            log.error("The block list %s %s and is switched off", zone.name, problem)

    async def keep_watch(
        self, tested: Callable[[], Awaitable[None]], sleep: Sleep = asyncio.sleep
    ) -> None:
        """Test now, then each hour, each minute while one is off, until cancelled.

        ``tested`` is awaited after each test.
        """
        while True:
            await self.test()
            await tested()
            sound = all(state.working for state in self.states)
            await sleep(WATCH_SECONDS if sound else RETRY_SECONDS)

    def _count(self, zone: Zone, *, asked: int = 0, listed: int = 0) -> None:
        state = self._states[zone.name]
        self._states[zone.name] = replace(
            state, asked=state.asked + asked, listed=state.listed + listed
        )

    def _missed(self, zone: Zone, what: str, *, errors: int = 0, unanswered: int = 0) -> None:
        state = self._states[zone.name]
        self._states[zone.name] = replace(
            state, errors=state.errors + errors, unanswered=state.unanswered + unanswered
        )
        now = self._clock()
        if now - self._warned_at >= WARN_SECONDS:
            self._warned_at = now
            log.warning(
                "The block list %s %s; mail passes without it (%s)",
                zone.name,
                what,
                self._summary(),
            )

    def _summary(self) -> str:
        return ", ".join(
            f"{state.zone}: {state.unanswered} unanswered and {state.errors} errors"
            f" of {state.asked}"
            for state in self.states
        )
