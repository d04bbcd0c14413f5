"""HTML reduced to what a reader sees and where a click leads."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsec.gateway.reading import html


def test_blocks_stand_on_lines_of_their_own_and_inline_text_does_not() -> None:
    """As a browser shows it."""
    source = "<p>a <b>b</b>c</p><div>d<br>e</div><table><tr><td>f<td>g</table>  h\n i &amp; j"
    assert html.reduce(source).text.split("\n") == ["a bc", "d", "e", "f", "g", "h i & j"]


def test_scripts_styles_titles_and_comments_are_not_text() -> None:
    """Nobody reads them."""
    source = (
        "<title>t</title><style>s</style><script>x</script><!-- c --><template>t</template>seen"
    )
    assert html.reduce(source).text == "seen"


@pytest.mark.parametrize(
    ("source", "links"),
    [
        ("<a href='http://example.jp/?a=1&amp;b=2'>x</a>", ("http://example.jp/?a=1&b=2",)),
        ("<A HREF=HTTP://EXAMPLE.JP>x</A>", ("HTTP://EXAMPLE.JP",)),
        ("<a href=' ht\ntps://example.jp/'>x</a>", ("https://example.jp/",)),
        ("<svg><a xlink:href='http://example.jp/'>x</a></svg>", ("http://example.jp/",)),
        ("<form action=http://example.jp/f><button formaction=http://example.jp/g>",
         ("http://example.jp/f", "http://example.jp/g")),
        ("<meta http-equiv=refresh content='0;url=http://example.jp/'>", ("http://example.jp/",)),
        ("<a href='javascript:x'>a</a><a href='mailto:a@example.jp'>b</a><a name=x>c</a>", ()),
        ("<img src='http://example.jp/i.png'>", ()),
        ("<a href='//example.jp/a'>x</a>", ("https://example.jp/a",)),
        ("<a href='b/c'>x</a>", ()),
        ("<base href='http://example.jp/a/'><a href='b/c'>x</a>", ("http://example.jp/a/b/c",)),
        ("<a href='/b'>x</a><base href=' HTTPS:\\\\example.jp\\a'>", ("https://example.jp/b",)),
        ("<base href='https:example.jp/a'><a href=''>x</a>", ("https://example.jp/a",)),
        ("<base href='https://example.jp/a'><a href='#b'>x</a>", ("https://example.jp/a#b",)),
        ("<base href='https://example.jp/'><a href='http://example.org/'>x</a>",
         ("http://example.org/",)),
        ("<base href='https://example.jp/'><a href='//[x/'>x</a>", ("https://example.jp/",)),
        ("<base href='x'><a href='b'>x</a>", ()),
    ],
)  # fmt: skip
def test_links_are_found_where_a_click_or_the_page_leads(
    source: str, links: tuple[str, ...]
) -> None:
    """Only http and https; pictures are no links."""
    assert html.reduce(source).links == links


HOSTILE = {
    "deep": "<div>" * 200_000 + "<a href='http://example.jp/'>x",
    "comments": "<!--" * 100_000,
    "attributes": "<a " + " ".join(f"a{n}=1" for n in range(50_000)) + ">x",
    "options": "<select>" + "<option>" * 100_000,
    "tags that never end": "<a " * 200_000,
    "quotation marks": "<a href='" * 100_000,
    "blanks": " \n \n" * 200_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_html_takes_linear_time(name: str) -> None:
    """What would make the parser quadratic is only stripped of its tags."""
    begin = time.process_time()
    html.reduce(HOSTILE[name])
    assert time.process_time() - begin < 2


def test_stripped_html_still_gives_its_links() -> None:
    """A deep tree hides nothing."""
    assert html.reduce(HOSTILE["deep"]).links == ("http://example.jp/",)
    assert html.reduce(HOSTILE["deep"]).text == "x"


def test_stripped_html_still_says_what_its_links_stand_on() -> None:
    """Attack: more open elements than any mail has, so that nobody compares text and target."""
    source = "<i>" * 3_000 + "<a HREF='https://example.org/'>www.<b>example</b>.com</a><a href=x>y"
    assert html.reduce(source).anchors == (
        html.Anchor("https://example.org/", "www.example.com"),
        html.Anchor("x", "y"),
    )
    assert len(html.reduce("<i>" * 3_000 + "<a href=x>y</a>" * 9_000).anchors) == 2_000


@settings(max_examples=150)
@given(
    st.lists(
        st.sampled_from(
            (
                "<a href=",
                "'",
                '"',
                ">",
                "<",
                "http://example.jp",
                "</a>",
                "&#0;",
                "&#xd800;",
                "<!--",
                "-->",
                "<svg>",
                "<table>",
                "あ",
                "\0",
                "<script>",
            )
        )
    ).map("".join)
)
def test_any_html_gives_storable_text(source: str) -> None:
    """Nothing raises; no NUL, no lone surrogate."""
    reduced = html.reduce(source)
    for text in (reduced.text, *reduced.links):
        assert "\0" not in text
        text.encode("utf-8")
