"""Links that do not lead where they say."""

from __future__ import annotations

import pytest

from mailsec.gateway.authentication import Authentication
from mailsec.gateway.filters import link_mismatch
from mailsec.gateway.verdict import Severity
from tests.gateway.filters.making import PROVED, case, mail


def codes(html: str, authentication: Authentication | None = None) -> list[str]:
    found = link_mismatch.look(case(mail(html=html), authentication=authentication))
    return [finding.code for finding in found]


def link(href: str, text: str) -> str:
    return f'<p>前文 <a href="{href}">{text}</a></p>'


@pytest.mark.parametrize(
    ("href", "text", "code"),
    [
        ("https://login.example.org/", "https://www.example.com/login", "link-mismatch"),
        ("https://login.example.org/", "www.example.com", "link-mismatch"),
        ("https://login.example.org/", "<b>https://</b>example.com", "link-mismatch"),
        ("https://example.com.example.org/", "example.com", "link-mismatch"),
        ("https://sites.google.com/view/x", "www.example.com", "link-mismatch"),
        ("javascript:void(location='https://example.org/')", "確認する", "link-script"),
        ("javascript:alert(1)", "確認する", "link-script"),
        ("data:text/html;base64,PGI+", "confirm", "link-script"),
        ("http://www.example.com@example.org/", "確認する", "link-userinfo"),
        ("http://www.example.com%40x@example.org/", "確認する", None),
        ("http://192.0.2.1/", "確認する", "link-ip-address"),
        ("http://3221225985/", "ログイン", "link-ip-address"),
        ("http://0xC0000201/", "https://www.example.com/", "link-ip-address"),
        ("http://xn--exmple-cua.example/", "確認する", None),
        ("http://xn--xample-2of.example/", "確認する", "link-scripts"),
    ],
)
def test_a_deceiving_link_is_found(href: str, text: str, code: str | None) -> None:
    """Each kind under its own code; what is merely unusual is let be."""
    found = list(link_mismatch.look(case(mail(html=link(href, text)))))
    assert [finding.code for finding in found] in ([code], [code, code]) if code else not found
    assert all(finding.severity is Severity.SUSPICIOUS for finding in found)


@pytest.mark.parametrize(
    ("href", "text"),
    [
        ("https://www.example.com/", "https://example.com/"),
        ("https://shop.example.co.jp/", "www.example.co.jp"),
        ("https://login.example.org/", "詳しくはこちら"),
        ("https://login.example.org/", "README.md"),
        ("https://login.example.org/", "a@example.com"),
        ("https://login.example.org/", "Node.js 20 released"),
        ("https://login.example.org/", "1.2.3"),
        ("http://192.0.2.1/", "http://192.0.2.1/"),
        ("http://192.168.1.10/", "社内サーバー"),
        ("https://u1.ct.sendgrid.net/ls/click", "https://www.example.com/"),
        ("mailto:a@example.org", "example.com"),
        ("#top", "example.com"),
        ("https://www.google.com/url?q=https://www.example.com/", "www.example.com"),
        ("javascript:void(0)", "閉じる"),
        ("JavaScript: void(0);", "閉じる"),
    ],
)
def test_ordinary_links_are_let_be(href: str, text: str) -> None:
    """Same owner, plain words, file names, known counters of clicks."""
    assert codes(link(href, text)) == []


def test_the_proved_author_may_count_clicks() -> None:
    """On his own domain, and on links to his own site through another's."""
    own_counter = link("https://click.example.net/1", "https://www.example.com/")
    own_site = link("https://click.example.org/1", "https://www.example.net/")
    for html in (own_counter, own_site):
        assert codes(html) == ["link-mismatch"]
        assert codes(html, PROVED) == []


def test_a_base_does_not_hide_where_links_lead() -> None:
    """Attack: the address in two halves, of which neither is one."""
    html = '<base href="https://login.example.org/">' + link("a", "https://www.example.com/a")
    assert codes(html) == ["link-mismatch"]


def test_only_a_few_of_a_kind_are_told() -> None:
    """The reader has understood."""
    html = "".join(link(f"https://a{n}.example.org/", "www.example.com") for n in range(50))
    assert len(codes(html)) == 3


def test_userinfo_in_plain_text_is_found_too() -> None:
    """Mail programs make it a link."""
    raw = mail(text="https://www.example.com@example.org/login")
    assert [f.code for f in link_mismatch.look(case(raw))] == ["link-userinfo"]
