"""Statements of the hot paths, written by hand and run without Django's models.

Building and compiling a model's query costs several times what PostgreSQL does with it, so what
runs for every mail is one statement for each step here. Tables stand in braces and get the tenant's
schema, so no search path has to be set; parameters are ``%b``, which travel in binary. States and
kinds stand in braces too, as ``{message_ready}``, ``{copy_queued}``, ``{event_closed}``: with fixed
values, and without arrays, the server keeps one plan instead of making one for each mail, which
costs it as much again as the work itself.

A statement that reads ``{unawaited}`` does not wait for its commit to reach the disk. That is for
what the sweep would do again; the next commit that is awaited takes it along, since the log is one
sequence.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection
from psycopg import sql

from quarantine.choices import ContentKind, DeliveryState, EventKind, MessageState
from quarantine.models import Content, Delivery, Event, FindingRow, Hold, Processing, StoredMessage

_TABLES = {
    "messages": StoredMessage,
    "contents": Content,
    "deliveries": Delivery,
    "events": Event,
    "findings": FindingRow,
    "holds": Hold,
    "processings": Processing,
}
_FIXED = {
    f"{prefix}_{choice.name.lower()}": sql.Literal(choice.value)
    for prefix, choices in (
        ("message", MessageState),
        ("copy", DeliveryState),
        ("event", EventKind),
        ("content", ContentKind),
    )
    for choice in choices
}
_USES_BEFORE_KEEPING = 5
_UNAWAITED = sql.SQL("(SELECT set_config('synchronous_commit', 'off', true)) AS unawaited")


def execute(text: str, schema: str, parameters: Sequence[object]) -> None:
    """Run a statement; outside of a transaction it is committed when this returns."""
    _connect()
    with connection.wrap_database_errors:
        statement = _statement(text, schema)
        connection.connection.execute(statement, parameters, prepare=_is_hot(statement))


def fetch(text: str, schema: str, parameters: Sequence[object]) -> list[tuple[Any, ...]]:
    """The same, with the rows that it returns; they travel in binary, bytes as ``bytes``."""
    _connect()
    with connection.wrap_database_errors:
        statement = _statement(text, schema)
        rows: list[tuple[Any, ...]] = connection.connection.execute(
            statement, parameters, binary=True, prepare=_is_hot(statement)
        ).fetchall()
    return rows


def awaited(schema: str) -> None:
    """Have the open transaction's commit wait for the disk, whatever its statements said before."""
    execute("SELECT set_config('synchronous_commit', 'on', true)", schema, [])


@contextmanager
def together() -> Iterator[None]:
    """Send the statements of the block without waiting between them; they return no rows."""
    _connect()
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield


def _connect() -> None:
    """What Django does before it makes a cursor: a kept connection may have died meanwhile."""
    connection.close_if_health_check_failed()
    connection.ensure_connection()


@functools.lru_cache(maxsize=8192)
def _statement(text: str, schema: str) -> bytes:
    names = {name: sql.Identifier(schema, model._meta.db_table) for name, model in _TABLES.items()}
    return sql.SQL(text).format(**names, **_FIXED, unawaited=_UNAWAITED).as_bytes()


def _is_hot(statement: bytes) -> bool:
    """Whether to have the server keep it parsed, which costs one more round trip the first time.

    With many tenants each statement has as many texts; only those in steady use are worth it.
    """
    return next(_uses(statement)) >= _USES_BEFORE_KEEPING


# Less than psycopg keeps prepared on one connection, so that nothing is dropped and made anew.
@functools.lru_cache(maxsize=64)
def _uses(statement: bytes) -> Iterator[int]:
    return itertools.count()
