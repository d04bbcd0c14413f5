"""The listeners' way to greylisting's memory."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone

from threats.services import greylist
from workers.smtpd.reputation_ports import GreylistUnavailable
from workers.threads import DatabaseThreads


class DatabaseGreylist:
    """A ``Greylist`` over the database, in a thread of its own; ``wait`` is how long a client must
    stay away."""

    def __init__(self, wait: timedelta) -> None:
        self._wait = wait
        self._thread = DatabaseThreads(1, "greylist")

    async def passed(self, keys: tuple[bytes, ...]) -> bool:
        """Whether mail with these keys has waited; GreylistUnavailable without a database."""
        return await asyncio.get_running_loop().run_in_executor(
            self._thread, _ask, keys, self._wait
        )

    def close(self) -> None:
        """End the thread."""
        self._thread.close()


def _ask(keys: tuple[bytes, ...], wait: timedelta) -> bool:
    try:
        return greylist(keys, timezone.now(), wait)
    except (DatabaseError, InterfaceError) as error:
        connection.close_if_unusable_or_obsolete()
        raise GreylistUnavailable(type(error).__name__) from error
