"""Bytes to text and back, for labels that are wrong, vague or missing.

Nothing here raises on any bytes. The text holds no NUL and no lone surrogate, so it may go into a
database or a page; the bytes themselves stay what the message is.
"""

from __future__ import annotations

import binascii
import codecs
import re
from dataclasses import dataclass

from mailsec.gateway import japanese

# What the labels of mail mean in practice: vendor supersets, as browsers read them too.
_LABELS = {
    "ascii": "us-ascii ascii ansi_x3.4-1968 646 7bit",
    "utf-8": "utf-8 utf8 unicode-1-1-utf-8 x-unicode-2-0-utf-8",
    "utf-7": "utf-7 unicode-1-1-utf-7 x-unicode-2-0-utf-7",
    "cp932": (
        "shift_jis shift-jis shiftjis sjis x-sjis s-jis windows-31j cp932 ms932 "
        "windows-932 ms_kanji csshiftjis x-ms-cp932 sjis-win cswindows31j x-mac-japanese"
    ),
    "iso-2022-jp": (
        "iso-2022-jp iso2022jp iso-2022-jp-ms iso-2022-jp-1 iso-2022-jp-2 iso-2022-jp-3 "
        "iso-2022-jp-2004 csiso2022jp cp50220 cp50221 cp50222 jis jis7 "
        "x-windows-iso2022jp iso_2022-jp iso-2022-jpm"
    ),
    "euc-jp": "euc-jp eucjp x-euc-jp x-euc euc-jp-ms eucjp-ms eucjp-win cp51932 ujis",
    "gb18030": "gb2312 gbk x-gbk gb_2312-80 cp936 csgb2312 gb18030",
    "cp949": "ks_c_5601 ks_c_5601-1987 euc-kr ksc5601 ks_c_5601-1989 korean windows-949",
    "cp950": "big5 x-x-big5 cn-big5",
    "windows-1252": "iso-8859-1 latin1 latin-1 iso_8859-1 windows-1252 cp1252",
    "iso-8859-8": "iso-8859-8-i",
}
_ALIASES = {label: code for code, labels in _LABELS.items() for label in labels.split()}
# Text codecs of Python that no mail means, or that are slow on hostile input.
_NOT_FOR_MAIL = frozenset(("idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined"))
_LABEL = re.compile(r"[a-z0-9][a-z0-9._:+-]{0,63}")
_JIS_ESCAPE = re.compile(rb"\x1b(?:\$[@B]|\$\([@BDOQ]|\(I)")
_SURROGATES = re.compile("[\ud800-\udfff]")
_UTF8_WIDE = re.compile(rb"[\xe1-\xef][\x80-\xbf]{2}")
_JAPANESE = re.compile("[ぁ-んァ-ヶー、。「」！？（）：]")
_IDEOGRAPH = re.compile("[一-龥々ａ-ｚＡ-Ｚ０-９]")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_WEAK = frozenset(("", "ascii", "windows-1252"))


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text, the character code it was really read as, and whether label and bytes disagreed."""

    text: str
    charset: str
    problem: bool


def canonical(label: str) -> str:
    """The code that a label means in practice; empty for unknown labels."""
    name = label.strip().strip("\"'").lower().partition("*")[0].replace(" ", "")
    if not name or name in _ALIASES:
        return _ALIASES.get(name, "")
    if not _LABEL.fullmatch(name):
        return ""
    try:
        found = codecs.lookup(name)
        "a".encode(found.name)  # refuses what is no code of text, such as rot13
    except (LookupError, ValueError):
        return ""
    return (
        ""
        if found.name.replace("-", "_") in _NOT_FOR_MAIL
        else _ALIASES.get(found.name, found.name)
    )


def clean(text: str) -> str:
    """Without NUL and lone surrogates."""
    if "\0" in text:
        text = text.replace("\0", "")
    return text if text.isascii() else _SURROGATES.sub("\ufffd", text)


def one_line(text: str) -> str:
    """Decoded text as data: without control characters, fit for a line of a header or a log."""
    return _CONTROLS.sub(" ", text).strip() if text else text


def decode(data: bytes, label: str) -> Decoded:
    """Decode by label where that is plausible, else by looking at the bytes."""
    code = canonical(label)
    if _JIS_ESCAPE.search(data) and not code.startswith(("utf-16", "utf-32", "iso2022_kr")):
        text = japanese.decode_iso_2022_jp(data)
        return Decoded(
            clean(text), "iso-2022-jp", code not in ("", "iso-2022-jp") or "\ufffd" in text
        )
    if data.isascii() and not code.startswith(("utf-7", "utf-16", "utf-32", "hz", "iso2022")):
        text = data.decode("ascii")
        return Decoded(clean(text), code or "ascii", bool(label and not code))
    text_by_label = None if code in _WEAK else _strict(data, code)
    if text_by_label is not None and not (
        code in ("cp932", "euc-jp", "gb18030", "cp949", "cp950") and _is_wide_utf8(data)
    ):
        return Decoded(clean(text_by_label), code, False)
    return _guess(data, code)


def _is_wide_utf8(data: bytes) -> bool:
    return bool(_UTF8_WIDE.search(data)) and _strict(data, "utf-8") is not None


def _is_damaged_utf8(data: bytes) -> bool:
    """Whether it is UTF-8 that was cut, or has a few bad bytes in much good text."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":
            return True
    text = data.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    return sum(character > "\x7f" for character in text[:20_000]) > 5 * bad


def _strict(data: bytes, code: str) -> str | None:
    """Decode without loss, or None."""
    if code == "iso-2022-jp":
        return japanese.decode_iso_2022_jp(data) if data.isascii() else None
    if code == "euc-jp":
        text, bad = japanese.decode_euc_jp(data)
        return None if bad else text
    try:
        text = data.decode("utf-8-sig" if code == "utf-8" else code)
    except (UnicodeError, ValueError):
        return None
    return text


def _guess(data: bytes, code: str) -> Decoded:
    """The likeliest reading of bytes whose label is missing or wrong."""
    mislabelled = code != ""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return Decoded(clean(data.decode("utf-16", "replace")), "utf-16", mislabelled)
    text = _strict(data, "utf-8")
    if text is not None:
        return Decoded(clean(text), "utf-8", code != "utf-8" and mislabelled)
    if code in ("", "utf-8") and _is_damaged_utf8(data):
        return Decoded(clean(data.decode("utf-8", "replace")), "utf-8", True)
    best, best_score = "", 0.0
    for candidate in ("euc-jp", "cp932"):
        text = _strict(data, candidate)
        score = _japanese_share(text) if text is not None else 0.0
        if text is not None and score > max(best_score, 0.3 if code in _WEAK else 0.2):
            best, best_score = candidate, score
    if best:
        return Decoded(clean(_strict(data, best) or ""), best, mislabelled)
    if code in _WEAK and code:
        return Decoded(clean(_windows_1252(data)), "windows-1252", code == "ascii")
    return Decoded(clean(_lossy(data, code)), code or "windows-1252", True)


def _japanese_share(text: str) -> float:
    """How Japanese the characters beyond ASCII look, 0 to 1; kana and punctuation count most."""
    foreign = [character for character in text[:20_000] if character > "\x7f"]
    sample = "".join(foreign)
    if not sample:
        return 0.0
    score = len(_JAPANESE.findall(sample)) + 0.5 * len(_IDEOGRAPH.findall(sample))
    return score / len(sample)


def _windows_1252(data: bytes) -> str:
    """As browsers read it: the five holes are the control characters of Latin-1."""
    try:
        return data.decode("windows-1252")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _lossy(data: bytes, code: str) -> str:
    if code == "euc-jp":
        return japanese.decode_euc_jp(data)[0]
    if code == "iso-2022-jp":
        return japanese.decode_iso_2022_jp(data)
    if not code:
        return _windows_1252(data)
    try:
        return data.decode(code, "replace")
    except (UnicodeError, ValueError):
        return _windows_1252(data)


def encode(text: str, charset: str) -> bytes | None:
    """The text in the code that the label means, or None where a character has no place in it."""
    code = canonical(charset)
    if not code:
        return None
    if code == "iso-2022-jp":
        return japanese.encode_iso_2022_jp(text)
    if code == "euc-jp":
        return japanese.encode_euc_jp(text)
    try:
        return (text.translate(japanese.MICROSOFT_VARIANTS) if code == "cp932" else text).encode(
            code
        )
    except (UnicodeError, ValueError):
        return None


_WORD_HEAD = re.compile(rb"=\?([!->@-~]{0,80})\?([BbQq])\?")
_FOLD = re.compile(rb"\r?\n(?=[ \t])")
_NOT_BASE64 = bytes(
    sorted(
        set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    )
)
_Q_ESCAPE = re.compile(rb"=([0-9A-Fa-f]{2})")


def decode_words(value: bytes) -> str:
    """A header value as one line of text: RFC 2047 words and raw 8-bit, however badly written."""
    value = _FOLD.sub(b"", value).rstrip(b"\r\n")
    if b"=?" not in value:
        return one_line(decode(value, "").text)
    pieces = _split_words(value)
    raw = b" ".join(data for label, data in pieces if label is None)
    raw_charset = "" if raw.isascii() else decode(raw, "").charset
    return one_line(
        "".join(
            decode(data, raw_charset if label is None else label).text for label, data in pieces
        )
    )


def _split_words(value: bytes) -> list[tuple[str | None, bytes]]:
    """Alternating raw bytes (label None) and the joined bytes of adjacent words of one charset.

    Writers cut multi-byte characters between words, so the bytes are joined before decoding.
    """
    pieces: list[tuple[str | None, bytearray]] = []
    position = 0
    while (head := _WORD_HEAD.search(value, position)) is not None:
        end = value.find(b"?=", head.end())
        following = _WORD_HEAD.search(value, head.end(), end if end >= 0 else len(value))
        # An unterminated word ends where the next one starts, or with the value.
        text_end = following.start() if following else end if end >= 0 else len(value)
        gap = value[position : head.start()]
        if gap and not (gap.isspace() and pieces and pieces[-1][0] is not None):
            pieces.append((None, bytearray(gap)))
        label = head[1].decode("ascii").partition("*")[0].lower()
        data = _word_bytes(head[2], value[head.end() : text_end])
        if pieces and pieces[-1][0] == label:
            pieces[-1][1].extend(data)
        else:
            pieces.append((label, bytearray(data)))
        position = text_end if following or end < 0 else text_end + 2
    if position < len(value):
        pieces.append((None, bytearray(value[position:])))
    return [(label, bytes(data)) for label, data in pieces]


def _word_bytes(encoding: bytes, text: bytes) -> bytes:
    if encoding in b"Bb":
        return decode_base64_text(text)
    return _Q_ESCAPE.sub(lambda match: bytes((int(match[1], 16),)), text.replace(b"_", b" "))


def decode_base64_text(text: bytes) -> bytes:
    """Base64 without its garbage, up to the padding; an incomplete last group is dropped."""
    body = text.partition(b"=")[0].translate(None, _NOT_BASE64)
    if len(body) % 4 == 1:
        body = body[:-1]
    return binascii.a2b_base64(body + b"=" * (-len(body) % 4))
