"""Reads the content of DATA from a connection, within the limits on size, memory and time."""

from __future__ import annotations

from workers.smtpd import replies
from workers.smtpd.connection import Connection
from workers.smtpd.data import DataReader
from workers.smtpd.replies import Refused


async def receive_message(connection: Connection, reader: DataReader) -> None:
    """Read DATA to its real end; raises Refused there, where the message cannot be taken.

    Even a refused message is read on, for its rest must not be taken for commands; but not without
    end. The caller gives ``reader.size`` bytes back to the desk when the message is done with.
    """
    limits, ledger = connection.desk.listener.limits, connection.desk.bytes_in_flight
    end_by = connection.loop.time() + limits.data_total_timeout
    refusal = ""
    rest = None
    while rest is None:
        patience = min(limits.data_timeout, end_by - connection.loop.time())
        block = await connection.read_block(max(patience, 0.0))
        if not block:
            raise ConnectionResetError
        before = reader.size
        rest = reader.feed(block)
        if not ledger.take(reader.size - before) and not refusal:
            refusal = replies.MEMORY_FULL
            reader.drop()
        if reader.too_large:
            refusal = refusal or replies.TOO_LARGE
            if rest is None and reader.size > 2 * limits.message_size:
                connection.hang_up(refusal)
                raise ConnectionResetError
    connection.unread(rest)
    if refusal:
        raise Refused(refusal)
