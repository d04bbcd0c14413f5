"""What inline styles hide, and the links that readers meet."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsec.gateway.reading.html import Anchor, reduce


@pytest.mark.parametrize(
    ("html", "ways"),
    [
        ('<p style="display:none">x</p>', ["not-displayed"]),
        ("<p hidden>x</p>", ["not-displayed"]),
        ('<p style="visibility:hidden">x</p>', ["invisible"]),
        ('<p style="font-size:0px">x</p>', ["tiny"]),
        ('<p style="font:1px sans-serif">x</p>', ["tiny"]),
        ('<p style="font-size:0.05em">x</p>', ["tiny"]),
        ('<p style="font-size:10px">x</p>', []),
        ('<p style="font-size:1em">x</p>', []),
        ('<p style="font-size:100%">x</p>', []),
        ('<p style="opacity:0.01">x</p>', ["transparent"]),
        ('<p style="opacity:0.8">x</p>', []),
        ('<p style="color:white">x</p>', ["same-colour"]),
        ('<font color="#ffffff">x</font>', ["same-colour"]),
        ('<body bgcolor="#000000"><font color="white">x</font>', []),
        ('<body bgcolor="#000"><font color="black">x</font>', ["same-colour"]),
        ('<p style="color:#fff;background-image:url(a.png)">x</p>', []),
        ('<p style="text-indent:-9999px">x</p>', ["off-screen"]),
        ('<p style="position:absolute;left:-100vw">x</p>', ["off-screen"]),
        ('<p style="margin-left:-9999px">x</p>', ["off-screen"]),
        ('<p style="margin-left:-5px">x</p>', []),
        ('<p style="margin-top:-120px">x</p>', []),
        ('<p style="display/**/: none">x</p>', ["not-displayed"]),
        ('<p style="/* a */display:/* b */none">x</p>', ["not-displayed"]),
        ('<p style="transform:scale(0)">x</p>', ["clipped"]),
        ('<p style="transform:scale(0.9)">x</p>', []),
        ('<p style="clip-path:inset(100%)">x</p>', ["clipped"]),
        ('<p style="clip:rect(0 0 0 0);position:absolute">x</p>', ["clipped"]),
        ('<p style="height:0;overflow:hidden">x</p>', ["clipped"]),
        ('<p style="height:1px">x</p>', []),
    ],
)
def test_how_text_is_hidden(html: str, ways: list[str]) -> None:
    """Each way under its name; what can be seen is not hidden."""
    assert [hidden.way for hidden in reduce(html).hidden] == ways


def test_a_style_ends_with_its_element() -> None:
    """Text behind it is seen, and what was seen before is counted."""
    (hidden,) = reduce("<p>four</p><span style='display:none'>a<b>b</b></span><p>c</p>").hidden
    assert (hidden.text, hidden.before) == ("ab", 4)


def test_hidden_text_stays_text() -> None:
    """Who looks for words finds them all."""
    assert "x" in reduce('<p style="display:none">x</p>').text


def test_a_comment_splits_no_word() -> None:
    """Browsers show nothing in its place."""
    assert reduce("<p>pass<!-- x -->word</p>").text == "password"


@pytest.mark.parametrize(
    ("html", "anchors"),
    [
        ('<a href="https://example.com/">a <b>b</b></a>', [Anchor("https://example.com/", "a b")]),
        ('<a href="java\nscript:x">y</a>', [Anchor("javascript:x", "y")]),
        ('<a href="a">x<a href="b">y</a>', [Anchor("a", "x"), Anchor("b", "y")]),
        ('<a name="a">x</a>', []),
        ('<a href="a"></a>', []),
        ('<a href="a">never closed', [Anchor("a", "never closed")]),
    ],
)
def test_links_come_with_their_text(html: str, anchors: list[Anchor]) -> None:
    """As written, whatever the scheme."""
    assert list(reduce(html).anchors) == anchors


PIECES = st.sampled_from(
    [
        *("<p style='", "display:none", "color:#ff", "rgb(", "font-size:", "0", "'>", "</p>", "x"),
        *("<style>", "@media", "</a>", "<", ">", '"', "background:url(", ")", ";", "hidden"),
        *("<a href=", "<td class=a ", "<table><tr>"),
    ]
)


@settings(deadline=None)
@given(st.lists(PIECES, max_size=40).map("".join))
def test_nothing_raises_and_hidden_text_is_part_of_the_text(html: str) -> None:
    """On any pieces of HTML."""
    reduced = reduce(html)
    shown = "".join(reduced.text.split())
    for hidden in reduced.hidden:
        assert "".join(hidden.text.split()) in shown
