"""Chains of forwarders, sealed by our own edit and by others' test suites."""

from __future__ import annotations

import pytest

from mailsec.gateway.authentication import Arc, Authentication, Dmarc, Result, Spf
from mailsec.gateway.checks import arc
from mailsec.gateway.dkim.canonical import SignedForm
from mailsec.gateway.errors import TemporaryResolverError
from mailsec.gateway.message import Message
from tests.gateway.checks.making import NOW, PLAIN, Known, sealed

FOUND = Authentication(
    Spf(Result.PASS, "example.jp"), (), Dmarc(Result.PASS, "example.jp", "reject", aligned=True)
)


def check(raw: bytes, author: str = "example.jp") -> Arc:
    return arc.check(SignedForm(Message(raw)), author, Known(), NOW)


def chain_of(count: int) -> bytes:
    raw = PLAIN
    for number in range(count):
        before = Arc(Result.PASS, "example.org", number) if number else Arc()
        raw = sealed(raw, Authentication(FOUND.spf, (), FOUND.dmarc, before))
    return raw


def test_a_message_without_sets_has_no_chain() -> None:
    assert check(PLAIN) == Arc()


@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_chain_holds_from_its_first_seal_to_the_last(count: int) -> None:
    """It says who sealed last, and that he saw the author proved."""
    assert check(chain_of(count)) == Arc(Result.PASS, "example.org", count, author_passed=True)


def test_what_a_sealer_saw_of_another_author_does_not_count() -> None:
    """Attack: a sealed mail of one's own, forwarded with another From."""
    assert not check(chain_of(1), "example.net").author_passed
    assert not check(chain_of(1), "").author_passed
    failed = Authentication(FOUND.spf, (), Dmarc(Result.FAIL, "example.jp"))
    assert not check(sealed(PLAIN, failed)).author_passed


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Hello", b"Hullo"),
        (b"Greetings", b"Greeting"),
        (b"dmarc=pass", b"dmarc=fail"),
        (b"i=2; cv=pass", b"i=2; cv=none"),
        (b"i=2; cv=pass", b"i=2; cv=fail"),
        (b"ARC-Seal: i=1", b"ARC-Seal: i=2"),
        (b"ARC-Seal: i=1", b"ARC-Seal: i=51"),
        (b"ARC-Seal: i=1", b"ARC-Seal: x=1"),
        (b"ARC-Seal: i=1", b"X-Seal: i=1"),
        (b"ARC-Authentication-Results: i=2", b"X-Results: i=2"),
        (b"ARC-Seal: i=2;", b"ARC-Seal: i=2; h=from;"),
        (b"h=from : ", b"h=from : arc-seal : "),
        (b"d=example.org", b"d=-"),
    ],
)
def test_a_chain_that_was_touched_fails(old: bytes, new: bytes) -> None:
    """Body, signed fields, results, order, number: one thing is enough."""
    raw = chain_of(2)
    assert old in raw
    found = check(raw.replace(old, new, 1))
    assert (found.result, found.sealer, found.author_passed) == (Result.FAIL, "", False)


def test_an_unanswered_key_is_no_failure() -> None:
    """It would be sealed as one for good."""

    class Silent(Known):
        def texts(self, name: str) -> tuple[bytes, ...]:
            raise TemporaryResolverError(name)

    form = SignedForm(Message(chain_of(1)))
    assert arc.check(form, "example.jp", Silent(), NOW).result is Result.TEMPERROR


def test_more_sets_than_the_standard_allows_fail_before_any_look_up() -> None:
    """Attack: 50 at most (RFC 8617 section 4.2.1)."""
    sets = b"".join(
        b"ARC-Seal: i=%d; cv=pass\r\nARC-Message-Signature: i=%d\r\n"
        b"ARC-Authentication-Results: i=%d; mx\r\n" % (number, number, number)
        for number in range(1, 5_000)
    )
    assert check(sets + PLAIN).result is Result.FAIL
