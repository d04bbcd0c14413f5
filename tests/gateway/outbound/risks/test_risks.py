"""Risk facts, one after the other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsec.gateway.message import Message
from mailsec.gateway.outbound.risks import (
    find,
    first_mail,
    lookalike,
    missing_attachment,
    other_company,
)
from mailsec.gateway.outbound.risks.facts import RiskCode, dispatch
from tests.gateway.outbound.writing import OWN, Records, facts, letter, multipart, sent

PARTNERS = ("northwind-trading.example.com", "tsukimi.co.jp", "gmail.com")


def test_each_new_address_is_told() -> None:
    """Known ones are not, and without records nothing is."""
    mail = sent(letter("x"), "a@example.com", "b@example.com", known=["a@example.com"])
    assert facts(list(first_mail.look(mail))) == [("first-mail", "b@example.com")]
    bare = dispatch(letter("x"), ("a@example.com",), OWN, None)
    assert list(first_mail.look(bare)) == list(lookalike.look(bare)) == []


@pytest.mark.parametrize(
    ("domain", "resembles"),
    [
        ("tsukimi.com", "tsukimi.co.jp"),
        ("tsukiml.co.jp", "tsukimi.co.jp"),
        ("tsukini.co.jp", "tsukimi.co.jp"),
        ("gmial.com", "gmail.com"),
        ("gmai.com", "gmail.com"),
        ("gmail.co.jp", "gmail.com"),
        ("yahoo.com.au", ""),
        ("alpha.example.jp.tanaka.co.jp", "alpha.example.jp"),
        ("tsukimi.co.jp", ""),
        ("mail.tsukimi.co.jp", ""),
        ("unlike.co.jp", ""),
    ],
)
def test_a_domain_like_a_known_one_is_told_with_it(domain: str, resembles: str) -> None:
    """A slip of the keys, another ending; the known ones and those below them are not."""
    found = list(lookalike.look(sent(letter("x"), f"a@{domain}", written=PARTNERS)))
    assert [risk.detail["resembles"] for risk in found] == ([resembles] if resembles else [])


@pytest.mark.parametrize(
    ("recipients", "told"),
    [
        (("a@tsukimi.co.jp", "b@tsukimi.co.jp", "c@hoshimi.co.jp"), ["c@hoshimi.co.jp"]),
        (("a@tsukimi.co.jp", "b@mail.tsukimi.co.jp", "c@gmail.com"), ["c@gmail.com"]),
        (("a@tsukimi.co.jp", "c@hoshimi.co.jp"), []),
        (("a@tsukimi.co.jp", "b@tsukimi.co.jp"), []),
        (("a@gmail.com", "b@gmail.com", "c@hoshimi.co.jp"), []),
        (("a@tsukimi.co.jp", "b@tsukimi.co.jp", "c@hoshimi.co.jp", "d@hanami.co.jp"), []),
        (("a", "b", "c@hoshimi.co.jp"), []),
        ((), []),
    ],
)
def test_who_is_of_another_company_than_most_is_told(
    recipients: tuple[str, ...], told: list[str]
) -> None:
    """Where one company has more than all the others, and is one."""
    mail = dispatch(letter("x"), recipients, OWN, Records())
    assert [risk.recipient for risk in other_company.look(mail)] == told


@pytest.mark.parametrize(
    "text",
    [
        "見積書を添付いたします。ご確認ください。",
        "資料を同封します。",
        "詳細は別添のとおりです。",
        "Please find attached our offer.",
        "I have attached the file.",
        "The invoice is enclosed.",
        "Please find\nattached our offer.",
        "Attached is the report.",
        "機密資料を添付します。",
        "お世話になっております。\n添付ファイルをご確認ください。",
    ],
)
def test_a_letter_that_speaks_of_a_file_without_one_is_told(text: str) -> None:
    """In both languages; with a file nothing is wrong."""
    assert facts(list(missing_attachment.look(sent(letter(text))))) == [("missing-attachment", "")]
    file = ('Content-Type: application/pdf; name="a.pdf"', "x")
    plain = ("Content-Type: text/plain; charset=utf-8", text)
    assert list(missing_attachment.look(sent(multipart(plain, file)))) == []


@pytest.mark.parametrize(
    "text",
    [
        "お世話になっております。よろしくお願いします。",
        "> 見積書を添付いたします。",
        "了解しました。\n\n-----Original Message-----\nFrom: x@example.com\n添付します。",
        "添付ファイルはありません。",
        "先ほどのメールに添付しました。",
        "注文書を添付してください。",
        "添付いただいた資料を拝見しました。",
        "本メールおよび添付ファイルには機密情報が含まれる場合があります。",
        "This e-mail and any attachments are confidential.",
        "I could not open the attachment.",
        "Please attach the file.",
        "Thank you for your attachment.",
        "This message and any\nattachments may contain confidential\ninformation.",
        "The offer has no strings attached.",
        "The device is attached to the wall.",
    ],
)
def test_other_talk_of_files_is_no_risk(text: str) -> None:
    """Quoted, denied, asked for, sent before, or below every letter of a company."""
    assert list(missing_attachment.look(sent(letter(text)))) == []


@given(st.binary(max_size=1500), st.lists(st.text(max_size=30), max_size=4))
def test_any_mail_to_anybody_is_looked_at(raw: bytes, recipients: list[str]) -> None:
    """Nothing is raised, and what is told can be shown."""
    written = frozenset((*PARTNERS, "x", ""))
    mail = dispatch(Message(raw), tuple(recipients), OWN, Records(frozenset(), written))
    for risk in find(mail):
        assert isinstance(risk.code, RiskCode)
        assert all("\n" not in text for text in risk.detail.values())
