"""Greetings that fit no recipient."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsec.gateway.outbound.risks import salutation
from mailsec.gateway.outbound.risks.surnames import readings_of, surname_of
from tests.gateway.outbound.writing import letter, person, sent

SUZUKI = person("鈴木 一郎", "suzuki@example.com")
TANAKA = person("田中 太郎", "t-tanaka@example.com")


def told(text: str, *to: str) -> list[str]:
    """The names that are told, for a letter to these people."""
    addresses = [each.rpartition("<")[2].rstrip(">") for each in to]
    outside = [each for each in addresses if not each.endswith("alpha.example.jp")]
    mail = sent(letter(text, ", ".join(to)), *outside)
    return [risk.detail["name"] for risk in salutation.look(mail)]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("田中様\nお世話になっております。", "田中様"),
        ("株式会社サンプル\n営業部 田中様\n\nお世話になっております。", "田中様"),
        ("サンプル商事株式会社　営業部　田中 太郎 様\nこんにちは", "田中様"),
        ("田中さん、お疲れさまです。", "田中さん"),
        ("田中太郎様\nこんにちは", "田中様"),
        ("Dear Mr. Tanaka,\nthank you", "mr. tanaka"),
        ("Dear Ms Smith,\nthank you", "ms smith"),
        ("Dear Miss Smith,\nthank you", "miss smith"),
        ("Mr. Smith:\nthank you", "mr. smith"),
        ("Tanaka-san,\nthank you", "tanaka-san"),
    ],
)
def test_who_is_greeted_and_not_written_to_is_told(text: str, name: str) -> None:
    """Where every recipient shows another name."""
    assert told(text, SUZUKI) == [name]
    assert told(text, "ichiro.suzuki@example.com") == [name]


@pytest.mark.parametrize(
    "to",
    [
        TANAKA,
        person("Taro Tanaka", "tt@example.com"),
        person("TANAKA Taro（営業）", "tt@example.com"),
        "tanaka@example.com",
        "t.tanaka@example.com",
        "tanakat@example.com",
        person("", "tanaka-taro01@example.com"),
    ],
)
def test_a_name_in_any_spelling_fits(to: str) -> None:
    """Kanji, Latin letters, in the display name or in the address."""
    for text in ("田中様\nx", "Dear Mr Tanaka,\nx", "田中 太郎様\nx"):
        assert told(text, to) == []
        assert told(text, SUZUKI, to) == []


@pytest.mark.parametrize(
    "pair",
    [
        ("大野様", "ohno"),
        ("加藤様", "katoh"),
        ("佐藤様", "sato"),
        ("齋藤様", "saito"),
        ("本間様", "homma"),
        ("藤井様", "hujii"),
    ],
)
def test_readings_are_spelled_in_many_ways(pair: tuple[str, str]) -> None:
    """Long vowels and the systems of transcription."""
    text, local = pair
    assert told(f"{text}\nx", f"{local}@example.com") == []
    assert told(f"{text}\nx", SUZUKI) == [text.replace("齋", "斎")]


@pytest.mark.parametrize(
    "to",
    [
        "info@example.com",
        "sales.tokyo@example.com",
        person("Example Corporation", "info@example.com"),
        person("サンプル商事 営業部", "eigyo@example.com"),
        "a1b2@example.com",
    ],
)
def test_who_shows_no_name_may_be_anybody(to: str) -> None:
    """Nothing is told then, though others have names."""
    assert told("田中様\nx", to) == []
    assert told("Dear Mr Tanaka,\nx", SUZUKI, to) == []


@pytest.mark.parametrize(
    "text",
    [
        "お疲れ様です。",
        "関係者各位",
        "皆様\nx",
        "ご担当者様\nx",
        "お客様各位",
        "株式会社田中商事様\nx",
        "田中商事様\nx",
        "山口県様\nx",
        "仕様：別途",
        "同様、よろしくお願いします。",
        "Hi Bob,\nx",
        "Miss it already,\nx",
        "I met Mr Tanaka, who greets you.",
        "Dear Sir or Madam,",
        "一行目\n二\n三\n四\n五\n六\n田中様の件ですが",
        "昨日は田中様のご紹介で伺いました。",
        "> 田中様",
    ],
)
def test_what_is_no_greeting_of_a_person_is_not_told(text: str) -> None:
    """Set phrases, companies, nicknames, and talk of others further down."""
    assert told(text, SUZUKI) == []


def test_a_colleague_in_cc_may_be_the_one_who_is_greeted() -> None:
    """Inside people count for what they show; in To they must show something."""
    colleague = person("田中 花子", "hanako@alpha.example.jp")
    assert told("田中さん\nx", SUZUKI, colleague) == []
    assert told("田中さん\nx", SUZUKI, "h1@alpha.example.jp") == []


def test_surnames_are_known_by_their_start() -> None:
    """The longest one wins."""
    assert surname_of("長谷川太郎") == "長谷川"
    assert surname_of("") == surname_of("abc") == ""
    assert {"ohta", "ota", "oota"} <= readings_of("太田")


@given(st.text(alphabet="田中鈴木様さん殿、 　\nDearMr.-san(部社", max_size=400))
def test_any_greeting_is_read(text: str) -> None:
    """Nothing is raised."""
    told(text, SUZUKI)
