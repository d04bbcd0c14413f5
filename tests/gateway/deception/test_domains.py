"""Names of hosts as people and browsers read them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsec.gateway.deception import domains

HOSTS = st.text(alphabet="ab1-._xn@:[]/\\% あаé\u200b\ud800", max_size=80)


@pytest.mark.parametrize(
    ("name", "registrable", "label"),
    [
        ("www.example.co.jp", "example.co.jp", "example"),
        ("EXAMPLE.com.", "example.com", "example"),
        ("a.b.example.com", "example.com", "example"),
        ("xn--r8jz45g.jp", "例え.jp", "例え"),
        ("www.例え.jp", "例え.jp", "例え"),
        ("co.jp", "co.jp", "co"),
        ("localhost", "localhost", "localhost"),
        ("www.ｅｘａｍｐｌｅ。com", "example.com", "example"),
        ("192.0.2.1", "192.0.2.1", "192"),
        ("", "", ""),
    ],
)
def test_the_part_that_somebody_registered(name: str, registrable: str, label: str) -> None:
    """Under the public suffix, readable."""
    assert domains.registrable(name) == registrable
    assert domains.label(name) == label


@pytest.mark.parametrize(
    ("url", "host", "userinfo"),
    [
        ("https://www.example.com/a?b#c", "www.example.com", ""),
        ("HTTPS://EXAMPLE.com:443", "example.com", ""),
        ("https:\\\\example.com\\a", "example.com", ""),
        ("https:///example.com/", "example.com", ""),
        ("http://bank.example@example.org/", "example.org", "bank.example"),
        ("http://a:b@c@example.org/", "example.org", "a:b@c"),
        ("http://example%2ecom/", "example.com", ""),
        ("http://[2001:db8::1]:80/", "2001:db8::1", ""),
        ("https:/example.com/", "example.com", ""),
        ("https:example.com/", "example.com", ""),
        ("https://login。example.com/", "login.example.com", ""),
        ("https://ｅｘａｍｐｌｅ．ｃｏｍ/", "example.com", ""),
        ("https://exam\u00adple\u200b.com/", "example.com", ""),
        ("http://１９２．０．２．１/", "192.0.2.1", ""),
        ("mailto:a@example.com", "", ""),
        ("no url", "", ""),
    ],
)
def test_the_host_that_a_browser_connects_to(url: str, host: str, userinfo: str) -> None:
    """By the rules of the WHATWG URL standard."""
    assert domains.target_of(url) == domains.Target(host, userinfo)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("192.0.2.1", True),
        ("3221225985", True),
        ("0xC0000201", True),
        ("0300.0.02.01", True),
        ("2001:db8::1", True),
        ("1.example", False),
        ("example.com", False),
        ("", False),
    ],
)
def test_addresses_in_every_form(host: str, expected: bool) -> None:
    """Browsers take decimal, octal and hexadecimal numbers."""
    assert domains.is_address(host) is expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("example.de", True), ("example.co.uk", True), ("example.tk", False), ("example.com", False)],
)
def test_a_countrys_domain_that_is_sold_to_all_is_no_countrys(name: str, expected: bool) -> None:
    """Attack: a brand's name is free there, and stands for its branch in no country."""
    assert domains.is_national(name) is expected


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("https://www.example.com/x", "www.example.com"),
        ("www.example.com/x", "www.example.com"),
        ("例え.jp", "例え.jp"),
        ("example.com.", "example.com"),
        ("【https://www.example.com/】", "www.example.com"),
        ("▶ www.example.com", "www.example.com"),
        ("<https://www.example.com>", "www.example.com"),
        ("www.exam\u200bple.com", "www.example.com"),
        ("ｗｗｗ．ｅｘａｍｐｌｅ．ｃｏｍ", "www.example.com"),
        ("README.md", ""),
        ("a@example.com", ""),
        ("see example.com", ""),
        ("report.xlsx", ""),
        ("U.S.A.", ""),
        ("glome_git.bb", ""),
        ("12.30", ""),
        ("", ""),
    ],
)
def test_a_text_that_is_a_host(text: str, host: str) -> None:
    """File names and abbreviations are none."""
    assert domains.host_in(text) == host


@settings(deadline=None)
@given(HOSTS, HOSTS)
def test_nothing_raises(one: str, other: str) -> None:
    """On any text."""
    domains.registrable(one), domains.label(one), domains.is_address(one), domains.host_in(one)
    domains.target_of(f"http://{one}"), domains.same_owner(one, other)
    assert domains.under(f"a.{one}", frozenset([one])) or not one
