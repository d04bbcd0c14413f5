"""Counters and token buckets."""

from __future__ import annotations

from ipaddress import ip_address

from workers.smtpd.limits import ByteLedger, ConnectionLedger, RateLimit, client_address, client_key


def test_a_bucket_refills_evenly() -> None:
    """Sixty a minute are one a second, after the first sixty at once."""
    now = 0.0
    rate = RateLimit(60, clock=lambda: now)
    assert [rate.allow(1) for _ in range(61)] == [True] * 60 + [False]
    assert rate.exhausted(1) and not rate.exhausted(2)
    now = 1.0
    assert [rate.allow(1), rate.allow(1)] == [True, False]
    now = 1000.0
    assert [rate.allow(1) for _ in range(61)] == [True] * 60 + [False]


def test_many_clients_do_not_fill_the_memory() -> None:
    """Old buckets are forgotten; under attack from everywhere, all of them."""
    now = 0.0
    rate = RateLimit(1, clock=lambda: now)
    for client in range(50_000):
        rate.allow(client)
    assert len(rate._buckets) <= 20_000


def test_no_limit_lets_everything_through() -> None:
    """0 switches a limit off."""
    assert all(RateLimit(0).allow(1) for _ in range(1000))
    ledger = ConnectionLedger(0, 0)
    assert all(ledger.enter() and ledger.enter_client(1) for _ in range(1000))
    assert ByteLedger(0).take(10**12)


def test_what_is_given_back_may_be_taken_again() -> None:
    """Also after a refusal, which counts until it is given back."""
    ledger = ConnectionLedger(1, 1)
    assert [ledger.enter(), ledger.enter()] == [True, False]
    ledger.leave()
    ledger.leave()
    assert ledger.enter()
    assert [ledger.enter_client(7), ledger.enter_client(7)] == [True, False]
    ledger.leave_client(7)
    ledger.leave_client(7)
    assert ledger.enter_client(7)


def test_one_client_is_an_ipv4_address_or_an_ipv6_network() -> None:
    """Nobody gets around a limit with the many addresses of one network."""
    assert client_address("::ffff:192.0.2.1") == ip_address("192.0.2.1")
    assert client_address("fe80::1%eth0") == ip_address("fe80::1")
    assert client_key(ip_address("2001:db8::1")) == client_key(ip_address("2001:db8::2"))
    assert client_key(ip_address("2001:db8::1")) != client_key(ip_address("2001:db8:0:1::1"))
    assert client_key(ip_address("192.0.2.1")) != client_key(ip_address("192.0.2.2"))
