"""The notice goes where a browser would put the body's first child."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsec.gateway.edits.html_place import place_for_banner


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"<body>", b"<p>x"),
        (
            b"<html><head><title><body></title></head><BODY\n class='a > b'\tdata-x=\"<body>\">",
            b"x",
        ),
        (b"<!-- <body> --><body>", b"x"),
        (b"<!--><body>", b"x"),
        (b"<!-- a --!><body>", b"x"),
        (b"<!DOCTYPE html PUBLIC '-//W3C//DTD'>\r\n<html><body bgcolor=#fff>", b"x"),
        (b"<style>body > p {} <body></style><body>", b"x"),
        (b"<script>document.write('<body>')</script><body>", b"x"),
        (b"<head><meta charset=utf-8></head>", b"<p>no body tag"),
        (b"", b"plain words"),
        (b"\xef\xbb\xbf", b"<div>behind a byte order mark"),
        (b"  \r\n<html>\n", b"<p>x<body>late</body>"),
        (b"<html><head></head>", b"text"),
        (b"<?xml version='1.0'?><html><body>", b"x"),
        (b"<body/>", b"x"),
        (b"<![if mso]><![endif]><body>", b"x"),
        (b"<body onload=\"a('>')\" b='\"' c>", b"x"),
        (b"", b"< body>"),
        (b"<link rel=x><base href=y>", b"<table>"),
        (b"<template>a<template></template><p>b<!--<template>--></template><body>", b"x"),
        (b"<script><!-- <script></script> <p> --></script><body>", b"x"),
    ],
)
def test_the_place_is_between_these_two(before: bytes, after: bytes) -> None:
    """Comments, strange attributes, scripts, and documents without a body tag."""
    assert place_for_banner(before + after) == len(before)


def test_japanese_in_seven_bits_is_not_read_as_markup() -> None:
    """ISO-2022-JP writes 室 with the bytes of two less-than signs."""
    room = "室室".encode("iso-2022-jp")
    assert room.count(b"<") == 4
    html = b"<html><head><title>" + room + b"</title></head><body>x"
    assert place_for_banner(html) == html.index(b"<body>") + 6
    assert place_for_banner(room + b"<body>") == 0
    assert place_for_banner(b"<body a='" + room + b"'>x") == len(room) + 11


class _FirstChild(HTMLParser):
    """What stands first in the body, as the library's parser sees it."""

    def __init__(self) -> None:
        super().__init__()
        self.in_body = False
        self.first: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.in_body and self.first is None:
            self.first = tag
        if tag == "body":
            self.in_body = True


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["<!-- <body> -->", "<meta a='>'>", "<style>a > b</style>", "<title>t</title>", "\r\n",
             "<link b=\"<body>\">"]
        ),
        max_size=5,
    ),
    st.sampled_from(["<body>", "<body a='x > y'>", '<BODY\n b="<i>">', "<body c=d>"]),
)  # fmt: skip
def test_another_parser_finds_the_notice_first(head: list[str], body: str) -> None:
    """The first element of the body is the one that was put in."""
    html = ("<html><head>" + "".join(head) + "</head>" + body + "<p>letter</p>").encode()
    at = place_for_banner(html)
    parser = _FirstChild()
    parser.feed((html[:at] + b"<aside>notice</aside>" + html[at:]).decode())
    assert parser.first == "aside"


@settings(deadline=None)
@given(st.binary(max_size=200), st.text(st.sampled_from("<>!-/bodyhea \"'=?\x1b$B("), max_size=80))
def test_any_bytes_have_a_place(noise: bytes, markup: str) -> None:
    """Within the document, without an exception."""
    for html in (noise, markup.encode(), markup.encode() + noise):
        assert 0 <= place_for_banner(html) <= len(html)
