"""Content-Transfer-Encoding (RFC 2045 section 6): lenient in, strict out."""

from __future__ import annotations

import binascii
import io
import re

from mailsec.gateway.charset import decode_base64_text

_ALIASES = {
    "": "7bit",
    "base-64": "base64",
    "base_64": "base64",
    "b": "base64",
    "quotedprintable": "quoted-printable",
    "quoted_printable": "quoted-printable",
    "qp": "quoted-printable",
    "q": "quoted-printable",
    "uuencode": "x-uuencode",
    "x-uue": "x-uuencode",
    "uue": "x-uuencode",
    "7-bit": "7bit",
    "8-bit": "8bit",
}
IDENTITY = frozenset(("7bit", "8bit", "binary"))
_CODED = frozenset(("base64", "quoted-printable", "x-uuencode"))
_LINE_BYTES, _BLOCK_BYTES = 57, 57 * 4096  # of content, that base64 makes 76 columns of
_SOFT_BREAK = re.compile(rb"=[ \t]+(?=\r?\n|\Z)")
_UU_BEGIN = re.compile(rb"^begin[ \t]+[0-7]{1,6}[ \t]+[^\r\n]*\r?\n", re.MULTILINE)
_LINE_LIMIT = 998  # RFC 5322 section 2.1.1


def name(token: str) -> str:
    """The encoding that a written name means; unknown ones as they are."""
    token = token.rstrip(";:.")
    return _ALIASES.get(token, token)


def is_coded(encoding: str) -> bool:
    """Whether ``decode`` makes other bytes of a body under this name."""
    return encoding in _CODED


def decode(body: bytes, encoding: str) -> bytes:
    """Undo a transfer encoding. Never raises; what is no code is skipped or kept as it stands."""
    if encoding == "base64":
        return _decode_base64(body)
    if encoding == "quoted-printable":
        return binascii.a2b_qp(_SOFT_BREAK.sub(b"=", body) if b"=" in body else body)
    if encoding == "x-uuencode":
        return decode_uu(body)
    return body


def _decode_base64(body: bytes) -> bytes:
    """Up to the padding, as mail programs do; the tolerant way only where the fast one fails."""
    try:
        return binascii.a2b_base64(body)
    except binascii.Error:
        return decode_base64_text(body)


def has_text_behind_padding(body: bytes) -> bool:
    """Whether base64 goes on behind its end, where mail programs differ."""
    padding = body.find(b"=")
    return padding >= 0 and bool(body[padding : padding + 100_000].strip(b"= \t\r\n"))


def decode_uu(body: bytes) -> bytes:
    """The first uuencoded file of a body; empty where there is none."""
    begin = _UU_BEGIN.search(body)
    if begin is None:
        return b""
    out = []
    for line in body[begin.end() :].splitlines():
        if line.strip() == b"end":
            break
        out.append(_decode_uu_line(line))
    return b"".join(out)


def _decode_uu_line(line: bytes) -> bytes:
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        # Some writers pad wrongly: believe the length at the head of the line.
        if not 0x20 <= line[0] <= 0x60:
            return b""
        needed = (((line[0] - 32) & 63) * 4 + 2) // 3
        body = bytes(byte if 0x20 <= byte <= 0x60 else 0x20 for byte in line[1 : 1 + needed])
        return binascii.a2b_uu(line[:1] + body)


def encode(content: bytes, encoding: str, line_end: bytes, *, text: bool = True) -> bytes:
    """Apply a transfer encoding, with the line ends of the message around."""
    if encoding == "base64":
        return _base64(content, line_end)
    if encoding == "quoted-printable":
        coded = binascii.b2a_qp(content.replace(b"\r\n", b"\n"), istext=text)
        return coded.replace(b"\r\n", b"\n").replace(b"\n", line_end)
    return content


def _base64(content: bytes, line_end: bytes) -> bytes:
    """In blocks: all lines of a large file at once would take four times its size."""
    out = io.BytesIO()
    for at in range(0, len(content), _BLOCK_BYTES):
        block = memoryview(content)[at : at + _BLOCK_BYTES]
        lines = [
            binascii.b2a_base64(block[i : i + _LINE_BYTES], newline=False)
            for i in range(0, len(block), _LINE_BYTES)
        ]
        out.write(line_end.join([*lines, b""]))
    return out.getvalue() or line_end


def fits(content: bytes, encoding: str) -> bool:
    """Whether bytes may travel under that name (RFC 2045 section 2.7 to 2.9)."""
    if encoding in ("base64", "quoted-printable"):
        return True
    if encoding == "7bit" and not content.isascii():
        return False
    if encoding not in IDENTITY or b"\0" in content:
        return False
    return encoding == "binary" or max(map(len, content.split(b"\n"))) <= _LINE_LIMIT + 1
