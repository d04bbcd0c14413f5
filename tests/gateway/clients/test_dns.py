"""Mail exchangers and addresses from a real name server on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mailsec.gateway.clients.dns import DnsResolver, NameServers
from mailsec.gateway.errors import NoRoute, TemporaryResolverError
from mailsec.gateway.hops import Hop, TlsMode
from mailsec.gateway.ports import MailExchanger
from mailsec.gateway.routes import hops_of
from tests.servers.dns import NameServer, txt

ZONE = {
    "example.com": {"MX": ["20 mx2.example.com.", "10 mx1.example.com.", "20 MX3.example.com."]},
    "mx1.example.com": {"A": ["192.0.2.1", "192.0.2.2"], "AAAA": ["2001:db8::1"]},
    "plain.example.com": {"A": ["192.0.2.9"]},
    "closed.example.com": {"MX": ["0 ."]},
    "nothing.example.com": {"TXT": ['"hello"']},
    "many.example.com": {"MX": [f"{i} mx{i}.example.com." for i in range(40)]},
    "text.example.com": {"TXT": [txt("v=spf1 " + "x" * 400), txt('a "quoted" \\ text')]},
    "1.2.0.192.in-addr.arpa": {"PTR": ["MX1.example.com."]},
    "xn--wgv71a119e.example": {"MX": ["10 mx1.example.com."]},
}


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def server() -> Iterator[NameServer]:
    with NameServer(ZONE) as running:
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def resolver(server: NameServer, clock: Clock) -> DnsResolver:
    return DnsResolver(NameServers(("127.0.0.1",), server.port, timeout=0.3, total=0.6), clock)


def test_exchangers_come_by_preference(resolver: DnsResolver) -> None:
    assert resolver.mail_exchangers("Example.COM") == (
        MailExchanger(10, "mx1.example.com"),
        MailExchanger(20, "mx2.example.com"),
        MailExchanger(20, "mx3.example.com"),
    )


def test_a_domain_without_mx_takes_mail_at_its_own_address(resolver: DnsResolver) -> None:
    """The implicit MX of RFC 5321 section 5.1."""
    assert resolver.mail_exchangers("plain.example.com") == (MailExchanger(0, "plain.example.com"),)


@pytest.mark.parametrize(
    "domain",
    ["closed.example.com", "missing.example.com", "nothing.example.com", "a..b", "x" * 70, ""],
)
def test_a_domain_that_takes_no_mail_has_no_route(resolver: DnsResolver, domain: str) -> None:
    """Null MX (RFC 7505), no such name, neither MX nor address, no name at all."""
    with pytest.raises(NoRoute):
        resolver.mail_exchangers(domain)


def test_a_server_that_fails_or_is_silent_may_answer_later(
    resolver: DnsResolver, server: NameServer
) -> None:
    """Never ``NoRoute``: the mail waits. The failure is not remembered either."""
    server.broken.add("example.com")
    with pytest.raises(TemporaryResolverError):
        resolver.mail_exchangers("example.com")
    server.broken.clear()
    server.silent.add("example.com")
    with pytest.raises(TemporaryResolverError):
        resolver.mail_exchangers("example.com")
    server.silent.clear()
    assert len(resolver.mail_exchangers("example.com")) == 3


def test_no_more_than_twenty_exchangers_are_kept(resolver: DnsResolver, server: NameServer) -> None:
    """Attack: a domain with hundreds of dead exchangers would hold a worker. Asked by TCP here."""
    server.large.add("many.example.com")
    found = resolver.mail_exchangers("many.example.com")
    assert [one.preference for one in found] == list(range(20))


def test_addresses_of_both_families_are_found(resolver: DnsResolver) -> None:
    *first, last = resolver.addresses("mx1.example.com")
    assert sorted(first) == ["192.0.2.1", "192.0.2.2"]
    assert last == "2001:db8::1"
    assert resolver.addresses("missing.example.com") == ()


def test_an_answer_is_remembered_for_its_time_to_live(
    resolver: DnsResolver, server: NameServer, clock: Clock
) -> None:
    resolver.mail_exchangers("example.com")
    resolver.mail_exchangers("EXAMPLE.com.")
    assert len(server.questions) == 1
    clock.now += 61
    resolver.mail_exchangers("example.com")
    assert len(server.questions) == 2


def test_no_answer_is_remembered_for_longer_than_five_minutes(
    resolver: DnsResolver, server: NameServer, clock: Clock
) -> None:
    server.ttl = 86400
    resolver.mail_exchangers("example.com")
    clock.now += 301
    resolver.mail_exchangers("example.com")
    assert len(server.questions) == 2


def test_routes_follow_the_exchangers(resolver: DnsResolver) -> None:
    """Names are spelled in A-labels, and hosts that others chose may not lie inside."""
    first, *_ = hops_of("example.com", resolver)
    assert first == Hop("mx1.example.com", 25, TlsMode.OPPORTUNISTIC, 10, public_only=True)
    assert hops_of("日本語.example", resolver, TlsMode.REQUIRED, 2525, public_only=False) == (
        Hop("mx1.example.com", 2525, TlsMode.REQUIRED, 10),
    )


def test_an_address_literal_is_its_own_route(resolver: DnsResolver) -> None:
    assert hops_of("[192.0.2.7]", resolver) == (Hop("192.0.2.7", priority=0, public_only=True),)
    assert hops_of("[IPv6:2001:db8::7]", resolver)[0].host == "2001:db8::7"


@pytest.mark.parametrize("domain", ["[mx1.example.com]", "[]", "あ" * 80])
def test_what_is_neither_name_nor_address_has_no_route(resolver: DnsResolver, domain: str) -> None:
    with pytest.raises(NoRoute):
        hops_of(domain, resolver)


def test_texts_come_with_their_strings_joined(resolver: DnsResolver) -> None:
    """RFC 7208 section 3.3; as octets, since nobody says what they are encoded in."""
    assert set(resolver.texts("Text.example.com")) == {
        b"v=spf1 " + b"x" * 400,
        b'a "quoted" \\ text',
    }
    assert resolver.texts("missing.example.com") == ()


def test_names_of_an_address_are_found(resolver: DnsResolver) -> None:
    """In lower case; what is no address has none."""
    assert resolver.names_of("192.0.2.1") == ("mx1.example.com",)
    assert resolver.names_of("2001:db8::9") == ()
    assert resolver.names_of("unknown") == ()


def test_exchangers_are_named_without_the_implicit_one(resolver: DnsResolver) -> None:
    """RFC 7208 section 5.4; nor does the null MX name one."""
    assert resolver.exchangers_of("example.com") == (
        "mx1.example.com",
        "mx2.example.com",
        "mx3.example.com",
    )
    assert resolver.exchangers_of("plain.example.com") == ()
    assert resolver.exchangers_of("closed.example.com") == ()


def test_one_family_of_addresses_is_asked_for_alone(
    resolver: DnsResolver, server: NameServer
) -> None:
    assert sorted(resolver.addresses_of("mx1.example.com", 4)) == ["192.0.2.1", "192.0.2.2"]
    assert resolver.addresses_of("mx1.example.com", 6) == ("2001:db8::1",)
    assert server.questions == [("mx1.example.com", "A"), ("mx1.example.com", "AAAA")]


@pytest.mark.parametrize("name", ["a\\", "a\\999", "\udc80", "a" * 64, "", "日本" * 40])
def test_what_is_no_name_has_no_records(resolver: DnsResolver, name: str) -> None:
    """Not a failure: asking again would not help."""
    assert resolver.texts(name) == ()


def test_very_long_answers_are_not_kept(resolver: DnsResolver, server: NameServer) -> None:
    """Attack: ten thousand names with answers of 60 kB would fill the memory."""
    server.zone = {"long.example.com": {"TXT": [txt("x" * 5000)]}}
    server.large.add("long.example.com")
    for _ in range(2):
        assert resolver.texts("long.example.com") == (b"x" * 5000,)
    assert len(server.questions) == 4  # each time by UDP, then by TCP
