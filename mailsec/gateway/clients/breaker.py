"""Leaves name servers alone that give no answer, so that a dead one costs each mail no waiting.

A look-up that no answer comes to may be the fault of whoever's name was asked for, and senders own
their names. So silence alone never leads to a pause: after several look-ups without a word the
servers are asked for something that no sender can make slow, and only if that is not answered
either do further look-ups fail at once, until the same question is answered again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from enum import StrEnum

log = logging.getLogger(__name__)

MISSES = 3
PAUSE_SECONDS = 15.0

# Every server that resolves names knows the root's own. Any answer will do, also an error.
PROBE = (".", "NS")


class Step(StrEnum):
    """What whoever has a look-up does."""

    ASK = "ask"
    PROBE = "probe"
    FAIL = "fail"


class Breaker:
    """The state of one set of name servers. ``clock`` is a monotonic one.

    ``misses`` is how many look-ups in a row may stay without an answer before the servers are in
    doubt; ``pause`` how many seconds they are left alone while they are dead.
    """

    def __init__(
        self, clock: Callable[[], float], misses: int = MISSES, pause: float = PAUSE_SECONDS
    ) -> None:
        self._clock = clock
        self._most = misses
        self._pause = pause
        self._lock = threading.Lock()
        self._misses = 0
        self._dead = False
        # Until then nobody else probes: the end of the pause, or of the patience with a probe.
        self._quiet_until = float("-inf")

    def step(self) -> Step:
        """ASK while the servers are believed to answer; PROBE for one caller at a time, who asks
        ``PROBE`` first and says what came of it; FAIL while they are dead."""
        with self._lock:
            if self._misses < self._most:
                return Step.ASK
            now = self._clock()
            if now < self._quiet_until:
                return Step.FAIL if self._dead else Step.ASK
            self._quiet_until = now + self._pause
            return Step.PROBE

    def heard(self) -> None:
        """The servers said something."""
        with self._lock:
            was_dead, self._dead = self._dead, False
            self._misses, self._quiet_until = 0, float("-inf")
        if was_dead:
            log.info("The name servers answer again")

    def missed(self, *, probe: bool = False) -> None:
        """No answer came in time."""
        with self._lock:
            self._misses += 1
            died = probe and not self._dead
            if probe:
                self._dead, self._quiet_until = True, self._clock() + self._pause
        if died:
            log.error("The name servers give no answer; look-ups fail at once for a while")
