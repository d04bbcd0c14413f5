"""Links in plain text."""

from __future__ import annotations

import time

import pytest

from mailsec.gateway.reading import links


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("「https://example.jp/a」", ["https://example.jp/a"]),
        ("こちらhttps://example.jp/aをどうぞ", ["https://example.jp/a"]),
        ("(see https://example.jp/a_(b)).", ["https://example.jp/a_(b)"]),
        ("<https://example.jp/サクラ>", ["https://example.jp/サクラ"]),
        ("<https://example.jp/long-\r\n  tail>", ["https://example.jp/long-tail"]),
        ("<URL:http://example.jp/>", ["http://example.jp/"]),
        ("HTTP://EXAMPLE.JP, https://", ["HTTP://EXAMPLE.JP"]),
        ("xhttp://example.jp ftp://example.jp mailto:a@example.jp ｈｔｔｐ：／／example.jp", []),
        ("http://a.example.jp/http://b.example.jp", ["http://a.example.jp/http://b.example.jp"]),
    ],
)
def test_a_link_ends_where_a_reader_ends_it(text: str, found: list[str]) -> None:
    """Case url-01 and its kind."""
    assert links.in_text(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "<http://" * 100_000,
        "http://a" + ")" * 500_000,
        "<http://a " * 50_000,
        "<http://a" + "\n" * 500_000,
    ],
)
def test_hostile_text_takes_linear_time(text: str) -> None:
    """Brackets that never close are not looked for again and again."""
    begin = time.process_time()
    links.in_text(text)
    assert time.process_time() - begin < 2
