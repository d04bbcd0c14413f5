"""Authentication as a filter: what is found agrees with what is decided."""

from __future__ import annotations

import pytest

from mailsec.gateway.authentication import Arc, Authentication, Dmarc, Result, Spf
from mailsec.gateway.case import Case
from mailsec.gateway.decision import by_authentication
from mailsec.gateway.envelope import Client, Direction, Envelope
from mailsec.gateway.filters import authentication
from mailsec.gateway.message import Message
from mailsec.gateway.policy import Handling, Policy
from mailsec.gateway.ports import Services
from mailsec.gateway.signatures.engine import BuiltinScanner
from mailsec.gateway.verdict import Finding, Severity

ENVELOPE = Envelope(Direction.INBOUND, Client("192.0.2.1"), "a@example.net", ("b@example.com",))
FORGED = Dmarc(Result.FAIL, "shop.example.jp", "reject")
TRUSTING = Policy(arc_sealers=("example.org",))
SEALED = Arc(Result.PASS, "example.org", 1, author_passed=True)


def found(results: Authentication, policy: Policy) -> list[Finding]:
    services = Services(BuiltinScanner())
    case = Case(Message(b"From: a@example.jp\r\n\r\n"), ENVELOPE, policy, services, results)
    return list(authentication.look(case))


@pytest.mark.parametrize(
    ("results", "policy", "code", "severity", "detail", "handling"),
    [
        (
            Authentication(dmarc=FORGED),
            Policy(),
            "dmarc-fail",
            Severity.UNWANTED,
            {"domain": "shop.example.jp", "policy": "reject"},
            Handling.QUARANTINE,
        ),
        (
            Authentication(Spf(Result.FAIL, "example.net")),
            Policy(),
            "spf-fail",
            Severity.UNWANTED,
            {"domain": "example.net", "ip": "192.0.2.1"},
            Handling.TAG,
        ),
        (
            Authentication(dmarc=FORGED, arc=SEALED),
            TRUSTING,
            "forwarded",
            Severity.NOTE,
            {"domain": "shop.example.jp", "sealer": "example.org"},
            Handling.DELIVER,
        ),
    ],
)
def test_a_failure_is_found_and_handled(
    results: Authentication,
    policy: Policy,
    code: str,
    severity: Severity,
    detail: dict[str, str],
    handling: Handling,
) -> None:
    (finding,) = found(results, policy)
    assert (finding.check, finding.code, finding.severity) == ("authentication", code, severity)
    assert dict(finding.detail) == detail
    assert by_authentication(results, policy) is handling


@pytest.mark.parametrize(
    ("results", "policy"),
    [
        (Authentication(), Policy()),
        (Authentication(dmarc=FORGED), Policy(authentication_exceptions=("example.jp",))),
        (
            Authentication(Spf(Result.FAIL, "mail.example.net")),
            Policy(authentication_exceptions=("example.net",)),
        ),
        (Authentication(Spf(Result.SOFTFAIL, "example.net")), Policy()),
        (
            Authentication(Spf(Result.FAIL, "example.net"), dmarc=Dmarc(Result.PASS, "x.jp")),
            Policy(),
        ),
        # A forwarder breaks SPF; the author's own signature still holds, without any DMARC record.
        (
            Authentication(
                Spf(Result.FAIL, "example.net"), dmarc=Dmarc(domain="example.jp", aligned=True)
            ),
            Policy(),
        ),
    ],
)
def test_where_nothing_follows_nothing_is_found(results: Authentication, policy: Policy) -> None:
    """Exceptions, mild results, and authors who are proved by other means."""
    assert found(results, policy) == []
    assert by_authentication(results, policy) is Handling.DELIVER


@pytest.mark.parametrize(
    ("spf", "codes"),
    [
        (Spf(Result.FAIL, "mail.example.net"), ["dmarc-fail"]),
        (Spf(Result.NONE, "mail.example.net"), ["dmarc-fail"]),
        (Spf(Result.PASS, "mail.example.net"), []),
    ],
)
def test_an_excepted_envelope_excuses_another_author_only_where_it_is_proved(
    spf: Spf, codes: list[str]
) -> None:
    """Attack: anybody can write an excepted domain into MAIL FROM, and a bank's into From."""
    results = Authentication(spf, dmarc=FORGED)
    policy = Policy(authentication_exceptions=("example.net",))
    assert [finding.code for finding in found(results, policy)] == codes
    handling = Handling.QUARANTINE if codes else Handling.DELIVER
    assert by_authentication(results, policy) is handling


@pytest.mark.parametrize(
    ("chain", "policy"),
    [
        (SEALED, Policy()),
        (SEALED, Policy(arc_sealers=("mail.example.org", "org"))),
        (Arc(Result.FAIL, "example.org", 1, author_passed=True), TRUSTING),
        (Arc(Result.PASS, "example.org", 1), TRUSTING),
        (Arc(Result.PASS, "example.net", 1, author_passed=True), TRUSTING),
    ],
)
def test_only_a_trusted_sealer_who_saw_a_pass_forgives(chain: Arc, policy: Policy) -> None:
    """Attack: anybody can seal that everything passed."""
    results = Authentication(dmarc=FORGED, arc=chain)
    assert [finding.code for finding in found(results, policy)] == ["dmarc-fail"]
    assert by_authentication(results, policy) is Handling.QUARANTINE
