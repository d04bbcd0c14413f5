"""Facts on sender, links, structure and writing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsec.gateway.message import Message
from mailsec.gateway.spam import links, script, sender, structure
from tests.gateway.spam.mails import mail


@pytest.mark.parametrize(
    ("author", "fact"),
    [
        ("Shop <a@shop.example.com>", "tld-com"),
        ('"service@bank.example.jp" <x@odd.example.net>', "name-is-other-address"),
        ('"a@shop.example.com" <a@shop.example.com>', "name-is-address"),
        ("x9f8a7b6c5@shop.example.com", "local-digits-many"),
        ("Mail Delivery <MAILER-DAEMON@mx.example.jp>", "local-daemon"),
        ("a@gmail.com", "free-mail"),
        ("INVOICE DEPARTMENT <a@shop.example.com>", "name-capitals"),
    ],
)
def test_the_sender_is_described(author: str, fact: str) -> None:
    """Name, address and domain are set in relation."""
    assert fact in set(sender.facts(mail(author=author)))


def test_answers_that_go_elsewhere_are_a_fact() -> None:
    """A Reply-To of another owner counts, one of the same owner counts the other way."""
    elsewhere = mail(Reply_To="x@gmail.com")
    same = mail(Reply_To="help@shop.example.com")
    assert {"reply-elsewhere", "reply-free-mail"} <= set(sender.facts(elsewhere))
    assert "reply-same-domain" in set(sender.facts(same))


@pytest.mark.parametrize(
    ("domain", "owner"),
    [
        ("mail.shop.co.jp", "shop.co.jp"),
        ("a.b.example.org", "b.example.org"),
        ("shop.jp", "shop.jp"),
        ("", ""),
    ],
)
def test_the_registered_domain_is_found(domain: str, owner: str) -> None:
    """Second levels of country domains are no owners."""
    assert sender.registered(domain) == owner


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("http://192.0.2.9/x", "ip-host"),
        ("https://www.shop.example.com/", "own-domain"),
        ("https://other.example.net/", "foreign-domains-only"),
        ("https://xn--eckwd4c7c.example.net/", "host-idn"),
        ("https://u:p@odd.example.net/", "user-in-link"),
        ("https://odd.example.net:8081/", "port"),
        ("https://odd.example.net/?m=a@example.jp", "address-in-link"),
        ("no link", "none"),
    ],
)
def test_links_are_described(text: str, fact: str) -> None:
    """Host, owner and shape of the links count, not their words."""
    assert fact in set(links.facts(mail(text=text)))


def test_a_link_that_shows_another_host_is_found() -> None:
    """Words that name a bank over a link to somewhere else are a fact; honest ones are not."""
    page = '<p><a href="https://odd.example.net/x"><b>https://www.{}.example.com/</b></a></p>'
    assert "shows-other-host" in set(links.facts(mail(html=page.format("bank"))))
    honest = page.replace("odd.example.net", "bank.example.com").format("bank")
    assert "shows-other-host" not in set(links.facts(mail(html=honest)))


def test_html_is_described() -> None:
    """Images, hidden text and forms are counted roughly."""
    page = '<p style="display:none">x</p><img src="https://a.example.com/i.png"><form></form>'
    found = set(structure.facts(mail(html=page)))
    assert {"html-hidden-1", "html-outside-image-1", "html-form-1"} <= found


def test_subjects_are_described() -> None:
    """Answers, capitals and calls are facts of the header."""
    assert "reply" in set(structure.header_facts(mail("Re: order")))
    assert "subject-capitals" in set(structure.header_facts(mail("URGENT BUSINESS")))
    assert "subject-exclaims" in set(structure.header_facts(mail("今すぐ！")))
    assert "no-subject" in set(structure.header_facts(mail(" ")))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("お世話になっております。", "kana"),
        ("您好，我们是工厂。", "han"),
        ("Hello", "latin"),
        ("Добрый день", "cyrillic"),
        ("안녕하세요", "hangul"),
        ("Grüße aus Köln", "latin"),
        ("Привет hello hello", "latin"),
        ("123", "none"),
        ("１２３ €", "none"),
    ],
)
def test_the_script_is_told(text: str, name: str) -> None:
    """Japanese is told from Chinese by its kana."""
    assert script.main_script(text) == name


def test_japanese_with_foreign_characters_is_a_fact() -> None:
    """Simplified characters within Japanese are noticed; names such as 髙﨑 are not."""
    assert "kanji-outside-jis" in set(script.facts("ご连络をお待ちしております", ""))
    assert not set(script.facts("髙﨑です。お世話になっております。", ""))


@given(st.binary(max_size=400))
def test_facts_never_raise(raw: bytes) -> None:
    """Any bytes can be described."""
    message = Message(raw)
    for facts in (
        sender.facts, links.facts, structure.facts, structure.attachment_facts,
        structure.header_facts,
    ):  # fmt: skip
        assert all(isinstance(fact, str) for fact in facts(message))
    assert all(script.facts(message.text, message.subject))


@given(st.text(max_size=200))
def test_any_link_can_be_described(text: str) -> None:
    """What stands behind a scheme may be anything."""
    assert list(links.facts(mail(text=f"https://{text}"))) if text.isprintable() else True
    assert isinstance(links.host_of(links.split(f"https://{text}")), str)


@pytest.mark.parametrize(
    "piece",
    ["<a ", "<a href=http://x ", "<img src ", "color: ", " ", "display ", "<img src= ", "&#", "0A"],
)
def test_no_repetition_takes_more_than_its_share(piece: str) -> None:
    """What would make a careless expression quadratic ends well within the test's time limit."""
    message = mail(html="<p>color:" + piece * 30_000)
    assert list(structure.facts(message))
    assert list(links.facts(message))
    line = b"x" + piece.encode() * 30_000
    endless = Message(b"From: " + line + b"\r\nSubject: " + line + b"\r\n\r\n")
    assert list(sender.facts(endless))
    assert isinstance(list(structure.header_facts(endless)), list)
