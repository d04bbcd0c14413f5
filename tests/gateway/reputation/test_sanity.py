"""Names that clients give themselves, and names of their addresses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsec.gateway.reputation.points import Measure, Thresholds, score_of
from mailsec.gateway.reputation.sanity import Greeting, ReverseNames, is_dynamic, points_against

IP = "192.0.2.25"
GOOD = ReverseNames(("mail.example.net",), ("mail.example.net",))
OURS = {"our_names": frozenset({"mx.example.org"}), "our_addresses": frozenset({"198.51.100.1"})}


def codes(helo: str, reverse: ReverseNames = GOOD, ip: str = IP) -> set[str]:
    return {point.code for point in points_against(Greeting(helo, ip, **OURS), reverse)}


@pytest.mark.parametrize(
    ("helo", "expected"),
    [
        ("mail.example.net", set()),
        ("MAIL.example.net.", set()),
        ("[192.0.2.25]", set()),
        ("[192.0.2.26]", {"helo-other-ip"}),
        ("192.0.2.25", {"helo-bare-ip"}),
        ("MX.Example.org", {"helo-ours"}),
        ("[198.51.100.1]", {"helo-ours"}),
        ("198.51.100.1", {"helo-ours"}),
        ("localhost", {"helo-no-name"}),
        ("win-server.local", {"helo-no-name"}),
        ("1.2.3.4.5", {"helo-no-name"}),
        ("??.example.net", {"helo-no-name"}),
        ("[IPv6:2001:db8::1]", {"helo-other-ip"}),
    ],
)
def test_a_greeting_is_a_full_name_of_somebody_else(helo: str, expected: set[str]) -> None:
    """Or the client's own address in brackets (RFC 5321 section 4.1.3)."""
    assert codes(helo) == expected


def test_the_address_has_a_name_that_leads_back() -> None:
    """No name, and a name that anybody can claim, each speak against it."""
    assert codes("mail.example.net", ReverseNames()) == {"no-ptr"}
    assert codes("mail.example.net", ReverseNames(("mail.example.com",))) == {"ptr-unconfirmed"}


def test_silence_of_the_name_servers_is_not_held_against_a_client() -> None:
    """It may be our own resolver that is in trouble."""
    assert codes("mail.example.net", ReverseNames(known=False)) == set()


@pytest.mark.parametrize(
    ("name", "dynamic"),
    [
        ("dsl-25.pool.example.net", True),
        ("dynamic-192-0-2-25.example.net", True),
        ("p2025-ipngn.example.jp", False),
        ("192-0-2-25.example.net", True),
        ("25.2.0.192.example.net", True),
        ("host192.0.2.example.net", True),
        ("static-192-0-2-25.example.net", False),
        ("mail25.example.net", False),
        ("mx1.dialog.example.net", False),
        ("ppp25.example.jp", True),
    ],
)
def test_names_of_private_lines_are_known(name: str, dynamic: bool) -> None:
    """By their words, or by the address in them; a server's word outweighs."""
    assert is_dynamic(name, IP) is dynamic


@given(st.text(max_size=300), st.lists(st.text(max_size=300), max_size=3), st.ip_addresses())
def test_names_alone_never_refuse(helo: str, names: list[str], ip: object) -> None:
    """Whatever a client or its name server says, its mail is at worst delayed."""
    greeting = Greeting(helo, str(ip), **OURS)
    for confirmed in ((), tuple(names)):
        points = points_against(greeting, ReverseNames(tuple(names), confirmed))
        assert Thresholds().measure(points) is not Measure.REFUSE
        assert score_of(points) <= 8


def test_a_threshold_of_zero_is_switched_off() -> None:
    """Neither measure is taken then."""
    points = points_against(Greeting("localhost", IP), ReverseNames())
    assert Thresholds().measure(points) is Measure.GREYLIST
    assert Thresholds(greylist=0, refuse=0).measure(points) is Measure.TAKE
    assert Thresholds(greylist=4, refuse=4).measure(points) is Measure.REFUSE
