"""The listeners' way to greylisting's memory."""

from __future__ import annotations

import asyncio

from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone

from threats.services import greylist
from workers.smtpd.reputation_ports import GreylistUnavailable
from workers.threads import DatabaseThreads


class DatabaseGreylist:
    """A ``Greylist`` over the database, in a thread of its own."""

    def __init__(self) -> None:
        self._thread = DatabaseThreads(1, "greylist")

    async def passed(self, keys: tuple[bytes, ...]) -> bool:
        """Whether mail with these keys has waited; GreylistUnavailable without a database."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, _ask, keys)

    def close(self) -> None:
        """End the thread."""
        self._thread.close()


def _ask(keys: tuple[bytes, ...]) -> bool:
    try:
        return greylist(keys, timezone.now())
    except (DatabaseError, InterfaceError) as error:
        connection.close_if_unusable_or_obsolete()
        raise GreylistUnavailable(type(error).__name__) from error
