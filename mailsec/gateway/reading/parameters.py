"""Structured MIME header values, read as leniently as mail programs read them.

A reader that is stricter than the reader's mail program would overlook what that program shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from mailsec.gateway import charset
from mailsec.gateway.reading.headers import Header

_TYPE = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z{}-]+)\s*/\s*([!#$%&'*+.^_`|~0-9A-Za-z{}-]+)")
_TOKEN = re.compile(r"[!-:<-~]+")
_COMMENT = re.compile(r"\([^()]*\)")
_SEPARATORS = re.compile(r"[\s;,]*")
_NAME = re.compile(r"([!-'*-:<>-~]{1,100}?)[ \t]*=[ \t]*")
# Writers that put the header through quoted-printable leave 3D before the quotation mark.
_QUOTED = re.compile(r'(?:3[Dd])?"((?:[^"\\]|\\.)*)(?:"|\\?\Z)', re.DOTALL)
# Another parameter inside an unquoted value: the semicolon before it is missing.
_ANOTHER = re.compile(r"\s[A-Za-z-]{2,30}(?:\*\d{0,4})?\*?=[^=?\s]")
_BREAK = re.compile(r"[;\s]")
_SECTION = re.compile(r"(.+?)\*(\d{1,4})(\*?)")
_FOLD = re.compile(rb"\r?\n(?=[ \t])")


@dataclass(frozen=True, slots=True)
class Structured:
    """A main value in lower case, and every parameter with all values that claim its name."""

    main: str
    parameters: dict[str, tuple[str, ...]]

    def get(self, name: str) -> str:
        """The first value of a parameter, empty where there is none."""
        return self.parameters.get(name, ("",))[0]


def text_of(header: Header, exact: bool = False) -> str:
    """The value unfolded as text; ``exact`` maps each byte to one character (for boundaries)."""
    value = header.value_raw
    if b"\n" in value:
        value = _FOLD.sub(b"", value)
    if exact or (value.isascii() and b"\x1b" not in value):
        return value.decode("latin-1")
    return charset.decode(value, "").text


def read_type(text: str) -> Structured:
    """A Content-Type value; ``main`` is empty where it is not type/subtype."""
    match = _TYPE.search(text, 0, 300)
    before = text[: match.start()] if match else ""
    if match is None or ";" in before or "=" in before:
        found = _TOKEN.match(text.strip())
        rest = text.partition(";")[2] if found and "=" not in found[0] else text
        bare = found[0].lower() if found else ""
        return Structured(f"{bare}/plain" if bare == "text" else "", _parameters(rest))
    main = f"{match[1]}/{match[2]}".lower()
    return Structured(main, _parameters(text[match.end() :]))


def read_disposition(text: str) -> Structured:
    """A Content-Disposition value; a value that starts with a parameter has an empty ``main``."""
    head, semicolon, rest = text.partition(";")
    word = _COMMENT.sub(" ", head).strip().lower()
    match = re.match(r"[a-z-]+(?=\s|\Z)", word)
    if match is None:
        return Structured("", _parameters(text))
    return Structured(
        match[0],
        _parameters(head[head.lower().find(match[0]) + len(match[0]) :] + semicolon + rest),
    )


def read_token(text: str) -> str:
    """A single word such as a transfer encoding, without comments, quotes and stray marks."""
    found = _TOKEN.search(_COMMENT.sub(" ", text).replace('"', " ").replace(",", " "))
    return found[0].lower() if found else ""


def _parameters(text: str) -> dict[str, tuple[str, ...]]:
    plain: dict[str, list[str]] = {}
    extended: dict[str, dict[int, tuple[str, bool]]] = {}
    for name, value in _pairs(text):
        section = _SECTION.fullmatch(name)
        if section:
            pieces = extended.setdefault(section[1], {})
            pieces.setdefault(int(section[2]), (value, bool(section[3])))
        elif name.endswith("*"):
            extended.setdefault(name[:-1], {}).setdefault(-1, (value, True))
        else:
            plain.setdefault(name, []).append(value)
    joined = {name: [_join(pieces)] for name, pieces in extended.items()}
    # The RFC 2231 form comes first, as RFC 6266 has it and mail programs do.
    return {
        name: tuple(dict.fromkeys(joined.get(name, []) + plain.get(name, [])))
        for name in dict.fromkeys((*plain, *joined))
    }


def _pairs(text: str) -> Iterable[tuple[str, str]]:
    position, size = 0, len(text)
    while position < size:
        position = _SEPARATORS.match(text, position).end()  # type: ignore[union-attr]
        match = _NAME.match(text, position)
        if match is None:
            position = _next_start(text, position)
            continue
        name = match[1].lower()
        quoted = _QUOTED.match(text, match.end())
        if quoted:
            yield name, re.sub(r'\\(["\\])', r"\1", quoted[1])
            position = quoted.end()
            continue
        semicolon = text.find(";", match.end())
        end = semicolon if semicolon >= 0 else size
        another = _ANOTHER.search(text, match.end(), end)
        end = another.start() if another else end
        value = text[match.end() : end].strip().strip('"')
        yield name, _first_word(value) if name in ("boundary", "charset") else value
        position = max(end, match.end())


def _next_start(text: str, position: int) -> int:
    """Behind the next semicolon or blank: where another parameter may start."""
    found = _BREAK.search(text, position + 1)
    return found.end() if found else len(text)


def _first_word(value: str) -> str:
    return re.split(r"[\s(]", value, maxsplit=1)[0] if value else value


def _join(pieces: dict[int, tuple[str, bool]]) -> str:
    """The value of RFC 2231 sections: percent-encoded ones are joined as bytes before decoding."""
    label = ""
    text: list[str] = []
    pending = bytearray()
    for number in sorted(pieces):
        value, encoded = pieces[number]
        if not encoded:
            text.append(charset.decode(bytes(pending), label).text)
            pending.clear()
            text.append(value)
            continue
        if not text and not pending and value.count("'") >= 2:
            label, _, value = value.split("'", 2)
        pending += unquote_to_bytes(value)
    text.append(charset.decode(bytes(pending), label).text)
    return "".join(text)


def file_name(value: str) -> str:
    """A file name as it is shown: RFC 2047 words inside are decoded too, as mail programs do."""
    if "=?" in value:
        value = charset.decode_words(value.encode("utf-8", "replace"))
    return charset.one_line(charset.clean(value))
