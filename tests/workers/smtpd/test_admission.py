"""Who is let in: limits on connections and rates, and the PROXY protocol."""

from __future__ import annotations

import socket
import struct
import time
from contextlib import suppress
from dataclasses import replace
from ipaddress import ip_network

import pytest

from mailsec.gateway.envelope import Direction
from tests.servers.smtp_client import SmtpClient
from tests.workers.smtpd.conftest import QUICK
from tests.workers.smtpd.running import MESSAGE, running
from workers.smtpd.ports import Limits, Listener

TRUSTED = (ip_network("127.0.0.0/8"),)
V2_SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"


def _listener(limits: Limits = QUICK, *, proxy: bool = False) -> Listener:
    return Listener(Direction.INBOUND, limits=limits, proxy_networks=TRUSTED if proxy else ())


def _wait_for_room(port: int) -> SmtpClient:
    for _ in range(100):
        client = SmtpClient(port)
        if client.greeting.code == 220:
            return client
        client.sock.close()
        time.sleep(0.01)
    raise AssertionError("no room came")


@pytest.mark.parametrize("limits", [Limits(connections=2), Limits(connections_per_ip=2)])
def test_connections_over_a_limit_hear_421_until_others_leave(limits: Limits) -> None:
    """In all, and from one address."""
    with running(_listener(limits)) as server:
        first, second = server.client(), server.client()
        assert (first.greeting.code, second.greeting.code) == (220, 220)
        with server.client() as third:
            assert third.greeting.code == 421
            assert third.reply().code == 0
        first.command("QUIT")
        first.sock.close()
        with _wait_for_room(server.port) as again:
            assert again.hello().code == 250
        second.sock.close()


def test_too_many_connections_in_a_minute_hear_421() -> None:
    """A token bucket for each address."""
    with running(_listener(Limits(connections_per_minute_per_ip=3))) as server:
        codes = []
        for _ in range(5):
            with server.client() as client:
                codes.append(client.greeting.code)
    assert codes == [220, 220, 220, 421, 421]


def _v2(command: int, source: str) -> bytes:
    addresses = socket.inet_aton(source) + socket.inet_aton("192.0.2.1")
    body = addresses + struct.pack("!HH", 40_000, 25)
    return V2_SIGNATURE + struct.pack("!BBH", 0x20 | command, 0x11, len(body)) + body


@pytest.mark.parametrize(
    ("header", "ip"),
    [
        (b"PROXY TCP4 198.51.100.7 192.0.2.1 40000 25\r\n", "198.51.100.7"),
        (b"PROXY TCP6 2001:db8::7 2001:db8::1 40000 25\r\n", "2001:db8::7"),
        (b"PROXY UNKNOWN\r\n", "127.0.0.1"),
        (_v2(1, "198.51.100.7"), "198.51.100.7"),
        (_v2(0, "198.51.100.7"), "127.0.0.1"),
    ],
)
def test_a_trusted_load_balancer_names_the_client(header: bytes, ip: str) -> None:
    """Versions 1 and 2; its own health checks count as its own."""
    with running(_listener(proxy=True)) as server, server.client(greeting=False) as client:
        client.raw(header)
        assert client.reply().code == 220
        client.hello()
        assert client.send("", "a@example.com", MESSAGE).code == 250
        assert server.stored[0].envelope.client.ip == ip


@pytest.mark.parametrize(
    "start",
    [
        b"EHLO client.example.net\r\n",
        b"PROXY TCP4 nonsense\r\n",
        b"PROXY TCP4 198.51.100.7 192.0.2.1 40000 25 more\r\n",
        b"PROXY " + b"x" * 200 + b"\r\n",
        b"PROX",
        b"",
        V2_SIGNATURE + b"\x21\x11\x00\x02xx",
    ],
)
def test_a_load_balancer_without_a_valid_header_is_closed(start: bytes) -> None:
    """Without a word, and before the client loses its patience."""
    with running(_listener(proxy=True)) as server, server.client(greeting=False) as client:
        client.raw(start)
        assert all(code in (421,) for code in client.codes_until_close())
        # Closed, which a client hears at once; one that waits on hears a timeout.
        with suppress(ConnectionResetError):
            assert client.sock.recv(1) == b""


def test_a_client_that_is_no_load_balancer_cannot_forge_its_address() -> None:
    """PROXY is an unknown command for everybody else."""
    with running(_listener()) as server, server.client() as client:
        assert client.command("PROXY TCP4 198.51.100.7 192.0.2.1 40000 25").code == 500
        client.hello()
        assert client.send("", "a@example.com", MESSAGE).code == 250
        assert server.stored[0].envelope.client.ip == "127.0.0.1"


def test_clients_behind_a_load_balancer_are_counted_one_by_one() -> None:
    """The limit for one address does not hit the load balancer."""
    limits = replace(QUICK, connections_per_ip=1)
    with running(_listener(limits, proxy=True)) as server:
        clients = [server.client(greeting=False) for _ in range(3)]
        for client, last in zip(clients, (7, 8, 7), strict=True):
            client.raw(b"PROXY TCP4 198.51.100.%d 192.0.2.1 40000 25\r\n" % last)
        assert [client.reply().code for client in clients] == [220, 220, 421]
        for client in clients:
            client.sock.close()
