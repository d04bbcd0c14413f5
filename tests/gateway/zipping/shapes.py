"""How mail programs write mails with files: the shapes of each, in the project's own words."""

from __future__ import annotations

import base64
from pathlib import Path

_CASES = Path(__file__).parents[1] / "eml" / "cases"
PDF = b"%PDF-1.4\n%our own\n"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
SHEET = b"PK\x03\x04 not really a sheet"
HEAD = (
    b"From: Sender <sender@example.jp>\r\nTo: recipient@example.com\r\nSubject: files\r\n"
    b"Message-ID: <shape@example.jp>\r\nMIME-Version: 1.0\r\n"
)


def case(name: str) -> bytes:
    """A mail of the collected bug reports."""
    return (_CASES / name).read_bytes()


def entity(fields: str, content: bytes) -> bytes:
    """A part in base64 with its fields."""
    coded = base64.encodebytes(content).replace(b"\n", b"\r\n")
    return fields.encode() + b"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + coded


def text(words: str, kind: str = "plain") -> bytes:
    """A part of the letter."""
    return f"Content-Type: text/{kind}; charset=utf-8\r\n\r\n{words}\r\n".encode()


def multipart(kind: str, boundary: str, *parts: bytes) -> bytes:
    """Fields and body of a multipart."""
    line = b"--" + boundary.encode()
    body = b"".join(line + b"\r\n" + part + b"\r\n" for part in parts)
    field = f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n'
    return field.encode() + body + line + b"--\r\n"


_HTML = '<html><body>hello <img src="cid:logo@example.jp"> bye</body></html>'
_LOGO = entity(
    "Content-Type: image/png; name=logo.png\r\nContent-ID: <logo@example.jp>\r\n"
    "Content-Disposition: inline; filename=logo.png",
    PNG,
)
_FILE = entity(
    "Content-Type: application/pdf; name=report.pdf\r\n"
    "Content-Disposition: attachment; filename=report.pdf",
    PDF,
)

# Each shape with the names that belong into the archive.
SHAPES: dict[str, tuple[bytes, list[str]]] = {
    "Thunderbird: text and files": (
        HEAD + multipart("mixed", "t1", text("hello"), _FILE),
        ["report.pdf"],
    ),
    "Outlook: mixed, related, alternative": (
        HEAD
        + multipart(
            "mixed",
            "o1",
            multipart(
                "related",
                "o2",
                multipart("alternative", "o3", text("hello"), text(_HTML, "html")),
                _LOGO,
            ),
            _FILE,
        ),
        ["report.pdf"],
    ),
    "Gmail: alternative beside a file with an attachment id": (
        HEAD
        + multipart(
            "mixed",
            "g1",
            multipart("alternative", "g2", text("hello"), text("<p>hello</p>", "html")),
            entity(
                'Content-Type: application/pdf; name="report.pdf"\r\n'
                'Content-Disposition: attachment; filename="report.pdf"\r\n'
                "X-Attachment-Id: f_1\r\nContent-ID: <f_1>",
                PDF,
            ),
        ),
        ["report.pdf"],
    ),
    "Apple Mail: files between pieces of HTML inside of an alternative": (
        HEAD
        + multipart(
            "alternative",
            "a1",
            text("hello\r\n\r\nbye"),
            multipart(
                "mixed",
                "a2",
                text("<html><body>hello", "html"),
                entity(
                    "Content-Type: application/pdf; name=report.pdf\r\n"
                    "Content-Disposition: inline; filename=report.pdf",
                    PDF,
                ),
                text("<html><body>bye</body></html>", "html"),
            ),
        ),
        ["report.pdf"],
    ),
    "Apple Mail: the file in the same related part as the shown picture": (
        HEAD + multipart("related", "a3", text(_HTML, "html"), _LOGO, _FILE),
        ["report.pdf"],
    ),
    "a telephone: a picture and nothing else": (
        HEAD
        + entity(
            "Content-Type: image/jpeg; name=IMG_0001.jpeg\r\n"
            "Content-Disposition: inline; filename=IMG_0001.jpeg",
            b"\xff\xd8\xff\xe0 picture",
        ),
        ["IMG_0001.jpeg"],
    ),
    "Outlook on the web: a name in RFC 2231 pieces": (
        HEAD
        + multipart(
            "mixed",
            "w1",
            text("hello"),
            entity(
                "Content-Type: application/octet-stream\r\nContent-Disposition: attachment;\r\n"
                " filename*0*=UTF-8''%E8%A6%8B%E7%A9%8D;\r\n filename*1*=%E6%9B%B8.xlsx",
                SHEET,
            ),
        ),
        ["見積書.xlsx"],
    ),
    "a file without a name": (
        HEAD + multipart("mixed", "n1", text("hello"), entity("Content-Type: image/png", PNG)),
        ["attachment.png"],
    ),
    "a forwarded mail": (
        HEAD
        + multipart(
            "mixed",
            "f1",
            text("see below"),
            b"Content-Type: message/rfc822\r\n\r\n" + HEAD + text("inner"),
        ),
        ["files.eml"],
    ),
    "no end of the multipart": (
        (HEAD + multipart("mixed", "u1", text("hello"), _FILE)).removesuffix(b"\r\n--u1--\r\n"),
        ["report.pdf"],
    ),
    "line ends without CR": (
        (HEAD + multipart("mixed", "l1", text("hello"), _FILE)).replace(b"\r\n", b"\n"),
        ["report.pdf"],
    ),
}
