"""Address lists of header fields (RFC 5322 section 3.4), read tolerantly."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mailsec.gateway import charset
from mailsec.gateway.reading.headers import Header

_FOLD = re.compile(rb"\r?\n(?=[ \t])")
_PLAIN = re.compile(r'(?:[^"<(),;:=]|=(?!\?))+')
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_WORD = re.compile(r"=\?[!->@-~]{1,80}\?[BbQq]\?[^?\r\n]{0,1000}\?=")
# How many pieces before a comma may hold the address that it ends.
_NEAR = 50
_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Address:
    """A display name, decoded, and the address as written; either may be empty."""

    name: str
    address: str


def read(fields: Iterable[Header]) -> tuple[Address, ...]:
    """The addresses of all given fields in order. Never raises."""
    return tuple(address for header in fields for address in _read_value(header.value_raw))


def _read_value(value: bytes) -> Iterator[Address]:
    value = _FOLD.sub(b"", value)
    text = (
        value.decode("ascii")
        if value.isascii() and b"\x1b" not in value
        else charset.decode(value, "").text
    )
    name: list[str] = []
    comment: list[str] = []
    for kind, piece in _tokens(text):
        if kind == "angle":
            yield Address(_shown("".join(name)) or _shown("".join(comment)), _address(piece))
            name, comment = [], []
        elif kind == "comment":
            comment.append(piece)
        elif kind == "end":
            if piece == "," and not any("@" in word for word in name[-_NEAR:]):
                # An unquoted comma in a display name: "Family, Given <address>".
                name.append(", ")
                continue
            bare = "".join(name)
            if "@" in bare and piece != ":":
                yield _without_brackets(bare, comment)
            name, comment = [], []
        else:
            name.append(piece)
    rest = "".join(name)
    if "@" in rest:
        yield _without_brackets(rest, comment)
    elif rest.strip(", "):
        yield Address(_shown(rest), "")


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    """(kind, text): ``text``, ``angle``, ``comment`` or ``end`` (of one address)."""
    position, size = 0, len(text)
    quotes = angles = brackets = True
    while position < size:
        character = text[position]
        # An encoded word is one piece, whatever marks its writer left in it.
        plain = _PLAIN.match(text, position) or _WORD.match(text, position)
        if plain:
            yield "text", plain[0]
            position = plain.end()
            continue
        quoted = _QUOTED.match(text, position) if character == '"' and quotes else None
        closing = text.find(">", position) if character == "<" and angles else -1
        if quoted:
            yield "text", re.sub(r"\\(.)", r"\1", quoted[1])
            position = quoted.end()
        elif closing >= 0:
            yield "angle", text[position + 1 : closing]
            position = closing + 1
        elif character == "(" and brackets and (end := _comment_end(text, position)):
            yield "comment", text[position + 1 : end - 1]
            position = end
        elif character in ",;:":
            yield "end", character
            position += 1
        else:
            # What is never closed is an ordinary character, and is not looked for again.
            quotes = quotes and character != '"'
            angles = angles and character != "<"
            brackets = brackets and character != "("
            yield "text", "" if character in '"<' else character
            position += 1


def _comment_end(text: str, position: int) -> int:
    """Behind the bracket that closes a comment with its nested ones; 0 where none does."""
    depth = 0
    for match in re.finditer(r"\\.|[()]", text[position : position + 2000]):
        depth += {"(": 1, ")": -1}.get(match[0], 0)
        if not depth:
            return position + match.end()
    return 0


def _without_brackets(text: str, comment: list[str]) -> Address:
    """An address alone; some writers put name, brackets and all into one encoded word."""
    if "=?" in text:
        shown = _shown(text)
        name, opening, rest = shown.rpartition("<")
        if opening:
            return Address(name.strip(), _address(rest.partition(">")[0]))
        text = shown
    return Address(_shown("".join(comment)), _address(text))


def _shown(text: str) -> str:
    text = text.strip(", \t")
    if "=?" in text:
        text = charset.decode_words(text.encode("utf-8", "replace"))
    return _BLANKS.sub(" ", charset.one_line(charset.clean(text)))


def _address(text: str) -> str:
    """Without blanks, control characters and a source route (RFC 5322 section 4.4)."""
    text = _BLANKS.sub("", charset.one_line(charset.clean(text))).strip(",")
    return text.rpartition(":")[2] if text.startswith("@") else text
