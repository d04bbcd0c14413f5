"""A colleague's name on a stranger's address."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailsec.gateway.envelope import Direction
from mailsec.gateway.filters import impersonated_name
from mailsec.gateway.verdict import Severity
from tests.gateway.filters.making import INBOUND, OWN, POLICY, Records, case, mail, word

PEOPLE = Records({"山田太郎": (f"taro@{OWN}", "taro@example.org")})


def codes(raw: bytes, relations: Records | None = PEOPLE) -> list[str]:
    return [found.code for found in impersonated_name.look(case(raw, relations))]


@pytest.mark.parametrize(
    "name",
    [
        "山田太郎",
        "山田 太郎",
        "太郎 山田",
        "山田　太郎 様",
        "代表取締役社長 山田太郎",
        "山田太郎（営業部）",
        "株式会社山田商事 山田太郎",
        "鈴木一郎",
        "一郎・鈴木 部長",
        "Alex Smith",
        "SMITH, Alex",
        "Mr. Ａｌｅｘ Ｓｍｉｔｈ",
    ],
)
def test_a_name_of_the_company_with_an_outside_address_is_found(name: str) -> None:
    """However it is spelled: employees by the records, executives by the policy."""
    (found,) = impersonated_name.look(case(mail("ceo@example.net", name=name), PEOPLE))
    assert (found.code, found.severity) == ("impersonated-name", Severity.SUSPICIOUS)
    assert found.detail["address"] == "ceo@example.net"


@pytest.mark.parametrize("name", ["山田花子", "鈴木", "Alex", "Smithson Alexander", "営業部", ""])
def test_other_names_are_let_be(name: str) -> None:
    """A family name alone is shared by thousands."""
    assert codes(mail("b@example.net", name=name)) == []


def test_own_and_registered_addresses_are_let_be() -> None:
    """Also a registered private one, and a subdomain of ours."""
    for address in (f"taro@{OWN}", f"taro@mail.{OWN}", "Taro@example.org"):
        assert codes(mail(address, name="山田太郎")) == []
    registered = Records({"鈴木一郎": ("ichiro@example.org",)})
    assert codes(mail("ichiro@example.org", name="鈴木一郎"), registered) == []


def test_the_name_in_reply_to_counts_too() -> None:
    """Answers would go there."""
    raw = mail("a@example.net", f"Reply-To: {word('山田太郎')} <t@example.net>")
    assert codes(raw) == ["impersonated-name"]


def test_a_list_that_writes_for_a_colleague_is_let_be() -> None:
    """Its own fields must name it, and it must have written before: anybody can write such a
    field."""
    named = "List-Post: <mailto:talk@lists.example.org>"
    members = replace(PEOPLE, known=frozenset(["talk@lists.example.org", "talk@example.net"]))
    raw = mail("talk@lists.example.org", named, name="山田太郎 via talk")
    assert codes(raw, members) == []
    assert codes(raw) == ["impersonated-name"]
    assert codes(mail("talk@example.net", named, name="山田太郎"), members) == ["impersonated-name"]


def test_a_name_without_any_address_is_found() -> None:
    """Attack: a From that is a name and nothing else is shown as the name."""
    (found,) = impersonated_name.look(case(f"From: {word('山田太郎')}\r\n\r\nx".encode(), PEOPLE))
    assert (found.code, found.detail["address"]) == ("impersonated-name", "-")


@pytest.mark.parametrize(
    ("field", "found"),
    [
        ('"ceo@example.co.jp" <x@example.net>', ["address-in-name"]),
        ('"社長 (ceo@example.co.jp)" <x@example.net>', ["address-in-name"]),
        (f"{word('ceo＠example．co.jp')} <x@example.net>", ["address-in-name"]),
        (f"{word('ceo@exam' + chr(0x200B) + 'ple.co.jp')} <x@example.net>", ["address-in-name"]),
        ('"x@example.net" <x@example.net>', []),
        ('"info@www.example.net" <x@example.net>', []),
        ('"Taro @ Example" <x@example.net>', []),
    ],
)
def test_an_address_as_a_name_must_be_the_real_one(field: str, found: list[str]) -> None:
    """Mail programs often show the name alone."""
    assert codes(f"From: {field}\r\n\r\nx".encode()) == found


def test_outbound_mail_and_missing_records_find_nothing() -> None:
    """Protected names need no records."""
    raw = mail("ceo@example.net", name="山田太郎")
    outbound = replace(INBOUND, direction=Direction.OUTBOUND)
    assert not list(impersonated_name.look(case(raw, PEOPLE, envelope=outbound)))
    assert codes(raw, None) == []
    assert codes(mail("ceo@example.net", name="鈴木一郎"), None) == ["impersonated-name"]


def test_few_questions_are_asked_of_the_records() -> None:
    """Each may be a query to the database."""
    records = Records()
    name = " / ".join(f"名前{number} 何某" for number in range(50))
    list(impersonated_name.look(case(mail(name=name), records, replace(POLICY))))
    assert 0 < len(records.asked) <= 8
