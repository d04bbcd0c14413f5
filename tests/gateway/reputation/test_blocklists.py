"""DNS block lists: settings, questions, answers, test questions."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsec.gateway.errors import InvalidPolicy
from mailsec.gateway.reputation.blocklists import (
    Meaning,
    is_sound,
    read_answers,
    zones_of,
)


def test_a_zone_may_weigh_its_answers_differently() -> None:
    """The heaviest rule that an answer meets counts, over all answers."""
    (zone,) = zones_of("Zen.Example.org.:8=127.0.0.2-127.0.0.9, zen.example.org:3=127.0.0.10")
    assert read_answers(zone, ["127.0.0.10"]).weight == 3
    assert read_answers(zone, ["127.0.0.10", "127.0.0.4"]).weight == 8
    assert read_answers(zone, ["127.0.0.11"]).meaning is Meaning.CLEAN
    assert read_answers(zone, []).meaning is Meaning.CLEAN


@pytest.mark.parametrize(
    "answers",
    [
        ["127.255.255.254"],
        ["127.255.255.252", "127.0.0.2"],
        ["127.0.0.2", "127.255.255.255"],
        ["192.0.2.1"],
        ["0.0.0.0"],
        ["127.0.0.2", "nonsense"],
    ],
)
def test_an_error_is_never_a_listing(answers: list[str]) -> None:
    """Not even beside a listing, nor where the rule's range would hold it."""
    (zone,) = zones_of("list.example.net:10=127.0.0.0-127.255.255.255")
    assert read_answers(zone, answers).meaning is Meaning.ERROR
    assert read_answers(zone, answers).weight == 0


@given(st.lists(st.ip_addresses(v=4).map(str) | st.text(max_size=20), max_size=5))
def test_only_answers_of_127_list_anybody(answers: list[str]) -> None:
    """Whatever a list answers, it never raises."""
    (zone,) = zones_of("list.example.net:5")
    reading = read_answers(zone, answers)
    if reading.meaning is Meaning.LISTED:
        assert reading.answer.startswith("127.0.0.")


def test_addresses_are_asked_in_reverse() -> None:
    """By octets, and by nibbles for IPv6 (RFC 5782 sections 2.1 and 2.4)."""
    (zone,) = zones_of("list.example.net:5")
    assert zone.question(ipaddress.ip_address("192.0.2.99")) == "99.2.0.192.list.example.net"
    name = zone.question(ipaddress.ip_address("2001:db8::1"))
    assert name.startswith("1.0.0.0.") and name.endswith(".8.b.d.0.1.0.0.2.list.example.net")
    assert name.count(".") == 32 + 2


@pytest.mark.parametrize(
    ("canary", "clean", "sound"),
    [
        (["127.0.0.2"], [], True),
        (["127.0.0.4"], [], True),
        ([], [], False),  # closed: it lists nobody
        (["127.0.0.2"], ["127.0.0.2"], False),  # sold: it lists everybody
        (["192.0.2.1"], [], False),
        (["127.255.255.254"], [], False),
    ],
)
def test_a_list_must_prove_itself(canary: list[str], clean: list[str], sound: bool) -> None:
    """By the test entries of RFC 5782 section 5."""
    assert is_sound(canary, clean) is sound


@pytest.mark.parametrize(
    "text",
    [
        "list.example.net",
        "list.example.net:0",
        "list.example.net:101",
        "list.example.net:x",
        ":5",
        "localhost:5",
        "a b.example.net:5",
        "list.example.net:5=192.0.2.1",
        "list.example.net:5=127.0.0.9-127.0.0.2",
        "list.example.net:5=127.0.0.2-",
    ],
)
def test_a_wrong_setting_names_itself(text: str) -> None:
    """So that the service does not start with half of its lists."""
    with pytest.raises(InvalidPolicy, match="DNSBL"):
        zones_of(text)


def test_no_setting_is_no_list() -> None:
    """No list is asked unless the operator names it."""
    assert zones_of("") == zones_of(" , ") == ()
