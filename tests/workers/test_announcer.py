"""Telling the workers of stored mail."""

from __future__ import annotations

import asyncio
import base64
import json
from uuid import UUID, uuid4

from mailsec.celery import app
from workers.announcer import Announcer


def announced(tenant: str) -> list[list[str]]:
    """The ids of each task that the broker holds for this tenant, which the call takes off."""
    with app.connection() as connection:
        broker = connection.default_channel.client
        found = []
        for entry in broker.lrange("examine", 0, -1):
            arguments = json.loads(base64.b64decode(json.loads(entry)["body"]))[0]
            if arguments[0] == tenant:
                broker.lrem("examine", 1, entry)
                found.append(arguments[1])
    return list(reversed(found))


def test_what_comes_while_it_is_busy_goes_together_in_small_tasks() -> None:
    """Every id once, ten in a task at most, so that the workers share a burst."""
    tenant = f"announced-{uuid4().hex}"
    ids = [uuid4() for _ in range(25)]

    async def announce() -> None:
        announcer = Announcer()
        for each in ids:
            announcer.announce(tenant, (each,))
        await asyncio.sleep(0.2)
        await asyncio.get_running_loop().run_in_executor(None, announcer.close)

    asyncio.run(announce())
    tasks = announced(tenant)
    assert [UUID(each) for task in tasks for each in task] == ids
    assert max(map(len, tasks)) <= 10


def test_closing_sends_what_is_left() -> None:
    """What was announced a moment before the end too."""
    tenant = f"announced-{uuid4().hex}"
    last = uuid4()

    async def announce() -> None:
        announcer = Announcer()
        announcer.announce(tenant, (last,))
        announcer._thread.submit(lambda: None)
        await asyncio.get_running_loop().run_in_executor(None, announcer.close)

    asyncio.run(announce())
    assert [str(last)] in announced(tenant)
