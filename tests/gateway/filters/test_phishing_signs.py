"""All signs of phishing together: hostile input, and how often they speak."""

from __future__ import annotations

import json
import tarfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsec.gateway.filters import (
    authorship,
    brand_name,
    hidden_text,
    impersonated_name,
    link_mismatch,
    lookalike_domain,
    money_request,
    reply_to_elsewhere,
)
from mailsec.gateway.verdict import Finding
from tests.gateway.filters.making import OWN, Records, case, mail, word
from tests.gateway.trees import messages

SIGNS = (
    authorship.look,
    impersonated_name.look,
    brand_name.look,
    lookalike_domain.look,
    reply_to_elsewhere.look,
    link_mismatch.look,
    hidden_text.look,
    money_request.look,
)
CORPORA = Path(__file__).parents[4] / "shared" / "corpora"
PIECES = st.sampled_from(
    [
        *(
            "Amazon",
            "а",
            "\u200b",
            "\u202e",
            "xn--",
            "xn--a-0000",
            ".",
            "-",
            "@",
            "<",
            ">",
            '"',
            "'",
        ),
        *(
            "http://",
            "https://",
            "javascript:",
            "data:",
            "/",
            "\\",
            "%40",
            "[",
            "]",
            "0x",
            "1",
            "www.",
        ),
        *("example.com", "example.co.jp", OWN, "<a href=", "<div style=display:none>", "</div>"),
        *(
            "</a>",
            "style='",
            "color:#fff;",
            "font-size:0",
            ":",
            ";",
            " ",
            "\r\n ",
            "山田太郎",
            "様",
        ),
        *("至急", "振込先", "変更", "\x00", "\ud800", "rn", "=?utf-8?B?", "?=", ",", "（"),
    ]
)
TEXTS = st.lists(PIECES, max_size=40).map("".join)


def look(raw: bytes) -> list[Finding]:
    looked_at = case(raw, Records())
    return [finding for sign in SIGNS for finding in sign(looked_at)]


def check(findings: list[Finding]) -> None:
    """Few findings, and nothing in them that could break a page or a header."""
    assert len(findings) < 100
    for finding in findings:
        for text in finding.detail.values():
            assert text.isprintable()
            assert len(text) < 1_500


@settings(max_examples=300, deadline=None)
@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_nothing_raises_on_hostile_pieces(name: str, address: str, subject: str, body: str) -> None:
    """In names, addresses, subjects, texts and HTML, encoded or raw."""
    for kind in ("plain", "html"):
        head = (
            f"From: {name} <{address}>\r\nReply-To: {address}\r\nSubject: {subject}\r\n"
            f"Content-Type: text/{kind}; charset=utf-8\r\n\r\n{body}"
        )
        check(look(head.encode("utf-8", "surrogatepass")))
    clean = name.encode("utf-8", "ignore").decode("utf-8", "ignore")
    check(look(f"From: {word(clean)} <{address}>\r\n\r\n".encode("utf-8", "replace")))


@settings(max_examples=150, deadline=None)
@given(messages(), st.binary(max_size=300))
def test_nothing_raises_on_any_message(raw: bytes, noise: bytes) -> None:
    """Well made, and with noise in front, behind and alone."""
    for data in (raw, noise + raw, raw + noise, noise):
        check(look(data))


@pytest.mark.parametrize(
    "body",
    [
        "<a href='http://a@b'>" * 50_000,
        "<div style='display:none'>" * 50_000,
        "<p style='font-size:0'>x" * 50_000,
        "https://amazon-" + "a-" * 100_000,
        " ".join(f"https://h{n}.example/" for n in range(20_000)),
        "振込先" * 50_000,
        "bank account " * 50_000,
        "a\u200b" * 100_000,
        "<a href='http://" + "a." * 50_000 + "'>x</a>",
        "<div hidden" + " a" * 100_000 + ">x",
        "font:" * 100_000,
        "confirm " * 50_000,
    ],
)
def test_large_hostile_bodies_are_read_to_their_end(body: str) -> None:
    """In time that grows with their size: a hang would run into the test's own limit."""
    check(look(mail(html=body)))
    check(look(mail(text=body)))
    check(look(mail(subject=body[:100_000], name=body[:100_000])))


@pytest.mark.parametrize(
    ("name", "address", "subject", "text"),
    [
        (
            "営業部 佐藤",
            "sato@example.co.jp",
            "お見積りの件",
            "平素より大変お世話になっております。",
        ),
        (
            "経理担当",
            "keiri@example.jp",
            "請求書送付のご案内",
            "今月末までにお振込みをお願いいたします。",
        ),
        (
            "",
            "news@example.com",
            "Your order has shipped",
            "Track it: https://www.example.com/track",
        ),
        ("Example Support", "help@example.com", "Ticket 1", "Thank you for your question."),
        (
            "会員サービス",
            "info@example.org",
            "パスワード変更のお知らせ",
            "https://www.example.org/ をご確認ください。",
        ),
        ("Example Shop", "shop@example.net", "Amazon Payで買えます", "https://shop.example.net/"),
    ],
)
def test_plain_business_mail_shows_no_sign(
    name: str, address: str, subject: str, text: str
) -> None:
    """On first contact, without any proof of its author."""
    assert look(mail(address, subject=subject, text=text, name=name)) == []


def corpus(pack: str) -> Iterator[tuple[str, str, bytes]]:
    rows = (CORPORA / f"{pack}.jsonl").read_text().splitlines()
    kinds = {row["path"]: (row["label"], row["source"]) for row in map(json.loads, rows)}
    with tarfile.open(CORPORA / f"{pack}.tar.xz") as opened:
        for member in opened:
            stream = opened.extractfile(member) if member.isfile() else None
            if stream is not None and member.name in kinds:
                yield (*kinds[member.name], stream.read())


@pytest.mark.corpus
@pytest.mark.skipif(not CORPORA.exists(), reason="the mail corpora do not lie beside the checkout")
@pytest.mark.parametrize("pack", ["train", "dev"])
def test_wanted_mail_shows_signs_seldom(pack: str) -> None:
    """As if nobody was known and nothing proved: at most 0.5 % for each, 1.5 % for all."""
    count: Counter[str] = Counter()
    found: Counter[tuple[str, str]] = Counter()
    for label, source, raw in corpus(pack):
        kind = label if label == "ham" or not source.startswith("list-") else "spam on lists"
        kind = source if source == "phishing_pot" else kind
        count[kind] += 1
        codes = {finding.code for finding in look(raw)}
        found.update((kind, code) for code in codes)
        found[kind, "any"] += bool(codes)
    for (kind, code), number in sorted(found.items()):
        print(f"{pack} {kind} {code}: {number} of {count[kind]} ({number / count[kind]:.2%})")
    for (kind, code), number in found.items():
        if kind == "ham":
            assert number / count[kind] <= (0.015 if code == "any" else 0.005), code
