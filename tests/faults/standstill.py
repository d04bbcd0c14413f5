"""Points of the service's work at which a process stands still, so that it is killed just there.

The service knows nothing of this. A trigger in the tests' PostgreSQL waits for an advisory lock
that the test holds: whoever writes the row stands inside that very statement, or inside the COMMIT,
until the test lets go. The tests' mail server stands still by a lock of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from threading import Event, Lock
from typing import Any, Protocol

import psycopg

from tests.servers.mx import MailServer

_SECONDS = 30.0
_FUNCTIONS = """
CREATE OR REPLACE FUNCTION {schema}.stand_still() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(TG_ARGV[0]::bigint);
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE OR REPLACE FUNCTION {schema}.is_about(notice uuid, message uuid) RETURNS boolean
LANGUAGE sql AS $$
    SELECT EXISTS (
        SELECT FROM {schema}.quarantine_storedmessage WHERE id = notice AND about = message)
$$
"""
_BEFORE = """
CREATE TRIGGER {name} BEFORE {verb} ON {schema}.{table}
FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION {schema}.stand_still({key})
"""
_AT_COMMIT = """
CREATE CONSTRAINT TRIGGER {name} AFTER {verb} ON {schema}.{table} DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION {schema}.stand_still({key})
"""
_WAITING = """
SELECT pid FROM pg_locks
WHERE locktype = 'advisory' AND classid = 0 AND objid = %s AND NOT granted
"""


class When(Enum):
    """Where a process stands, and what the server does with its transaction after its death."""

    BEFORE = "before the row is written; nothing of the transaction stays"
    COMMIT = "in the COMMIT; nothing of the transaction stays"
    COMMITTED = "in the COMMIT, which the server ends alone: all is stored, and nobody has heard"


@dataclass(frozen=True, slots=True)
class Write:
    """A row that the service writes, in the tenant's schema.

    ``row`` is a condition over NEW and OLD that only this one of all rows meets; names in braces
    stand for values of the mail.
    """

    when: When
    verb: str
    table: str
    row: str


@dataclass(frozen=True, slots=True)
class Remote:
    """A moment of the conversation with the other company's server (see ``Script``)."""

    moment: str
    sender: str


class Still(Protocol):
    """One point that is armed."""

    def stands(self) -> bool:
        """Whether a process stands there now."""

    def let_go(self) -> None:
        """End what stands there, after its process was killed; the point stops nobody more."""


def until(question: Callable[[], Any], waited_for: str, seconds: float = _SECONDS) -> None:
    """Return when the answer is true; fail with what was waited for when the time is over."""
    end = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < end, f"not within {seconds:.0f} s: {waited_for}"
        time.sleep(0.02)


@dataclass(slots=True)
class WriteStill:
    """A trigger of its own for one write of one mail."""

    database: psycopg.Connection[Any]
    write: Write
    key: int

    def stands(self) -> bool:
        return bool(self._pids())

    def let_go(self) -> None:
        """Roll the transaction back, or have the server end it alone (``When``).

        A server process that waits for a lock does not see that its client is gone.
        """
        pids = self._pids()
        if self.write.when is not When.COMMITTED:
            for pid in pids:
                self.database.execute("SELECT pg_terminate_backend(%s)", [pid])
            self._until_gone(pids)
        self.database.execute("SELECT pg_advisory_unlock(%s)", [self.key])
        self._until_gone(pids)

    def _pids(self) -> list[int]:
        return [pid for (pid,) in self.database.execute(_WAITING, [self.key])]

    def _until_gone(self, pids: Sequence[int]) -> None:
        question = "SELECT count(*) FROM pg_stat_activity WHERE pid = ANY(%s)"

        def gone() -> bool:
            row = self.database.execute(question, [list(pids)]).fetchone()
            return row == (0,)

        until(gone, "the end of the killed process's transaction")


class Standstills:
    """The points of one schema; all are armed before anybody stands, since arming locks tables."""

    def __init__(self, database: psycopg.Connection[Any], schema: str) -> None:
        self._database = database
        self._schema = schema
        self._made: list[tuple[str, str]] = []
        self._key = 0
        self._execute(_FUNCTIONS)
        # Somebody who stands on a table would have the test wait for ever.
        database.execute("SET lock_timeout = '30s'")

    def arm(self, write: Write, names: Mapping[str, str]) -> WriteStill:
        """Have whoever writes this row stand still from now on."""
        self._key += 1
        self._database.execute("SELECT pg_advisory_lock(%s)", [self._key])
        name = f"standstill_{self._key}"
        text = _BEFORE if write.when is When.BEFORE else _AT_COMMIT
        row = write.row.format(**names)
        self._execute(
            text, name=name, verb=write.verb, table=write.table, when=row, key=str(self._key)
        )
        self._made.append((name, write.table))
        return WriteStill(self._database, write, self._key)

    def clear(self) -> None:
        """Take every trigger off."""
        for name, table in self._made:
            self._execute("DROP TRIGGER {name} ON {schema}.{table}", name=name, table=table)
        self._made.clear()

    def _execute(self, text: str, **parts: str) -> None:
        self._database.execute(text.format(schema=self._schema, **parts).encode())


@dataclass(slots=True)
class RemoteStill:
    """Stands in one conversation, that which is for this recipient; afterwards it is broken off."""

    remote: Remote
    recipient: str
    reached: Event = field(default_factory=Event)
    ended: Event = field(default_factory=Event)

    def stands(self) -> bool:
        return self.reached.is_set() and not self.ended.is_set()

    def let_go(self) -> None:
        self.ended.set()

    def meet(self, moment: str, sender: str, recipients: Sequence[str]) -> None:
        """What the server calls at each moment."""
        if (moment, sender) != (self.remote.moment, self.remote.sender) or self.ended.is_set():
            return
        if self.recipient in recipients:
            self.reached.set()
            self.ended.wait(2 * _SECONDS)
            raise ConnectionAbortedError("the test broke off the conversation")


class RemoteStills:
    """The moments of one mail server at which it stands still."""

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._armed: list[RemoteStill] = []
        self._lock = Lock()
        server.script.still = self._meet

    def arm(self, remote: Remote, recipient: str) -> RemoteStill:
        """Have the server stand still in the conversation that is for this recipient."""
        still = RemoteStill(remote, recipient)
        with self._lock:
            self._armed.append(still)
        return still

    def _meet(self, moment: str, sender: str, recipients: Sequence[str]) -> None:
        with self._lock:
            armed = tuple(self._armed)
        for still in armed:
            still.meet(moment, sender, recipients)


@contextmanager
def all_let_go(stills: Sequence[Still]) -> Iterator[None]:
    """Whatever happens in the block: what stands is ended, so that the service can be stopped."""
    try:
        yield
    finally:
        for still in stills:
            still.let_go()


__all__ = ["Remote", "RemoteStills", "Standstills", "Still", "When", "Write", "all_let_go", "until"]
