"""What programs read and people do not."""

from __future__ import annotations

import pytest

from mailsec.gateway.filters import hidden_text
from mailsec.gateway.verdict import Severity
from tests.gateway.filters.making import case, mail

LETTER = "<p>" + "いつもお世話になっております。" * 20 + "</p>"
MUCH = "ordinary words that please a filter " * 20


def codes(raw: bytes) -> list[str]:
    return [found.code for found in hidden_text.look(case(raw))]


@pytest.mark.parametrize(
    "style",
    [
        "display:none",
        "DISPLAY : NONE !important",
        "visibility:hidden",
        "font-size:0",
        "font-size:1px",
        "opacity:0",
        "color:#ffffff",
        "color:#fefefe;background-color:#fff",
        "color:rgb(255, 255, 255)",
        "background:#123456;color:#123456",
        "position:absolute;left:-9999px",
        "max-height:0;overflow:hidden",
    ],
)
def test_much_hidden_text_is_found(style: str) -> None:
    """Whatever way it is hidden."""
    html = f'{LETTER}<div style="{style}">{MUCH}</div>'
    (found,) = hidden_text.look(case(mail(html=html)))
    assert (found.code, found.severity) == ("hidden-text", Severity.SUSPICIOUS)
    assert int(found.detail["letters"]) > 400


@pytest.mark.parametrize(
    "html",
    [
        f'<div style="display:none">{"本日限りのご案内です。" * 10}</div>{LETTER}',
        f'<div style="display:none;max-height:0">Preview{"&zwnj;&nbsp;" * 200}</div>{LETTER}',
        f'<table><tr><td style="font-size:0"><p style="font-size:14px">{MUCH}</p></td>',
        f'<table><tr><td bgcolor="#003366"><font color="#ffffff">{MUCH}</font></td>',
        f'<table><tr><td background="a.png"><span style="color:#fff">{MUCH}</span></td>',
        f"<style>.b{{background:#036}}</style>"
        f'<table><tr><td class="b" style="color:#fff">{MUCH}</td>',
        f"<style>@media (max-width:1px){{.m{{display:block}}}}</style>"
        f'<div class="m" style="display:none">{MUCH}</div>',
        f"{LETTER}<input type=hidden value=x><script>{MUCH}</script>",
        f'{LETTER}<div style="display:none">{"&nbsp;" * 2000}</div>',
        f'<p style="color:#ffffff;background:#003366">{MUCH}</p>',
    ],
)
def test_what_newsletters_do_is_let_be(html: str) -> None:
    """Preview lines, gaps closed by size, white on colour, layouts for small screens."""
    assert codes(mail(html=html)) == []


def test_characters_that_turn_the_direction_are_found() -> None:
    """In the subject and in names; Hebrew and Arabic need some of them."""
    assert codes(mail(subject="請求書\u202efdp.exe")) == ["direction-override"]
    assert codes(mail(name="a\u2067b")) == ["direction-override"]
    assert codes(mail(subject="\u2067שלום\u2069")) == []
    assert codes(mail(subject="請求書")) == []


def test_words_in_pieces_are_found() -> None:
    """A brand's name in the subject, many words in the text; joiners in emoji are let be."""
    assert codes(mail(name="Ama\u200bzon")) == ["split-words"]
    assert codes(mail(text="pass\u200bword " * 30)) == ["split-words"]
    assert codes(mail(text="pass\u200bword")) == []
    assert codes(mail(text="\U0001f468\u200d\U0001f469\u200d\U0001f467 " * 50)) == []
