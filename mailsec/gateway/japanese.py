"""Japanese character codes as mail really uses them, with the vendor rows of NEC and IBM.

The codecs of the standard library refuse ①, ㈱ or 髙 in ISO-2022-JP and EUC-JP. All of these codes
number the same 94 by 94 grid, so one table, filled through CP932, serves them all.
"""

from __future__ import annotations

import re
from functools import cache

_ESCAPES = re.compile(rb"\x1b(\$\([A-Z@]|\$[@AB]|\([A-Z]|&@|\.[AF]|N.)|([\x0e\x0f])")
_EUC_RUN = re.compile(
    rb"((?:[\xa1-\xfe][\xa1-\xfe])+)|\x8e([\xa1-\xdf])|\x8f([\xa1-\xfe]{2})|([\x80-\xff])"
)
_HALF_WIDTH = range(0xFF61, 0xFFA0)
_TO_HIGH = bytes(byte | 0x80 for byte in range(256))

# Python's CP932 writes the Microsoft variants of these; both spellings mean one JIS character.
MICROSOFT_VARIANTS = str.maketrans("〜‖−¢£¬—", "～∥－￠￡￢―")


@cache
def _grid() -> tuple[str, ...]:
    """The character of each of the 94 by 94 places, empty where none is."""
    cells = []
    for row in range(94):
        lead = row // 2 + (0x81 if row < 62 else 0xC1)
        for column in range(94):
            trail = column + 0x9F if row % 2 else column + 0x40 + (column >= 63)
            cells.append(bytes((lead, trail)).decode("cp932", "ignore"))
    return tuple(cells)


@cache
def _places() -> dict[str, bytes]:
    """The place of each character as two 7-bit bytes; of twins the lower row, as Windows writes."""
    places: dict[str, bytes] = {}
    for index, character in enumerate(_grid()):
        if character:
            places.setdefault(character, bytes((0x21 + index // 94, 0x21 + index % 94)))
    return places


def _pairs(data: bytes) -> str:
    """Two bytes a character, 7-bit; anything else is shown as it stands or as U+FFFD."""
    grid = _grid()
    text = []
    position, size = 0, len(data)
    while position < size:
        row = data[position] - 0x21
        if not 0 <= row < 94:
            text.append(chr(data[position]) if data[position] < 0x80 else "\ufffd")
            position += 1
            continue
        column = data[position + 1] - 0x21 if position + 1 < size else -1
        text.append((grid[row * 94 + column] or "\ufffd") if 0 <= column < 94 else "\ufffd")
        position += 2 if 0 <= column < 94 else 1
    return "".join(text)


def _half_width(data: bytes) -> str:
    return "".join(
        chr(0xFF61 + byte - 0x21)
        if 0x21 <= byte <= 0x5F
        else chr(byte)
        if byte < 0x80
        else "\ufffd"
        for byte in data
    )


def _by_codec(data: bytes, codec: str, prefix: bytes = b"") -> str:
    """Sets that mail seldom uses, through the EUC form that the standard library knows."""
    high = data.translate(_TO_HIGH)
    if not prefix:
        return high.decode(codec, "replace")
    return b"".join(prefix + high[i : i + 2] for i in range(0, len(high), 2)).decode(
        codec, "replace"
    )


def _segment(data: bytes, designation: bytes) -> str:
    if designation in (b"$@", b"$B", b"$(@", b"$(B"):
        return _pairs(data)
    if designation == b"(I":
        return _half_width(data)
    if designation == b"$(D":
        return _by_codec(data, "euc_jp", b"\x8f")
    if designation in (b"$(O", b"$(Q"):
        return _by_codec(data, "euc_jis_2004")
    if designation in (b"$A", b"$(A"):
        return _by_codec(data, "gb2312")
    if designation == b"$(C":
        return _by_codec(data, "euc_kr")
    # Half-width kana are often sent as 8-bit bytes without any escape.
    return data.decode("ascii") if data.isascii() else data.decode("cp932", "replace")


def decode_iso_2022_jp(data: bytes) -> str:
    """Decode ISO-2022-JP with all its dialects; a line end returns to ASCII (RFC 1468)."""
    text = []
    designation = b""
    for line in data.splitlines(keepends=True) if b"\x1b" in data or b"\x0e" in data else [data]:
        position = 0
        for escape in _ESCAPES.finditer(line):
            text.append(_segment(line[position : escape.start()], designation))
            position = escape.end()
            if escape[2]:
                designation = b"(I" if escape[2] == b"\x0e" else b""
            elif escape[1][:1] in (b"$", b"("):
                designation = escape[1]
        tail = line[position:]
        body = tail.rstrip(b"\r\n")
        text.append(_segment(body, designation) + tail[len(body) :].decode("ascii"))
        if len(body) != len(tail):
            designation = b""
    return "".join(text)


def encode_iso_2022_jp(text: str) -> bytes | None:
    """Encode as Windows does (CP50221), or None where a character has no place."""
    places = _places()
    out = bytearray()
    state = b"(B"
    for character in text.translate(MICROSOFT_VARIANTS):
        if character < "\x80":
            wanted, code = b"(B", character.encode("ascii")
        elif ord(character) in _HALF_WIDTH:
            wanted, code = b"(I", bytes((ord(character) - 0xFF61 + 0x21,))
        elif character in places:
            wanted, code = b"$B", places[character]
        else:
            return None
        if wanted != state:
            out += b"\x1b" + wanted
            state = wanted
        out += code
    return bytes(out) if state == b"(B" else bytes(out) + b"\x1b(B"


def decode_euc_jp(data: bytes) -> tuple[str, bool]:
    """Decode EUC-JP with vendor rows, and tell whether anything did not fit."""
    bad = False

    def replace(match: re.Match[bytes]) -> bytes:
        nonlocal bad
        if match[1]:
            text = _pairs(bytes(byte & 0x7F for byte in match[1]))
        elif match[2]:
            text = chr(0xFF61 + match[2][0] - 0xA1)
        elif match[3]:
            text = (b"\x8f" + match[3]).decode("euc_jp", "replace")
        else:
            text = "\ufffd"
        bad = bad or "\ufffd" in text
        return text.encode("utf-8")

    return _EUC_RUN.sub(replace, data).decode("utf-8"), bad


def encode_euc_jp(text: str) -> bytes | None:
    """Encode as EUC-JP with vendor rows, or None where a character has no place."""
    places = _places()
    out = bytearray()
    for character in text.translate(MICROSOFT_VARIANTS):
        if character < "\x80":
            out += character.encode("ascii")
        elif ord(character) in _HALF_WIDTH:
            out += bytes((0x8E, ord(character) - 0xFF61 + 0xA1))
        elif character in places:
            out += places[character].translate(_TO_HIGH)
        else:
            return None
    return bytes(out)
