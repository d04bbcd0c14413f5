"""What we change is sealed, so that another verifier can know what we saw before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import dkim as dkimpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsec.gateway.authentication import Arc, Authentication, Dkim, Dmarc, Result, Spf
from mailsec.gateway.checks.authenticator import SenderAuthenticator
from mailsec.gateway.clients.dns import DnsResolver, NameServers
from mailsec.gateway.edits.order import Trace
from mailsec.gateway.message import Message
from mailsec.gateway.pipeline import prepare
from mailsec.gateway.policy import Policy
from mailsec.gateway.verdict import Decision, Disposition
from tests.gateway.checks.making import (
    NOW,
    PLAIN,
    Known,
    arc_key,
    envelope,
    key_record,
    signed,
    trace,
)
from tests.servers.dns import NameServer, txt

CASES = Path(__file__).parents[4] / "shared" / "cases"
TAG = Decision(Disposition.DELIVER, subject_prefix="[SPAM] ")
DELIVER = Decision(Disposition.DELIVER)
FOUND = Authentication(
    Spf(Result.PASS, "example.jp"),
    (Dkim(Result.PASS, "example.jp", "s1"),),
    Dmarc(Result.PASS, "example.jp", "reject", aligned=True),
)


def sent(raw: bytes, received: Trace, decision: Decision = TAG) -> bytes:
    return prepare(Message(raw), decision, Policy(), NOW, received)


def verified(raw: bytes, record: str = "") -> tuple[bytes, str]:
    """What an independent verifier says of the chain, and why."""
    answer = (record or key_record()).encode()
    state, _, reason = dkimpy.arc_verify(raw, dnsfunc=lambda name, timeout: answer)
    return state, reason


def names(raw: bytes) -> list[str]:
    return [field.name for field in Message(raw).headers]


def test_changed_mail_is_sealed_below_our_trace_block() -> None:
    """One set, with our results; another program verifies it."""
    out = sent(PLAIN, trace(FOUND, arc_key()))
    assert names(out)[:6] == [
        "Received",
        "Authentication-Results",
        "ARC-Seal",
        "ARC-Message-Signature",
        "ARC-Authentication-Results",
        "From",
    ]
    assert verified(out) == (b"pass", "success")
    assert b"ARC-Authentication-Results: i=1;\r\n\tmx.example.org;\r\n\tspf=pass" in out
    assert b"Subject: [SPAM] Greetings\r\n" in out
    assert max(map(len, out.split(b"\r\n"))) <= 100


def test_the_seal_breaks_when_the_mail_is_changed_again() -> None:
    """Body and header are covered, and no From can be added."""
    out = sent(PLAIN, trace(FOUND, arc_key()))
    assert verified(out.replace(b"Hello", b"Hullo"))[0] == b"fail"
    assert verified(out.replace(b"[SPAM] ", b""))[0] == b"fail"
    assert verified(b"From: other@example.net\r\n" + out)[0] == b"fail"


def test_mail_that_leaves_as_it_came_is_not_sealed() -> None:
    """The sender's own signature says more."""
    out = sent(PLAIN, trace(FOUND, arc_key()), DELIVER)
    assert names(out)[:3] == ["Received", "Authentication-Results", "From"]


@pytest.mark.parametrize(
    "received",
    [
        trace(FOUND),
        trace(None, arc_key()),
        trace(Authentication(), arc_key()),
        trace(replace(FOUND, arc=Arc(Result.FAIL)), arc_key()),
        trace(replace(FOUND, arc=Arc(Result.TEMPERROR, instances=1)), arc_key()),
        trace(replace(FOUND, arc=Arc(Result.PASS, "example.org", 50)), arc_key()),
        trace(replace(FOUND, arc=Arc(Result.PASS, "example.org", 1)), arc_key()),
    ],
)
def test_without_key_or_results_or_chain_nothing_is_sealed(received: Trace) -> None:
    """No key, nothing checked, a chain that does not hold, that is full, or is not there."""
    assert "ARC-Seal" not in names(sent(PLAIN, received))


def test_a_removed_forgery_is_a_change_too() -> None:
    """It may have been signed by the sender."""
    raw = b"Authentication-Results: mx.example.org; dmarc=pass\r\n" + PLAIN
    out = sent(raw, trace(FOUND, arc_key()), DELIVER)
    assert verified(out)[0] == b"pass"


def test_a_chain_that_holds_goes_on() -> None:
    """The second set says that the first one held."""
    first = sent(PLAIN, trace(FOUND, arc_key()))
    found = replace(FOUND, arc=Arc(Result.PASS, "example.org", 1))
    tag = replace(TAG, subject_prefix="[ML] ")
    second = sent(first, trace(found, arc_key()), tag)
    assert second.count(b"ARC-Seal: i=2; cv=pass;") == 1
    assert verified(second) == (b"pass", "success")


def test_a_saved_file_is_sealed_as_it_will_be_sent() -> None:
    """LF in the file is CRLF on the wire."""
    out = sent(PLAIN.replace(b"\r\n", b"\n"), trace(FOUND, arc_key()))
    assert b"\r" not in out
    assert verified(out.replace(b"\n", b"\r\n"))[0] == b"pass"


@given(
    st.lists(st.sampled_from([b"Subject: a\r\n", b"To: b\r\n\tc\r\n", b"From: d@example.jp\r\n"])),
    st.binary(max_size=50),
)
def test_every_sealed_mail_verifies(fields: list[bytes], body: bytes) -> None:
    """With fields twice, and bodies of any bytes."""
    body = body.replace(b"\r", b"").replace(b"\n", b"") + b"\r\n"
    out = sent(b"".join(fields) + PLAIN + body, trace(FOUND, arc_key()))
    if names(out).count("From") <= 5:
        assert verified(out)[0] == b"pass"
    else:
        assert "ARC-Seal" not in names(out)


@pytest.fixture
def authenticator() -> Iterator[SenderAuthenticator]:
    name, _, value = (CASES / "hdr-08.dns.txt").read_text().strip().partition(" TXT ")
    zone = {name.rstrip("."): {"TXT": [txt(value.strip('"'))]}}
    zone["s1._domainkey.example.org"] = {"TXT": [txt(key_record())]}
    with NameServer(zone) as server:
        resolver = DnsResolver(NameServers(("127.0.0.1",), server.port), lambda: 0.0)
        yield SenderAuthenticator(resolver, lambda: NOW, lambda: 0.0)


@pytest.mark.skipif(not CASES.exists(), reason="the cases do not lie beside the checkout")
def test_case_hdr_08_clean_and_tagged(authenticator: SenderAuthenticator) -> None:
    """Clean: signed fields and body as they were, so it verifies again. Tagged: the first results
    are ours and say that the signature held; it is still there, and the seal holds."""
    raw = (CASES / "hdr-08.eml").read_bytes()
    found = authenticator.check(Message(raw), envelope())
    clean = sent(raw, trace(found, arc_key()), DELIVER)
    assert clean.endswith(raw)
    assert authenticator.check(Message(clean), envelope()).dkim == found.dkim
    tagged = sent(raw, trace(found, arc_key()))
    first = Message(tagged).all("authentication-results")[0].raw
    assert first.startswith(b"Authentication-Results: mx.example.org;")
    assert b"dkim=pass header.d=example.jp header.s=s2024" in first
    assert "DKIM-Signature" in names(tagged)
    again = authenticator.check(Message(tagged), envelope())
    assert [one.result for one in again.dkim] == [Result.FAIL]
    assert (again.arc.result, again.arc.sealer) == (Result.PASS, "example.org")


def test_what_we_seal_we_verify_ourselves() -> None:
    """Signed mail, tagged: the signature is broken, the chain says that it held."""
    out = sent(signed(PLAIN), trace(FOUND, arc_key()))
    authenticator = SenderAuthenticator(Known(), lambda: NOW, lambda: 0.0)
    found = authenticator.check(Message(out), envelope("x@example.org", "203.0.113.9"))
    assert found.dkim[0].result is Result.FAIL
    assert found.arc == Arc(Result.PASS, "example.org", 1, author_passed=True)
