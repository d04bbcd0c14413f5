"""Random mails as hypothesis strategies: trees of parts in the forms that mail really has."""

from __future__ import annotations

import base64
import quopri
from dataclasses import dataclass

from hypothesis import strategies as st

JAPANESE = st.text(
    st.sampled_from("あいうえお漢字請求書添付ファイル。、「」ABC xyz 012"), max_size=30
)
ASCII_LINES = st.lists(
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60), max_size=5
).map("\r\n".join)


@dataclass(frozen=True)
class Leaf:
    """One part as bytes, with the content that it decodes to."""

    raw: bytes
    content: bytes
    kind: str


def _leaf(kind: str, content: bytes, encoding: str, extra: str = "") -> Leaf:
    body = content
    if encoding == "base64":
        body = base64.encodebytes(content).replace(b"\n", b"\r\n").removesuffix(b"\r\n")
    elif encoding == "quoted-printable":
        body = quopri.encodestring(content.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
    head = f"Content-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n{extra}\r\n"
    return Leaf(head.encode() + body, content, kind.split(";")[0])


@st.composite
def texts(draw: st.DrawFn) -> Leaf:
    """A text body in a code and transfer encoding that go together."""
    code, encodings = draw(
        st.sampled_from(
            [
                ("us-ascii", ["7bit", "quoted-printable", "base64"]),
                ("iso-2022-jp", ["7bit", "base64"]),
                ("utf-8", ["8bit", "quoted-printable", "base64"]),
                ("shift_jis", ["8bit", "base64"]),
            ]
        )
    )
    text = draw(ASCII_LINES if code == "us-ascii" else JAPANESE)
    kind = draw(st.sampled_from(["plain", "html"]))
    if kind == "html":
        text = f"<html><body class='x'><p>{text.replace('<', '&lt;')}</p></body></html>"
    return _leaf(
        f"text/{kind}; charset={code}", text.encode(code), draw(st.sampled_from(encodings))
    )


@st.composite
def attachments(draw: st.DrawFn) -> Leaf:
    """A file of a name of its own, so that every part can be told from every other."""
    content = draw(st.binary(min_size=1, max_size=80))
    number = draw(st.integers(0, 10**9))
    extra = f'Content-Disposition: attachment; filename="f{number}.bin"\r\n'
    return _leaf("application/octet-stream", content, "base64", extra)


def _joined(children: list[bytes], subtype: str, number: int, tail: str) -> bytes:
    boundary = f"=_b{number}"
    line = f"--{boundary}\r\n".encode()
    body = b"".join(b"\r\n" * (at > 0) + line + child for at, child in enumerate(children))
    head = f'Content-Type: multipart/{subtype};\r\n\tboundary="{boundary}"\r\n\r\n'.encode()
    return head + b"preamble\r\n" + body + f"\r\n--{boundary}--{tail}".encode()


@st.composite
def entities(draw: st.DrawFn, depth: int = 2) -> bytes:
    """A leaf, a multipart of entities, or an attached message."""
    if depth == 0 or draw(st.integers(0, 3)) == 0:
        return draw(st.one_of(texts(), attachments())).raw
    if draw(st.integers(0, 5)) == 0:
        inner = draw(entities(depth=depth - 1))
        return b"Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n" + inner
    children = draw(st.lists(entities(depth=depth - 1), min_size=1, max_size=4))
    subtype = draw(st.sampled_from(["mixed", "alternative", "related"]))
    tail = draw(st.sampled_from(["", "\r\n", "\r\nepilogue\r\n"]))
    return _joined(children, subtype, draw(st.integers(0, 10**9)), tail)


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    """A whole mail with the header fields that a mail has."""
    subject = draw(SUBJECTS)
    head: bytes = (
        b"From: a@example.jp\r\nTo: b@example.com\r\n" + subject + b"MIME-Version: 1.0\r\n"
    )
    return bytes(head + draw(entities()))


def _word(text: str, code: str, letter: str) -> bytes:
    data = text.encode(code)
    quoted = b"".join(b"=%02X" % byte for byte in data)
    coded = base64.b64encode(data) if letter == "B" else quoted
    return b"=?" + code.encode() + b"?" + letter.encode() + b"?" + coded + b"?="


_WORDS = st.lists(
    st.one_of(
        st.builds(
            _word,
            JAPANESE.filter(str.strip),
            st.sampled_from(["utf-8", "iso-2022-jp", "shift_jis"]),
            st.sampled_from(["B", "Q"]),
        ),
        st.from_regex(rb"[!-<>-~]{1,30}", fullmatch=True).filter(lambda word: b"=?" not in word),
        JAPANESE.filter(str.strip).map(lambda text: text.strip().encode()),
    ),
    max_size=6,
)
SUBJECTS = st.builds(
    lambda blank, words, fold: b"Subject:" + blank + fold.join(words) + b"\r\n",
    st.sampled_from([b"", b" ", b"\t", b"\r\n ", b"  "]),
    _WORDS,
    st.sampled_from([b" ", b"\r\n ", b"\r\n\t"]),
)
