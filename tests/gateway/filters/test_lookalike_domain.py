"""Domains that look like ours, our partners' or a brand's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailsec.gateway.envelope import Direction
from mailsec.gateway.filters import lookalike_domain
from mailsec.gateway.verdict import Severity
from tests.gateway.filters.making import INBOUND, OWN, PARTNER, PROVED, Records, case, mail


def found(raw: bytes) -> list[tuple[str, str]]:
    return [
        (finding.detail["resembles"], finding.detail["way"])
        for finding in lookalike_domain.look(case(raw))
    ]


@pytest.mark.parametrize(
    ("domain", "resembles", "way"),
    [
        ("yarnada-shoji.example", OWN, "look"),
        ("yamada-sh0ji.example", OWN, "look"),
        ("yаmada-shoji.example", OWN, "look"),
        ("yamadashoji.example", OWN, "spelling"),
        ("yamada-shoij.example", OWN, "spelling"),
        ("yamada-shoji.test", OWN, "suffix"),
        ("yamada-shoji-invoice.example", OWN, "part"),
        ("partner-bamk.example", PARTNER, "spelling"),
        ("arnazon.example", "amazon.co.jp", "look"),
        ("amazom.example", "amazon.co.jp", "spelling"),
        ("paypa1.example", "paypal.com", "look"),
        ("xn--pple-43d.example", "apple.com", "look"),
        ("rakuten-card-login.example", "rakuten-card.co.jp", "part"),
        ("www.amazon.co.jp.example", "amazon.co.jp", "subdomain"),
        ("amazon.co.jp-check.example", "amazon.co.jp", "subdomain"),
    ],
)
def test_a_lookalike_is_found_with_what_it_looks_like(
    domain: str, resembles: str, way: str
) -> None:
    """As the author's domain and as a link's host."""
    raw = mail(f"a@{domain}")
    (finding,) = lookalike_domain.look(case(raw))
    assert (finding.code, finding.severity) == ("lookalike-domain", Severity.SUSPICIOUS)
    assert found(raw) == [(resembles, way)]
    if domain.isascii():
        assert found(mail(text=f"https://{domain}/login")) == [(resembles, way)]


@pytest.mark.parametrize(
    "domain",
    [
        OWN,
        f"mail.{OWN}",
        PARTNER,
        "amazon.co.jp",
        "business.amazon.co.jp",
        "amazon.de",
        "google.com.au",
        "yahoo.com.au",
        "paypay.ne.jp",
        "example.com",
        "tanaka-shoji.example",
        "amazonas-tours.example",
        "season.example",
        "apply.example",
        "anna.example",
        "localhost",
        "192.0.2.1",
    ],
)
def test_the_genuine_and_the_merely_similar_are_let_be(domain: str) -> None:
    """Also subdomains, brands in other countries, and ordinary words near a brand's name."""
    assert found(mail(f"a@{domain}", text=f"https://{domain}/")) == []


def test_a_namesake_that_is_proved_and_known_is_let_be() -> None:
    """yamada-shoji.test may be another company: only its first mail is suspicious."""
    raw = mail("a@yamada-shoji.test")
    known = Records(known=frozenset(["a@yamada-shoji.test"]))
    assert not list(lookalike_domain.look(case(raw, known, authentication=PROVED)))
    assert list(lookalike_domain.look(case(raw, known)))
    assert list(lookalike_domain.look(case(raw, Records(), authentication=PROVED)))


def test_links_in_list_mail_are_let_be_but_not_its_senders() -> None:
    """Members may write of whatever they like."""
    listed = "List-Id: <talk.example.org>"
    assert found(mail("a@example.org", listed, text="https://amazom.example/")) == []
    assert found(mail("a@amazom.example", listed)) == [("amazon.co.jp", "spelling")]


def test_each_domain_is_named_once_and_few_are_named() -> None:
    """A long list of links says nothing new."""
    text = " ".join(f"https://a{n}.amazom.example/ https://amazon-{n}.example/" for n in range(20))
    assert len(found(mail("a@amazom.example", text=text))) == 5


def test_outbound_mail_is_not_looked_at() -> None:
    """Employees may write to whom they like."""
    outbound = replace(INBOUND, direction=Direction.OUTBOUND)
    assert not list(lookalike_domain.look(case(mail("a@amazom.example"), envelope=outbound)))
