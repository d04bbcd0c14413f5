"""Storing from the listeners: shared commits, and what becomes of the others when one fails."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from django.db import connection

from mailsec.gateway.envelope import Client, Direction, Envelope
from workers.intake import DatabaseIntake
from workers.smtpd.ports import Accepted, IntakeUnavailable

RAW = b"Subject: intake\r\n\r\nbody\r\n"


@pytest.fixture
def committed(db: None) -> Iterator[None]:
    """The writer threads commit for real; what they stored is removed afterwards."""
    yield
    # On another connection: this thread's transaction is rolled back at the end.
    with ThreadPoolExecutor(1) as other:
        other.submit(remove_all).result()


def remove_all() -> None:
    from quarantine.models import StoredMessage
    from tenants.scope import tenant_scope
    from tenants.selectors import tenant_named

    for slug in ("alpha", "beta"):
        with tenant_scope(tenant_named(slug)):
            StoredMessage.objects.all().delete()
    connection.close()


def mail(tenant: str, sender: str = "a@example.net") -> Accepted:
    recipient = f"b@{tenant}.example.jp"
    envelope = Envelope(Direction.INBOUND, Client("192.0.2.1"), sender, (recipient,))
    return Accepted(tenant, envelope, RAW)


def stored(slug: str) -> set[str]:
    """The queue ids of this tenant's messages."""
    from quarantine.models import StoredMessage
    from tenants.scope import tenant_scope
    from tenants.selectors import tenant_named

    with tenant_scope(tenant_named(slug)):
        return {row.queue_id for row in StoredMessage.objects.all()}


def store(*transactions: tuple[Accepted, ...]) -> list[tuple[str, ...] | BaseException]:
    """What each connection is answered when all of them store at the same time."""

    async def together() -> list[tuple[str, ...] | BaseException]:
        intake = DatabaseIntake(writers=1)
        try:
            # The first one keeps the writer busy, so that the others gather behind it.
            waiting = [asyncio.ensure_future(intake.store(mails)) for mails in transactions]
            return list(await asyncio.gather(*waiting, return_exceptions=True))
        finally:
            await asyncio.get_running_loop().run_in_executor(None, intake.close)

    return asyncio.run(together())


# A NUL in an address is refused by the database; the listener lets none through.
POISON = "\0@example.net"


@pytest.mark.usefixtures("committed")
def test_every_connection_gets_its_own_ids_after_the_commit() -> None:
    """Also where several share one transaction, and one mail goes to two tenants."""
    answers = store(*[(mail("alpha"),)] * 5, (mail("alpha"), mail("beta")))
    ids = [queue_id for answer in answers if isinstance(answer, tuple) for queue_id in answer]
    assert len(set(ids)) == 7
    assert stored("alpha") == {*ids[:5], ids[5]}
    assert stored("beta") == {ids[6]}
    assert all(UUID(hex=queue_id) for queue_id in ids)


@pytest.mark.usefixtures("committed")
def test_one_mail_that_cannot_be_stored_does_not_take_its_neighbours_along() -> None:
    """They are stored one by one; only its own connection is told to come again."""
    answers = store((mail("alpha"),), (mail("alpha"),), (mail("alpha", POISON),), (mail("alpha"),))
    failed = [isinstance(answer, IntakeUnavailable) for answer in answers]
    assert failed == [False, False, True, False]
    assert len(stored("alpha")) == 3


@pytest.mark.usefixtures("committed")
def test_a_mail_for_two_tenants_is_stored_for_both_or_for_neither() -> None:
    """Whichever of them fails: the client sends the whole transaction again."""
    for pair in ((mail("alpha"), mail("beta", POISON)), (mail("alpha", POISON), mail("beta"))):
        (answer,) = store(pair)
        assert isinstance(answer, IntakeUnavailable)
    assert stored("alpha") == set()
    assert stored("beta") == set()


@pytest.mark.usefixtures("committed")
def test_an_unknown_tenant_is_not_now() -> None:
    """It may have been closed a moment ago; nothing is stored elsewhere."""
    (answer,) = store((mail("alpha"), mail("nobody")))
    assert isinstance(answer, IntakeUnavailable)
    assert stored("alpha") == set()
