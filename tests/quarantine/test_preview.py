"""What a page shows of hostile content: nothing that runs, loads, sends or hides."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quarantine.preview import MOST_TAGS, MOST_TEXT, Preview
from tests.console import Elements

CASES = Path(__file__).parents[1] / "journeys" / "cases"
HTML = b"Content-Type: text/html; charset=utf-8\r\n\r\n"


def html(body: str) -> str:
    return Preview(HTML + body.encode()).html()


def dangers(page: str) -> list[object]:
    """What the frame's document has beyond its own style sheet."""
    found = Elements(page).dangers
    return [
        (tag, attributes)
        for tag, attributes in found
        if not (tag == "style" and not attributes)
        and not (tag == "img" and (attributes.get("src") or "").startswith("data:image/"))
        and not set(attributes) <= {"style"}
    ]


ATTACKS = {
    "a script": "<script>x</script>",
    "a handler": "<img src=x onerror=x><p onclick=x>a</p>",
    "a frame": "<iframe srcdoc='<script>x</script>'></iframe>",
    "a form": "<form action=https://www.example.net><input name=a><button>b</button></form>",
    "a refresh": "<meta http-equiv=refresh content='0;url=https://www.example.net'>",
    "a base": "<base href=https://www.example.net>",
    "a style sheet": "<style>@import url(https://www.example.net)</style><link rel=stylesheet>",
    "a background": "<p style='background:url(https://www.example.net/p)'>a</p>",
    "a picture elsewhere": "<img src=https://www.example.net/p.png>",
    "a picture without a scheme": "<img src=//www.example.net/p.png>",
    "a picture set": "<img srcset='https://www.example.net/p.png 2x'>",
    "a script in SVG": "<svg><script>x</script></svg><img src='data:image/svg+xml;base64,AAAA'>",
    "confusion by MathML": "<math><mtext><table><mglyph><style><img src=x onerror=x></style>",
    "a link": "<a href='jav&#x09;ascript:x'>a</a><a href='https://www.example.net'>b</a>",
    "a name of ours": "<a id=csrfmiddlewaretoken name=defaultView>a</a>",
    "an object": "<object data=x></object><embed src=x><applet></applet>",
    "video and audio": "<video src=https://www.example.net/v></video><audio src=x></audio>",
    "the end of the body": "</body></html><script>x</script>",
    "a comment": "<!--><img src=x onerror=x>-->",
}


@pytest.mark.parametrize("kind", ATTACKS)
def test_an_attack_is_taken_out(kind: str) -> None:
    """By what it is; a second wall is the frame's policy."""
    page = html(ATTACKS[kind])
    assert not dangers(page)
    for word in ("example.net", "href", "onerror", "csrfmiddlewaretoken", "@import", "srcset"):
        assert word not in page


def test_ordinary_formatting_stays() -> None:
    """The mail is still the mail."""
    page = html('<h2 style="color:red">件名</h2><table border="1"><tr><td>1</td></tr></table>')
    assert '<h2 style="color:red">件名</h2>' in page
    assert "<td>1</td>" in page


def test_pictures_that_the_mail_carries_are_shown() -> None:
    """Not those that could hold a script, nor what is too large."""
    parts = b"".join(
        b"--b\r\nContent-Type: " + kind + b"\r\nContent-ID: <" + name + b"@x>\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.b64encode(data) + b"\r\n"
        for kind, name, data in (
            (b"image/png", b"small", b"picture"),
            (b"image/svg+xml", b"vector", b"<svg/>"),
            (b"image/png", b"large", b"x" * 400_000),
        )
    )
    body = b'<img src="cid:small@x"><img src="cid:vector@x"><img src="cid:large@x">'
    raw = (
        b"Content-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n"
        + body
        + b"\r\n"
        + parts
        + b"--b--\r\n"
    )
    page = Preview(raw).html()
    assert page.count("data:image/png;base64,") == 1
    assert base64.b64encode(b"picture").decode() in page
    assert "svg" not in page


def test_html_that_would_cost_too_much_is_shown_as_text() -> None:
    """Deep nesting costs the square of its depth."""
    preview = Preview(HTML + b"<div>" * (MOST_TAGS + 1) + b"words")
    assert preview.html_part is None
    assert preview.html() == ""
    assert "words" in preview.text


def test_text_is_cut_at_its_limit() -> None:
    """A page of megabytes helps nobody."""
    preview = Preview(b"Subject: x\r\n\r\n" + b"a" * (MOST_TEXT + 10))
    assert len(preview.text) == MOST_TEXT
    assert preview.is_cut


def attached(name: str, content: bytes = b"content") -> bytes:
    return (
        b'--b\r\nContent-Type: application/octet-stream; name="' + name.encode() + b'"\r\n'
        b"Content-Disposition: attachment\r\n\r\n" + content + b"\r\n"
    )


def test_a_condemned_file_is_listed_and_not_handed_out() -> None:
    """Nor what holds it, nor what lies in it; another file is."""
    inner = (
        b"--b\r\nContent-Type: message/rfc822\r\nContent-Disposition: attachment; filename=m.eml"
        b"\r\n\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n"
        b"Content-Type: application/x-a; name=bad.exe\r\n\r\nx\r\n--c--\r\n"
    )
    raw = (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + attached("a.txt") + inner + b"--b--"
    )
    indexes = {line.name: line.index for line in Preview(raw).files}
    assert set(indexes) == {"a.txt", "m.eml", "bad.exe"}
    for condemned in (indexes["bad.exe"], indexes["m.eml"]):
        preview = Preview(raw, [condemned])
        assert preview.file(indexes["bad.exe"]) is None
        assert preview.file(indexes["m.eml"]) is None
        found = preview.file(indexes["a.txt"])
        assert found is not None
        assert found[1] == b"content"
    assert all(line.condemned for line in Preview(raw, [None]).files)
    for index in (-1, 0, 99):
        assert Preview(raw).file(index) is None


def test_the_hostile_case_is_harmless() -> None:
    """Case hold-02: the body that holds every trick at once."""
    preview = Preview((CASES / "hold-02.eml").read_bytes())
    assert not dangers(preview.html())
    assert "__xss" not in preview.html()


@given(st.binary(max_size=400) | st.text(max_size=400).map(lambda text: HTML + text.encode()))
@settings(max_examples=150)
def test_nothing_raises_and_nothing_dangerous_is_left(raw: bytes) -> None:
    """Whatever the bytes are."""
    preview = Preview(raw, [1, 7])
    assert not dangers(preview.html())
    assert isinstance(preview.text, str)
    assert all(len(line.sha256) == 64 for line in preview.files)
    assert all(isinstance(value, str) for _, value in preview.headers)
    "\n".join([preview.text, *preview.links, *(line.name for line in preview.files)]).encode()
