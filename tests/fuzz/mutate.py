"""Broken mail made of good mail: every mutation comes from the generator it is handed."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable, Sequence

LONGEST = 400_000

# Pieces that parsers, decoders and filters treat as something special.
TOKENS: tuple[bytes, ...] = (
    b"\r\n", b"\n", b"\r", b"\0", b"\r\n\r\n", b"--", b"\r\n.\r\n", b"\t", b" ",
    b"Content-Type: multipart/mixed; boundary=\"b\"\r\n", b"\r\n--b\r\n", b"\r\n--b--\r\n",
    b"Content-Type: text/html; charset=iso-2022-jp\r\n", b"Content-Type: message/rfc822\r\n\r\n",
    b"Content-Type: text/plain; charset=\"utf-7\"\r\n", b"Content-Type: application/pkcs7-mime\r\n",
    b"Content-Type: multipart/signed; protocol=x; boundary=b\r\n",
    b"Content-Transfer-Encoding: base64\r\n", b"Content-Transfer-Encoding: quoted-printable\r\n",
    b"Content-Transfer-Encoding: x-uuencode\r\n", b"begin 644 a.exe\r\n#0V%T\r\n`\r\nend\r\n",
    b"Content-Disposition: attachment; filename*0*=utf-8''%E3%81%82; filename*1=.exe\r\n",
    b"Content-Disposition: attachment; filename=\"a\xe2\x80\xaeexe.txt\"\r\n",
    b"=?utf-8?b?44GC?=", b"=?iso-2022-jp?b?GyRCJCIbKEI=?=", b"=?x?q?=00=0d=0a?=", b"=?utf-8?",
    b"\x1b$B", b"\x1b(B", b"\x1b$)C", b"\x0e", b"\x0f", b"\xff\xfe", b"\xed\xa0\x80", b"\x80\x81",
    b"From: \"a@example.com\" <b@example.net>\r\n", b"From: ,;:<>()@\r\n", b"Subject: \xff\r\n",
    b"Reply-To: <a@example.net>\r\n", b"To: undisclosed-recipients:;\r\n",
    b"DKIM-Signature: v=1\r\n",
    b"Authentication-Results: gateway.example.org; dkim=pass\r\n", b"ARC-Seal: i=1; cv=none\r\n",
    b"<a href=\"http://example.com/\">http://example.net/</a>", b"<body style=display:none>",
    b"<!--",
    b"<a href='javascript:0'>", b"&#x110000;", b"&#0;", b"<" * 50, b"(" * 50, b"[" * 50,
    b"<div>" * 50, b"http://xn--/", b"https://[::1", b"http://user@0x7f.1/", b"=\r\n", b"=3D=ZZ",
    b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"Rar!\x1a\x07\x01\0", b"7z\xbc\xaf\x27\x1c",
    b"MSCF", b"\x1f\x8b\x08", b"BZh9", b"\xfd7zXZ\0", b"ustar", b"\x78\x9f\x3e\x22", b"MZ",
    b"%PDF-",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"{\\rtf1", b"\xff" * 64, b"A" * 2000,
)  # fmt: skip

Mutation = Callable[[bytes, random.Random, Sequence[bytes]], bytes]


def _span(data: bytes, chance: random.Random, most: int = 2000) -> tuple[int, int]:
    start = chance.randrange(len(data) + 1)
    return start, min(len(data), start + chance.randrange(1, most))


def _flip(data: bytes, chance: random.Random, others: Sequence[bytes]) -> bytes:
    out = bytearray(data)
    for _ in range(chance.randrange(1, 20)):
        if out:
            out[chance.randrange(len(out))] = chance.randrange(256)
    return bytes(out)


def _insert(data: bytes, chance: random.Random, others: Sequence[bytes]) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.choice(TOKENS) * chance.choice((1, 1, 1, 2, 30)) + data[at:]


def _in_header(data: bytes, chance: random.Random, others: Sequence[bytes]) -> bytes:
    end = data.find(b"\n\r\n") + 1
    at = data.rfind(b"\n", 0, chance.randrange(end + 1)) + 1
    return data[:at] + chance.choice(TOKENS) + data[at:]


def _delete(data: bytes, chance: random.Random, others: Sequence[bytes]) -> bytes:
    start, stop = _span(data, chance)
    return data[:start] + data[stop:]


def _repeat(data: bytes, chance: random.Random, others: Sequence[bytes]) -> bytes:
    start, stop = _span(data, chance)
    return data[:stop] + data[start:stop] * chance.choice((1, 2, 20)) + data[stop:]


def _cut(data: bytes, chance: random.Random, others: Sequence[bytes]) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _splice(data: bytes, chance: random.Random, others: Sequence[bytes]) -> bytes:
    other = chance.choice(others)
    start, stop = _span(other, chance, 20_000)
    at = chance.randrange(len(data) + 1)
    return data[:at] + other[start:stop] + data[at:]


def _line_ends(data: bytes, chance: random.Random, others: Sequence[bytes]) -> bytes:
    plain = data.replace(b"\r\n", b"\n")
    return plain.replace(b"\n", chance.choice((b"\n", b"\r", b"\r\n", b"\r\r\n")))


def _digits(data: bytes, chance: random.Random, others: Sequence[bytes]) -> bytes:
    places = [at for at, value in enumerate(data[:20_000]) if 48 <= value <= 57]
    if not places:
        return data
    at = chance.choice(places)
    return data[:at] + chance.choice((b"0", b"-1", b"99999999999999999999", b"x")) + data[at + 1 :]


def _wrap(data: bytes, chance: random.Random, others: Sequence[bytes]) -> bytes:
    body = base64.encodebytes(data[:100_000]) if chance.random() < 0.5 else data
    coding = b"base64" if body is not data else b"8bit"
    return (
        b"From: a@example.net\r\nSubject: =?utf-8?q?x?=\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: " + coding + b"\r\n\r\n" + body
    )


MUTATIONS: tuple[Mutation, ...] = (
    _flip, _insert, _insert, _in_header, _in_header, _delete, _repeat, _cut, _splice, _line_ends,
    _digits, _wrap,
)  # fmt: skip


def mutated(seeds: Sequence[bytes], number: int, run: int) -> bytes:
    """Input ``number`` of fuzz run ``run``: the same every time."""
    chance = random.Random(run * 1_000_003 + number)
    data = chance.choice(seeds)
    for _ in range(chance.choice((1, 1, 2, 3, 5))):
        data = chance.choice(MUTATIONS)(data, chance, seeds)[:LONGEST]
    return data
