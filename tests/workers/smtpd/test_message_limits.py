"""The limits on a message: size, recipients, header block, hops, memory (product limits)."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailsec.gateway.envelope import Direction
from tests.workers.smtpd.conftest import QUICK, folder_of_cases
from tests.workers.smtpd.running import ACME, MESSAGE, Running, running
from workers.smtpd.ports import Limits, Listener


def _send(server: Running, message: bytes) -> tuple[int, str]:
    with server.client() as client:
        client.hello()
        answer = client.send("sender@example.net", "recipient@example.com", message)
        assert client.command("NOOP").code == 250
        return answer.code, answer.text[:5]


def test_a_message_at_the_limit_is_taken_and_one_over_it_is_not() -> None:
    """552 after the real end, and the session goes on."""
    limits = Limits(message_size=100_000)
    with running(Listener(Direction.INBOUND, limits=limits)) as server:
        line = b"x" * 98 + b"\r\n"
        body = MESSAGE + line * ((100_000 - len(MESSAGE)) // 100)
        assert _send(server, body)[0] == 250
        assert _send(server, body + line * 3) == (552, "5.3.4")
        assert _send(server, body + line * 500) == (552, "5.3.4")
        assert len(server.stored) == 1


def test_a_message_without_end_is_cut_off() -> None:
    """It is read on up to twice the limit, then the connection ends."""
    limits = Limits(message_size=100_000)
    with running(Listener(Direction.INBOUND, limits=limits)) as server, server.client() as client:
        client.hello()
        client.envelope("", "a@example.com")
        client.command("DATA")
        with pytest.raises(OSError):
            for _ in range(1000):
                client.raw(b"x" * 100_000)
        assert server.stored == []


def test_a_tenants_own_size_limit_counts_at_rcpt_and_after_data(inbound: Running) -> None:
    """SIZE is compared as soon as the tenant is known."""
    inbound.directory.domains["example.com"] = replace(ACME, message_size=200)
    with inbound.client() as client:
        client.hello()
        assert client.command("MAIL FROM:<> SIZE=300").code == 250
        assert client.command("RCPT TO:<a@example.com>").code == 552
        client.command("RSET")
        assert client.send("", "a@example.com", MESSAGE + b"x" * 200 + b"\r\n").code == 552
        assert client.send("", "a@example.com", MESSAGE).code == 250


def test_recipients_over_the_limit_are_put_off() -> None:
    """452: the client sends the rest in a further mail; those before are served."""
    limits = Limits(recipients=3)
    with running(Listener(Direction.INBOUND, limits=limits)) as server, server.client() as client:
        client.hello()
        codes = client.envelope("", *(f"r{n}@example.com" for n in range(4)))
        assert codes == [250, 250, 250, 250, 452]
        assert client.data(MESSAGE).code == 250
        assert len(server.stored[0].envelope.recipients) == 3


def test_a_thousand_recipients_are_taken(inbound: Running) -> None:
    """The product's limit, pipelined as real clients do."""
    with inbound.client() as client:
        client.hello()
        rcpt = b"".join(b"RCPT TO:<r%d@example.com>\r\n" % n for n in range(1001))
        client.raw(b"MAIL FROM:<>\r\n" + rcpt)
        codes = [client.reply().code for _ in range(1002)]
        assert codes == [250] * 1001 + [452]
        assert client.data(MESSAGE).code == 250
    assert len(inbound.stored[0].envelope.recipients) == 1000


def test_long_body_lines_are_taken(inbound: Running) -> None:
    """What is sent on must be legal; what comes in need not be."""
    message = MESSAGE + b"x" * 200_000 + b"\r\n"
    assert _send(inbound, message)[0] == 250
    assert inbound.stored[0].raw == message


def test_a_header_block_over_the_limit_is_refused(inbound: Running) -> None:
    """554 with the reason."""
    field = b"X-Filler: " + b"x" * 988 + b"\r\n"
    assert _send(inbound, field * 250 + MESSAGE)[0] == 250
    assert _send(inbound, field * 263 + MESSAGE) == (554, "5.6.0")
    assert _send(inbound, field * 300) == (554, "5.6.0")


def test_a_header_line_over_the_limit_is_refused(inbound: Running) -> None:
    """64 KiB is the hard limit of one line; folding is the way for more."""
    assert _send(inbound, b"X-Long: " + b"x" * 60_000 + b"\r\n" + MESSAGE)[0] == 250
    assert _send(inbound, b"X-Long: " + b"x" * 70_000 + b"\r\n" + MESSAGE) == (554, "5.6.0")


def test_twenty_four_hops_are_taken_and_twenty_five_are_a_loop(inbound: Running) -> None:
    """Case smtp-06 by count."""
    hop = b"received: from a.example.net\r\n\tby b.example.net; date\r\n"
    assert _send(inbound, hop * 24 + MESSAGE)[0] == 250
    assert _send(inbound, hop * 25 + MESSAGE) == (554, "5.4.6")


def test_the_recorded_loop_is_stopped_and_the_long_way_is_not(inbound: Running) -> None:
    """Case smtp-06 as it was recorded."""
    folder = folder_of_cases()
    assert _send(inbound, (folder / "smtp-06.eml").read_bytes())[0] == 250
    assert _send(inbound, (folder / "smtp-06-loop.eml").read_bytes()) == (554, "5.4.6")


@pytest.mark.parametrize(
    "message", [b"", b"\r\n", b"\r\nbody\r\n", b"no header at all\r\n", b".\r\n.\r\n", b"\0\r\n"]
)
def test_odd_messages_are_taken_inbound(inbound: Running, message: bytes) -> None:
    """The policy decides about them later; the stored bytes are theirs."""
    stuffed = (b"\r\n" + message).replace(b"\r\n.", b"\r\n..")[2:]
    assert _send(inbound, stuffed)[0] == 250
    assert inbound.stored[0].raw == message


def test_mail_is_put_off_while_memory_is_short() -> None:
    """452 4.3.1, and the counter goes back to nothing."""
    limits = Limits(bytes_in_flight=1000)
    with running(Listener(Direction.INBOUND, limits=limits)) as server:
        assert _send(server, MESSAGE + b"x" * 2000 + b"\r\n") == (452, "4.3.1")
        assert _send(server, MESSAGE)[0] == 250


@given(st.lists(st.integers(0, 400), max_size=12), st.sampled_from([0.0, 0.002]))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_cuts_on_the_wire_give_the_same_stored_bytes(
    inbound: Running, cuts: list[int], pause: float
) -> None:
    """The whole dialogue in pieces of any size, two mails of it, with all pitfalls of dots."""
    message = MESSAGE + b"..\r\n..dots\r\n. \r\n\0\r\n" + b"x" * 50 + b"\r\n...\r\n"
    plain = MESSAGE + b".\r\n.dots\r\n \r\n\0\r\n" + b"x" * 50 + b"\r\n..\r\n"
    once = b"MAIL FROM:<>\r\nRCPT TO:<a@example.com>\r\nDATA\r\n" + message + b".\r\n"
    stream = once + once + b"QUIT\r\n"
    before = len(inbound.stored)
    with inbound.client() as client:
        client.hello()
        places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
        for start, end in pairwise(places):
            client.raw(stream[start:end])
            time.sleep(pause)
        codes = client.codes_until_close()
    assert codes == [250, 250, 354, 250, 250, 250, 354, 250, 221]
    assert [mail.raw for mail in inbound.stored[before:]] == [plain, plain]


def test_limits_of_the_product_are_the_defaults() -> None:
    """Product description, section 15."""
    limits = Limits()
    assert (limits.connections, limits.connections_per_ip) == (1000, 20)
    assert (limits.recipients, limits.message_size) == (1000, 50 * 1024 * 1024)
    assert (limits.header_bytes, limits.header_line, limits.hops) == (262_144, 65_536, 25)
    assert QUICK.recipients == limits.recipients
