"""The promise of delivery, whatever several servers do: no mail lost, none sent twice."""

from __future__ import annotations

import random
import time
from collections import Counter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailsec.gateway.delivery import (
    ConnectionPool,
    Connector,
    Courier,
    Hop,
    Outcome,
    Parcel,
    Timeouts,
    TlsMode,
)
from tests.servers.mx import EVERYTHING, MailServer, Script

RECIPIENTS = tuple(f"user{i}@example.com" for i in range(5))
QUICK = Timeouts(connect=2, greeting=2, command=2, block=2, end_of_data=2)
REPLIES = st.sampled_from(
    [
        "250 ok",
        "250 ok",
        "421 4.3.2 closing",
        "450 4.2.0 busy",
        "452 4.5.3 too many",
        "550 5.1.1 no",
        "552 too many",
        "nonsense",
    ]
)
SCRIPTS = st.builds(
    Script,
    greeting=st.sampled_from(["220 mx"] * 4 + ["554 no", "421 no"]),
    extensions=st.sampled_from([EVERYTHING, ()]),
    mail=st.lists(REPLIES, max_size=2),
    recipients=st.dictionaries(
        st.sampled_from(RECIPIENTS), st.lists(REPLIES, max_size=3), max_size=4
    ),
    data=st.lists(st.sampled_from(["354 go", "354 go", "451 no", "421 no"]), max_size=2),
    drop=st.sampled_from([[], [], [], ["stored"], ["content"], ["RCPT"], ["DATA"]]),
    room=st.integers(0, 3),
    mails_per_connection=st.integers(0, 2),
)


@given(st.lists(SCRIPTS, min_size=1, max_size=3), st.integers(2, 5))
@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_every_result_agrees_with_what_the_servers_have(scripts: list[Script], limit: int) -> None:
    """Delivered is one copy at one server; anything else is none, unless it says ``ambiguous``.

    Two rounds over kept connections: the second goes to those whom the first deferred.
    """
    connector = Connector("gateway.example.net", time.monotonic, QUICK)
    pool = ConnectionPool(connector)
    courier = Courier(pool, random.Random(1), limit)
    servers = [MailServer(script).__enter__() for script in scripts]
    hops = [Hop("127.0.0.1", mx.port, TlsMode.NONE, i) for i, mx in enumerate(servers)]
    ambiguous: Counter[str] = Counter()
    waiting = RECIPIENTS
    delivered: set[str] = set()
    for _ in range(2):
        results = courier.deliver(Parcel("s@example.jp", waiting, b"x: y\r\n\r\nz\r\n"), hops)
        assert tuple(result.recipient for result in results) == waiting
        ambiguous.update(result.recipient for result in results if result.ambiguous)
        delivered |= {r.recipient for r in results if r.outcome is Outcome.DELIVERED}
        waiting = tuple(r.recipient for r in results if r.outcome is Outcome.DEFERRED)
    pool.close()
    for server in servers:
        server.__exit__(None, None, None)
    copies = Counter(r for server in servers for mail in server.mails for r in mail.recipients)
    for recipient in RECIPIENTS:
        sure = 1 if recipient in delivered else 0
        assert sure <= copies[recipient] <= sure + ambiguous[recipient]
