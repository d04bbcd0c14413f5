"""The sender's authentication, against a name server on loopback."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from mailsec.gateway.authentication import Authentication, Result
from mailsec.gateway.checks.authenticator import SenderAuthenticator
from mailsec.gateway.checks.lookups import NoRecords
from mailsec.gateway.clients.dns import DnsResolver, NameServers
from mailsec.gateway.envelope import Envelope
from mailsec.gateway.errors import TemporaryResolverError
from mailsec.gateway.message import Message
from tests.gateway.checks.making import (
    NOW,
    PLAIN,
    Known,
    envelope,
    key_record,
    signed,
    signed_ed25519,
)
from tests.servers.dns import NameServer, txt

CASES = Path(__file__).parents[4] / "shared" / "cases"
KEY = "s1._domainkey.example.jp"


@pytest.fixture
def server() -> Iterator[NameServer]:
    zone = {
        "example.jp": {"TXT": [txt("v=spf1 ip4:192.0.2.1 -all"), txt("something else")]},
        "example.net": {"TXT": [txt("v=spf1 mx a:host.example.net -all")]},
        "_dmarc.example.jp": {"TXT": [txt("v=DMARC1; p=reject; sp=quarantine")]},
        KEY: {"TXT": [txt(key_record())]},
    }
    with NameServer(zone) as running:
        yield running


@pytest.fixture
def authenticator(server: NameServer) -> SenderAuthenticator:
    servers = NameServers(("127.0.0.1",), server.port, timeout=0.2, total=0.2)
    ticks = itertools.count(0.0, 1000.0)  # Nothing is remembered from one question to the next.
    resolver = DnsResolver(servers, lambda: next(ticks))
    return SenderAuthenticator(resolver, lambda: NOW, lambda: 0.0)


def check(
    authenticator: SenderAuthenticator, raw: bytes, from_whom: Envelope | None = None
) -> Authentication:
    return authenticator.check(Message(raw), from_whom or envelope())


STRANGER = envelope("x@example.org", "203.0.113.9", "host.example.org")


def test_spf_of_the_authors_domain_proves_him(authenticator: SenderAuthenticator) -> None:
    """DMARC passes by SPF alone; a message without signatures has none."""
    found = check(authenticator, PLAIN)
    assert (found.spf.result, found.spf.domain) == (Result.PASS, "example.jp")
    assert found.dkim == ()
    assert (found.dmarc.result, found.dmarc.policy) == (Result.PASS, "reject")
    assert found.author_is_authentic
    assert found.arc.result is Result.NONE


def test_a_signature_of_the_authors_domain_proves_him(authenticator: SenderAuthenticator) -> None:
    """From wherever it comes."""
    found = check(authenticator, signed(PLAIN), STRANGER)
    (one,) = found.dkim
    assert (one.result, one.domain, one.selector) == (Result.PASS, "example.jp", "s1")
    assert found.dmarc.result is Result.PASS


def test_a_forgery_fails_with_the_owners_policy(authenticator: SenderAuthenticator) -> None:
    found = check(authenticator, PLAIN, STRANGER)
    assert (found.dmarc.result, found.dmarc.domain) == (Result.FAIL, "example.jp")
    assert found.dmarc.policy == "reject"
    assert not found.author_is_authentic


def test_a_changed_body_or_header_breaks_the_signature(authenticator: SenderAuthenticator) -> None:
    """The reason says which."""
    for old, new, reason in (
        (b"Hello.", b"Hello!", "body hash did not verify"),
        (b"Greetings", b"Pay now", "signature did not verify"),
    ):
        found = check(authenticator, signed(PLAIN).replace(old, new), STRANGER)
        assert (found.dkim[0].result, found.dkim[0].reason) == (Result.FAIL, reason)
        assert found.dmarc.result is Result.FAIL


def test_ed25519_signatures_hold(authenticator: SenderAuthenticator, server: NameServer) -> None:
    """RFC 8463."""
    raw, record = signed_ed25519(PLAIN)
    server.zone = {**server.zone, "s2._domainkey.example.jp": {"TXT": [txt(record)]}}
    assert check(authenticator, raw, STRANGER).dkim[0].result is Result.PASS
    broken = raw.replace(b"Greetings", b"Pay now")
    assert check(authenticator, broken, STRANGER).dkim[0].result is Result.FAIL


def test_a_subdomain_falls_back_to_its_organisation(authenticator: SenderAuthenticator) -> None:
    """The record of the organisational domain holds with ``sp=``; alignment is relaxed."""
    raw = PLAIN.replace(b"sender@example.jp", b"sender@shop.example.jp")
    found = check(authenticator, raw, STRANGER)
    assert (found.dmarc.result, found.dmarc.policy) == (Result.FAIL, "quarantine")
    assert check(authenticator, raw).dmarc.result is Result.PASS


def test_a_domain_without_policy_can_be_proved_all_the_same(
    authenticator: SenderAuthenticator, server: NameServer
) -> None:
    """The result is none, since nobody published anything; the alignment holds or not."""
    server.zone = {name: kinds for name, kinds in server.zone.items() if "dmarc" not in name}
    found = check(authenticator, PLAIN)
    assert (found.dmarc.result, found.dmarc.aligned) == (Result.NONE, True)
    assert found.author_is_authentic
    assert not check(authenticator, PLAIN, STRANGER).author_is_authentic


def test_an_unanswered_look_up_is_an_error_and_no_pass(
    authenticator: SenderAuthenticator, server: NameServer
) -> None:
    """Broken, or silent: temperror, whatever was asked for."""
    server.broken |= {"example.jp", KEY}
    found = check(authenticator, signed(PLAIN))
    assert {found.spf.result, found.dkim[0].result, found.dmarc.result} == {Result.TEMPERROR}
    assert not found.author_is_authentic
    server.broken.clear()
    server.silent.add("_dmarc.example.jp")
    found = check(authenticator, signed(PLAIN))
    assert (found.dkim[0].result, found.dmarc.result) == (Result.PASS, Result.TEMPERROR)
    assert not found.author_is_authentic


def test_a_foreign_domains_silence_does_not_soften_a_failure(
    authenticator: SenderAuthenticator, server: NameServer
) -> None:
    """Attack: a forger signs with a domain whose servers never answer, hoping for temperror."""
    server.silent |= {"s1._domainkey.example.org", "example.org"}
    found = check(authenticator, signed(PLAIN, "example.org"), STRANGER)
    assert (found.dkim[0].result, found.spf.result) == (Result.TEMPERROR, Result.TEMPERROR)
    assert found.dmarc.result is Result.FAIL


def test_what_proves_the_author_is_asked_for_first() -> None:
    """Attack: signatures of slow domains use up the time before the author's own is looked at."""
    seconds = [0.0]

    class Slow(NoRecords):
        def texts(self, name: str) -> tuple[bytes, ...]:
            if name == KEY:
                return (key_record().encode(),)
            if name == "_dmarc.example.jp":
                return (b"v=DMARC1; p=reject",)
            seconds[0] += 5
            raise TemporaryResolverError(name)

    authenticator = SenderAuthenticator(Slow(), lambda: NOW, lambda: seconds[0], 12.0)
    raw = signed(PLAIN)
    for number in range(4):
        raw = signed(raw, f"slow{number}.example.org")
    found = check(authenticator, raw, STRANGER)
    assert [one.result for one in found.dkim] == [Result.TEMPERROR] * 4 + [Result.PASS]
    assert found.dmarc.result is Result.PASS
    assert seconds[0] <= 15


def test_without_a_name_server_nothing_passes() -> None:
    """The demo and the tests ask nobody, and get their answer at once."""
    authenticator = SenderAuthenticator(NoRecords(), lambda: NOW, lambda: 0.0)
    found = check(authenticator, signed(PLAIN))
    assert {found.spf.result, found.dkim[0].result, found.dmarc.result} == {Result.TEMPERROR}


@pytest.mark.parametrize("second", [b"From: b@example.org", b"From: also@example.jp"])
def test_two_from_fields_are_never_a_pass(
    authenticator: SenderAuthenticator, second: bytes
) -> None:
    """hdr-07: a program may show either, so a pass of one would speak for the other."""
    raw = second + b"\r\n" + PLAIN
    assert check(authenticator, raw).dmarc.result is Result.PERMERROR
    found = check(authenticator, raw, STRANGER)
    assert (found.dmarc.result, found.dmarc.policy) == (Result.FAIL, "reject")
    assert not found.author_is_authentic


def test_authors_of_two_domains_are_never_a_pass(authenticator: SenderAuthenticator) -> None:
    """RFC 7489 section 6.6.1: the strictest policy of those that fail."""
    raw = PLAIN.replace(b"Sender <sender@example.jp>", b"a@example.org, sender@example.jp")
    assert check(authenticator, raw).dmarc.result is Result.PERMERROR
    assert check(authenticator, raw, STRANGER).dmarc.policy == "reject"
    many = b", ".join(b"a@x%d.example.org" % number for number in range(9))
    raw = PLAIN.replace(b"Sender <sender@example.jp>", many + b", sender@example.jp")
    found = check(authenticator, raw, STRANGER)
    assert (found.dmarc.result, found.dmarc.policy) == (Result.FAIL, "quarantine")


@pytest.mark.parametrize("author", [b"", b"From: nobody\r\n", b"From: a@localhost\r\n"])
def test_mail_without_an_author_is_an_error(
    authenticator: SenderAuthenticator, author: bytes
) -> None:
    """Nobody is proved, and nobody's policy asks for anything."""
    found = check(authenticator, author + b"Subject: x\r\n\r\nbody\r\n")
    assert found.dmarc.result is Result.PERMERROR
    assert not found.author_is_authentic


def test_a_second_author_breaks_a_signature_that_covers_one(
    authenticator: SenderAuthenticator,
) -> None:
    """Attack: a From field put on top of signed mail, also one spelled with a blank."""
    for field in (b"From: a@example.org\r\n", b"From : a@example.org\r\n"):
        found = check(authenticator, field + signed(PLAIN, include_headers=[b"from"]), STRANGER)
        assert found.dkim[0].result is Result.FAIL


def test_appended_text_is_not_the_signers(authenticator: SenderAuthenticator) -> None:
    """Attack: with ``l=`` a stranger may append anything; such a signature counts for nothing."""
    raw = signed(PLAIN, length=True)
    assert check(authenticator, raw, STRANGER).dkim[0].result is Result.PASS
    found = check(authenticator, raw + b"Pay here instead.\r\n", STRANGER)
    assert found.dkim[0].result is Result.POLICY
    assert found.dmarc.result is Result.FAIL


WEAK = rsa.RSAPublicNumbers(65537, 2**767 + 1271).public_key()


@pytest.mark.parametrize(
    ("record", "result"),
    [
        ("v=DKIM1; p=", Result.PERMERROR),
        ("v=DKIM2; p=AAAA", Result.PERMERROR),
        ("v=DKIM1; k=x; p=AAAA", Result.PERMERROR),
        ("v=DKIM1; p=AAAA", Result.PERMERROR),
        ("v=DKIM1; p=!", Result.PERMERROR),
        ("nonsense", Result.PERMERROR),
        ("v=DKIM1; k=ed25519; p=" + "A" * 43 + "=", Result.PERMERROR),
        (key_record(WEAK), Result.POLICY),
        (key_record(tags="h=sha1;"), Result.PERMERROR),
        (key_record(tags="s=other;"), Result.PERMERROR),
        (key_record(tags="s=email; t=s; h=sha1:sha256;"), Result.PASS),
        (key_record() + " " * 4096, Result.PERMERROR),
    ],
)
def test_a_key_holds_only_for_what_it_is_for(
    authenticator: SenderAuthenticator, server: NameServer, record: str, result: Result
) -> None:
    """Revoked, of another kind, too short (RFC 8301), not for mail, beyond all measure."""
    server.zone = {**server.zone, KEY: {"TXT": [txt(record)]}}
    server.large.add(KEY)
    assert check(authenticator, signed(PLAIN), STRANGER).dkim[0].result is result


@pytest.mark.parametrize(
    ("old", "new", "result"),
    [
        (b"v=1", b"v=2", Result.PERMERROR),
        (b"a=rsa-sha256", b"a=rsa-sha1", Result.POLICY),
        (b"a=rsa-sha256", b"a=dsa", Result.PERMERROR),
        (b"q=dns/txt", b"q=http", Result.PERMERROR),
        (b"c=relaxed/relaxed", b"c=strict/strict", Result.PERMERROR),
        (b"i=@example.jp", b"i=@example.org", Result.PERMERROR),
        (b"s=s1", b"s=s9", Result.PERMERROR),
        (b"s=s1", b"s=a b", Result.PERMERROR),
        (b"d=example.jp", b"d=" + b"x" * 300, Result.PERMERROR),
        (b"h=from", b"h=x-from", Result.PERMERROR),
        (b"; t=", b"; t=9; x=1; n=", Result.PERMERROR),
        (b"; t=", b"; x=1700000000; n=", Result.FAIL),
        (b"; t=", b"; l=99999; n=", Result.PERMERROR),
        (b"; t=", b"; d=example.jp; n=", Result.PERMERROR),
        (b" bh=", b" bh=!", Result.PERMERROR),
        (b" b=", b" b=!", Result.PERMERROR),
        (b" bh=", b" c=", Result.PERMERROR),
    ],
)
def test_a_signature_that_is_no_signature_never_passes(
    authenticator: SenderAuthenticator, old: bytes, new: bytes, result: Result
) -> None:
    """Each wrong tag has its result; none is an exception."""
    raw = signed(PLAIN, include_headers=[b"from"], identity=b"@example.jp")
    assert old in raw
    assert check(authenticator, raw.replace(old, new, 1), STRANGER).dkim[0].result is result


def test_no_more_than_five_signatures_are_looked_at(
    authenticator: SenderAuthenticator, server: NameServer
) -> None:
    """Attack: every signature costs a look-up and a hash."""
    raw = PLAIN
    for number in range(9):
        raw = signed(raw, f"d{number}.example.org")
    assert len(check(authenticator, raw, STRANGER).dkim) == 5
    assert sum("_domainkey" in name for name, _ in server.questions) == 5


def test_bodies_made_to_hang_a_verifier_are_read(authenticator: SenderAuthenticator) -> None:
    """Attack: a megabyte of blanks, of line ends, of fields; all of it costs linear time."""
    for body in (b" " * 1_000_000 + b"x", b"\r\n" * 500_000, b" \r\n\t" * 250_000 + b"\r"):
        found = check(authenticator, signed(PLAIN).replace(b"Hello.", body), STRANGER)
        assert found.dkim[0].result is Result.FAIL
    long = b"DKIM-Signature: v=1; b" + b" \r\n\t" * 200_000 + b"=x; h=" + b":x" * 400_000 + b"\r\n"
    found = check(authenticator, long + b"X: 1\r\n" * 10_000 + PLAIN, STRANGER)
    assert found.dkim[0].result is Result.PERMERROR


def test_a_null_sender_is_judged_by_its_greeting(
    authenticator: SenderAuthenticator, server: NameServer
) -> None:
    """RFC 7208 section 2.4: bounces have no other name."""
    server.zone = {
        **server.zone,
        "mail.example.jp": {"TXT": [txt("v=spf1 a -all")], "A": ["192.0.2.1"]},
    }
    spf = check(authenticator, PLAIN, envelope("")).spf
    assert (spf.result, spf.domain, spf.scope) == (Result.PASS, "mail.example.jp", "helo")


def test_a_host_without_mx_is_no_exchanger(
    authenticator: SenderAuthenticator, server: NameServer
) -> None:
    """RFC 7208 section 5.4: ``mx`` does not fall back to the domain's own address."""
    server.zone = {
        **server.zone,
        "example.net": {"TXT": [txt("v=spf1 mx -all")], "A": ["192.0.2.1"]},
    }
    assert check(authenticator, PLAIN, envelope("a@example.net")).spf.result is Result.FAIL
    server.zone = {
        **server.zone,
        "example.net": {"TXT": [txt("v=spf1 mx -all")], "MX": ["10 mx.example.net."]},
        "mx.example.net": {"A": ["192.0.2.1"]},
    }
    assert check(authenticator, PLAIN, envelope("a@example.net")).spf.result is Result.PASS


def test_spf_follows_reverse_names(authenticator: SenderAuthenticator, server: NameServer) -> None:
    """The mechanism ptr, over IPv6."""
    reverse = "1." + "0." * 23 + "8.b.d.0.1.0.0.2.ip6.arpa"
    server.zone = {
        **server.zone,
        "example.net": {"TXT": [txt("v=spf1 ptr -all")]},
        reverse: {"PTR": ["Host.example.net."]},
        "host.example.net": {"AAAA": ["2001:db8::1"]},
    }
    found = check(authenticator, PLAIN, envelope("a@example.net", "2001:db8::1"))
    assert found.spf.result is Result.PASS


@pytest.mark.parametrize("ip", ["", "unknown", "192.0.2.999"])
def test_without_an_address_there_is_no_spf(authenticator: SenderAuthenticator, ip: str) -> None:
    """A message that came by no connection is not failed for it."""
    assert check(authenticator, PLAIN, envelope(ip=ip)).spf.result is Result.NONE


@pytest.mark.skipif(not CASES.exists(), reason="the cases do not lie beside the checkout")
def test_case_hdr_08_verifies_as_it_stands(
    authenticator: SenderAuthenticator, server: NameServer
) -> None:
    """A Japanese mail, signed simple/simple: not one byte may be read otherwise."""
    name, _, value = (CASES / "hdr-08.dns.txt").read_text().strip().partition(" TXT ")
    server.zone = {name.rstrip("."): {"TXT": [txt(value.strip('"'))]}}
    found = check(authenticator, (CASES / "hdr-08.eml").read_bytes(), STRANGER)
    (one,) = found.dkim
    assert (one.result, one.domain, one.selector) == (Result.PASS, "example.jp", "s2024")
    assert (found.dmarc.result, found.dmarc.aligned) == (Result.NONE, True)


HOSTILE = st.one_of(
    st.binary(max_size=300),
    st.from_regex(rb"([a-z]{1,2}[ \t]*=[ -~]{0,30};[ \r\n\t]*){0,12}", fullmatch=True),
    st.lists(
        st.sampled_from(
            b"v=1|a=rsa-sha256|d=example.jp|s=s1|h=from|bh=AAAA|b=AAAA|i=1|i=2|cv=none|cv=pass|"
            b"c=simple|t=x|l=1|x=1|=|".split(b"|")
        ),
        max_size=12,
    ).map(b"; ".join),
)
FIELDS = st.sampled_from(
    b"DKIM-Signature ARC-Seal ARC-Message-Signature ARC-Authentication-Results From "
    b"Authentication-Results".split()
)


@given(st.lists(st.tuples(FIELDS, HOSTILE), max_size=8), st.text(max_size=40), st.text(max_size=40))
def test_no_header_or_envelope_raises(
    fields: list[tuple[bytes, bytes]], sender: str, helo: str
) -> None:
    """Whatever they hold: a result, and never a pass where nobody signed."""
    authenticator = SenderAuthenticator(Known(), lambda: NOW, lambda: 0.0)
    raw = b"".join(name + b": " + value + b"\r\n" for name, value in fields) + PLAIN
    found = authenticator.check(Message(raw), envelope(sender, helo=helo))
    assert not any(one.result is Result.PASS for one in found.dkim)
    assert found.arc.result is not Result.PASS
