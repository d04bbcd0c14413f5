"""Attacks on a listener, each under its name."""

from __future__ import annotations

import socket
import time
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailsec.gateway.envelope import Direction
from tests.servers.smtp_client import SmtpClient
from tests.workers.smtpd.conftest import QUICK
from tests.workers.smtpd.running import MESSAGE, LoopFactory, Running, running
from workers.smtpd.ports import Limits, Listener
from workers.smtpd.tls import CertificateFiles

END_MARKS = {
    "LF.LF": b"\n.\n",
    "LF.CRLF": b"\n.\r\n",
    "CRLF.LF": b"\r\n.\n",
    "CR.CR": b"\r.\r",
    "CRLF.CR": b"\r\n.\r",
    "CR.CRLF": b"\r.\r\n",
    "CRCRLF.CRCRLF": b"\r\r\n.\r\r\n",
    "LFLF.CRLF": b"\n\n.\r\n",
}
SMUGGLED = (
    b"MAIL FROM:<smuggled@example.net>\r\nRCPT TO:<recipient@example.com>\r\nDATA\r\n"
    b"From: smuggled@example.net\r\n\r\nsmuggled text\r\n.\r\nQUIT\r\n"
)

VERBS = [b"MAIL FROM:", b"RCPT TO:", b"EHLO ", b"AUTH ", b"RSET", b"HELP "]
WHOLE_LINES = [b"MAIL FROM:<>", b"RCPT TO:<a@example.com>", b"x" * 13_000, b"\xff" * 600]


@pytest.mark.parametrize("mark", END_MARKS)
def test_smtp_smuggling_is_refused_after_the_real_end(inbound: Running, mark: str) -> None:
    """Case smtp-01: a look-alike ends nothing; the whole is refused once, nothing is stored."""
    with inbound.client() as client:
        client.hello()
        client.envelope("outer@example.net", "recipient@example.com")
        client.command("DATA")
        client.raw(MESSAGE[:-2] + END_MARKS[mark] + SMUGGLED)
        assert client.codes_until_close() == [550, 221]
    assert inbound.stored == []


def test_a_dot_behind_nul_is_data(inbound: Running) -> None:
    """Case smtp-01: NUL is data, the line does not consist of a dot alone."""
    with inbound.client() as client:
        client.hello()
        client.envelope("outer@example.net", "recipient@example.com")
        client.command("DATA")
        client.raw(MESSAGE + b"\0.\r\n" + SMUGGLED)
        assert client.codes_until_close() == [250, 221]
    assert len(inbound.stored) == 1
    assert b"\r\n\0.\r\nMAIL FROM:<smuggled@example.net>\r\n" in inbound.stored[0].raw


def test_commands_injected_behind_starttls_are_never_answered(
    tls: CertificateFiles, any_loop: LoopFactory
) -> None:
    """Case smtp-02: the buffer is thrown away and the session starts anew (RFC 3207)."""
    listener = Listener(Direction.INBOUND, tls=tls, limits=QUICK)
    with running(listener, any_loop) as server, server.client() as client:
        client.hello()
        injected = b"EHLO attacker.example.net\r\nMAIL FROM:<injected@example.net>\r\n"
        assert client.command(b"STARTTLS\r\n" + injected.removesuffix(b"\r\n")).code == 220
        client.wrap_tls()
        assert client.command("NOOP").code == 250
        assert client.command("RCPT TO:<recipient@example.com>").code == 503
        assert client.command("MAIL FROM:<>").code == 503


def test_a_mail_begun_in_the_clear_does_not_go_on_under_tls(inbound: Running) -> None:
    """All state is forgotten at STARTTLS."""
    with inbound.client() as client:
        client.hello()
        client.envelope("sender@example.net", "recipient@example.com")
        assert client.command("STARTTLS").code == 220
        client.wrap_tls()
        assert client.command("DATA").code == 503
        assert "STARTTLS" not in client.hello().lines
        assert client.command("STARTTLS").code == 503
        assert client.send("", "recipient@example.com", MESSAGE).code == 250
    assert inbound.stored[0].envelope.client.tls in ("TLSv1.2", "TLSv1.3")


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=80),
            st.tuples(st.sampled_from(VERBS), st.binary(max_size=60)).map(b"".join),
            st.sampled_from(WHOLE_LINES),
        ),
        max_size=8,
    )
)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_hostile_command_lines_get_replies_and_nothing_else(
    inbound: Running, lines: list[bytes]
) -> None:
    """Every line has one well-formed reply without a 451: no line reaches a fault of ours."""
    lines = [line.replace(b"\n", b"") for line in lines]
    ends_it = (b"DATA", b"QUIT", b"STARTTLS")
    lines = [b"NOOP" if line.upper().startswith(ends_it) else line for line in lines]
    with inbound.client() as client:
        client.hello()
        for line in lines:
            answer = client.command(line)
            assert answer.code not in (0, 451), line
        assert client.command("NOOP").code == 250


def test_an_overlong_command_line_is_refused_once(inbound: Running) -> None:
    """The rest of the line is not taken for a command."""
    with inbound.client() as client:
        client.hello()
        assert client.command(b"NOOP " + b"x" * 600).code == 500
        assert client.command(b"NOOP " + b"x" * 400_000).code == 500
        assert client.command("NOOP").code == 250


def test_a_command_line_without_end_is_cut_off(inbound: Running) -> None:
    """Nobody feeds the listener for ever."""
    with inbound.client() as client:
        client.hello()
        with pytest.raises(OSError):
            for _ in range(100):
                client.raw(b"x" * 100_000)
                time.sleep(0.001)
    assert inbound.stored == []


@pytest.mark.parametrize("line", ["GET / HTTP/1.1", "POST /x HTTP/1.1", "Host: mx.example.org"])
def test_a_browser_led_here_is_turned_away(inbound: Running, line: str) -> None:
    """Cross-protocol attack: the rest of the request is never heard."""
    with inbound.client() as client:
        client.raw(line.encode() + b"\r\nEHLO x\r\nMAIL FROM:<>\r\n")
        assert client.codes_until_close() == [421]


def test_a_harvest_of_addresses_is_cut_off(tls: CertificateFiles) -> None:
    """After too many errors the session ends."""
    listener = Listener(Direction.INBOUND, limits=Limits(errors=5))
    with running(listener) as server, server.client() as client:
        client.hello()
        client.command("MAIL FROM:<>")
        codes = [client.command(f"RCPT TO:<guess{n}@example.org>").code for n in range(5)]
        assert codes == [550] * 5
        assert client.codes_until_close() == [421]


@pytest.mark.parametrize("in_data", [False, True])
def test_a_slow_client_is_cut_off(any_loop: LoopFactory, *, in_data: bool) -> None:
    """Silence ends the session with 421, among commands and within DATA."""
    limits = Limits(command_timeout=0.5, data_timeout=0.5)
    with running(Listener(Direction.INBOUND, limits=limits), any_loop) as server:
        with server.client() as client:
            client.hello()
            if in_data:
                client.envelope("", "a@example.com")
                client.command("DATA")
                client.raw(b"From: ")
            assert client.codes_until_close() == [421]
        assert server.stored == []


def test_a_trickle_of_data_is_cut_off() -> None:
    """A client that sends a byte now and then has an end, too."""
    limits = Limits(data_timeout=5.0, data_total_timeout=0.3)
    with running(Listener(Direction.INBOUND, limits=limits)) as server, server.client() as client:
        client.hello()
        client.envelope("", "a@example.com")
        client.command("DATA")
        with pytest.raises(OSError):  # It would go on for half a minute.
            for _ in range(600):
                client.raw(b"x")
                time.sleep(0.05)
        assert server.stored == []


def test_a_client_that_never_reads_its_replies_is_cut_off() -> None:
    """It cannot make the listener keep replies without end."""
    limits = replace(QUICK, command_timeout=0.5, errors=10**9)
    with running(Listener(Direction.INBOUND, limits=limits)) as server:
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.connect(("127.0.0.1", server.port))
        sock.settimeout(5)
        with sock, pytest.raises(ConnectionError):
            for _ in range(3000):
                sock.sendall(b"EHLO x\r\n" * 1000)


def test_a_failed_handshake_ends_one_session_only(inbound: Running) -> None:
    """Garbage instead of TLS."""
    with inbound.client() as client:
        client.hello()
        assert client.command("STARTTLS").code == 220
        client.raw(b"\x00" * 100 + b"\r\n")
        client.sock.settimeout(5)
        while client.sock.recv(4096):
            pass
    with SmtpClient(inbound.port) as client:
        assert client.hello().code == 250
