"""Well-known names from unknown addresses."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailsec.gateway.authentication import Authentication, Dmarc, Result
from mailsec.gateway.envelope import Direction
from mailsec.gateway.filters import brand_name
from mailsec.gateway.verdict import Severity
from tests.gateway.filters.making import INBOUND, OWN, case, mail

LINK = "詳細はこちら https://login.example.net/ をご覧ください。"


def codes(raw: bytes) -> list[str]:
    return [found.detail["brand"] for found in brand_name.look(case(raw))]


@pytest.mark.parametrize(
    ("name", "brand"),
    [
        ("Amazon", "Amazon"),
        ("Amazon.co.jp", "Amazon"),
        ("ＡＭＡＺＯＮ", "Amazon"),
        ("【重要】アマゾン カスタマーサービス", "Amazon"),
        ("三井住友カード株式会社", "三井住友カード"),
        ("楽天カード", "楽天カード"),
        ("「えきねっと」", "えきねっと"),
        ("Apple Support", "Apple"),
        ("Support Netflix", "Netflix"),
        ("国税庁", "国税庁"),
        ("三井住友カ一ド", "三井住友カード"),
        ("[楽天市場緊急お知らせ]", "楽天市場"),
        ("eki-net.com", "えきねっと"),
        ("Aamzon.co.jp", "Amazon"),
        ("Аmаzоn", "Amazon"),
        ("ΡayΡal サポート", "PayPal"),
    ],
)
def test_a_brand_as_the_senders_name_is_found(name: str, brand: str) -> None:
    """In whatever width and decoration."""
    (finding,) = brand_name.look(case(mail("info@example.net", name=name)))
    assert (finding.code, finding.severity) == ("brand-name", Severity.SUSPICIOUS)
    assert finding.detail["brand"] == brand


@pytest.mark.parametrize(
    "name",
    [
        "Amazonas Tours",
        "Apple Smith",
        "Ana Garcia",
        "山田太郎",
        "Visable Ltd",
        "オンライン事業部",
        "X Y",
        "",
    ],
)
def test_other_names_are_let_be(name: str) -> None:
    """Ordinary words and people are no brands."""
    assert codes(mail("info@example.net", name=name)) == []


def test_a_brand_without_any_address_is_found() -> None:
    """Attack: a From that is a name and nothing else is shown as the name."""
    assert codes(b"From: Amazon\r\n\r\nx") == ["Amazon"]


@pytest.mark.parametrize(
    ("name", "address", "found"),
    [
        ("Google サポート", "google.support@gmail.com", ["Google"]),
        ("Yahoo! JAPAN", "info@yahoo.co.jp", ["Yahoo! JAPAN"]),
        ("Microsoft", "a@example.onmicrosoft.com", ["Microsoft"]),
        ("Outlook", "no-reply@outlook.com", []),
        ("Yahoo! JAPAN", "info@mail.yahoo.co.jp", []),
    ],
)
def test_a_providers_mailbox_is_not_the_provider(name: str, address: str, found: list[str]) -> None:
    """Attack: anybody can open one there; what only the provider writes from is its own."""
    assert codes(mail(address, name=name)) == found


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("Amazon.co.jp", "store-news@amazon.co.jp"),
        ("Amazon Web Services", "no-reply@sns.amazonaws.com"),
        ("Google", "no-reply@accounts.google.com"),
        ("三井住友カード", "info@mail.smbc-card.com"),
        ("Amazon 担当", f"buyer@{OWN}"),
        ("Amazon.de", "info@amazon.de"),
    ],
)
def test_the_brand_itself_and_we_ourselves_are_let_be(name: str, address: str) -> None:
    """By the domain; whether it is forged is for the authentication to say."""
    assert codes(mail(address, name=name)) == []


def test_the_brands_own_address_must_be_proved_where_that_was_checked() -> None:
    """Most phishing forges the real address; a list breaks the proof, an error is no answer."""

    def found(result: Result, *fields: str) -> list[str]:
        checked = Authentication(dmarc=Dmarc(result, "amazon.co.jp", "none"))
        raw = mail("info@amazon.co.jp", *fields, name="Amazon.co.jp")
        return [finding.code for finding in brand_name.look(case(raw, authentication=checked))]

    assert found(Result.FAIL) == ["brand-unproved"]
    assert found(Result.NONE) == ["brand-unproved"]
    assert found(Result.PASS) == []
    assert found(Result.TEMPERROR) == []
    assert found(Result.FAIL, "List-Id: <a.example.org>") == []


def test_the_subject_counts_where_every_link_leads_elsewhere() -> None:
    """The name alone in brackets at the start."""
    assert codes(mail(subject="【三井住友カード】ご利用確認のお願い", text=LINK)) == [
        "三井住友カード"
    ]
    assert codes(mail(subject="[Amazon] Your account", text=LINK)) == ["Amazon"]


def test_subjects_that_only_speak_of_a_brand_are_let_be() -> None:
    """No link, a link to the brand, a newsletter's wording, a mailing list."""
    subject = "【Amazon】セール情報"
    assert codes(mail(subject=subject)) == []
    assert codes(mail(subject=subject, text="https://www.amazon.co.jp/ " + LINK)) == []
    assert codes(mail(subject="Amazonで使えるギフト券が当たる", text=LINK)) == []
    assert codes(mail(subject="【Amazon出店者向けセミナーのご案内】", text=LINK)) == []
    assert (
        codes(mail("a@example.net", "List-Id: <a.example.net>", subject=subject, text=LINK)) == []
    )


def test_outbound_mail_is_not_looked_at() -> None:
    """It is ours."""
    outbound = replace(INBOUND, direction=Direction.OUTBOUND)
    assert not list(brand_name.look(case(mail(name="Amazon"), envelope=outbound)))
