"""Tag lists (RFC 6376 section 3.2), which signatures and key records are written in."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping

from mailsec.gateway.authentication import Result
from mailsec.gateway.errors import BadSignature

_MOST_BYTES = 64 * 1024
_NAME = re.compile(rb"[A-Za-z][A-Za-z0-9_]{0,30}")
_BLANKS = b" \t\r\n"
_NUMBER = re.compile(r"[0-9]{1,12}")
# Names as they may stand in the domain name system; anything else is not asked for.
_DOMAIN = re.compile(r"(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)*[A-Za-z0-9_-]{1,63}")


def read(value: bytes) -> Mapping[str, str]:
    """The tags by name, without the white space around names and values.

    ``BadSignature`` where the list does not keep to its syntax or has a tag twice.
    """
    if len(value) > _MOST_BYTES:
        raise BadSignature(Result.PERMERROR, "too long")
    tags: dict[str, str] = {}
    pieces = value.split(b";")
    if not pieces[-1].strip(_BLANKS):
        pieces.pop()
    for piece in pieces:
        name, equals, text = piece.partition(b"=")
        name = name.strip(_BLANKS)
        key = name.decode("ascii", "replace")
        if not equals or not _NAME.fullmatch(name) or key in tags:
            raise BadSignature(Result.PERMERROR, "malformed")
        tags[key] = text.strip(_BLANKS).decode("utf-8", "replace")
    return tags


def without_signature(field: bytes) -> bytes:
    """The field as it is signed: its ``b=`` empty, without its last line end (section 3.7)."""
    name, _, value = field.partition(b":")
    pieces = [
        piece.partition(b"=")[0] + b"=" if _is_signature(piece) else piece
        for piece in value.split(b";")
    ]
    return (name + b":" + b";".join(pieces)).removesuffix(b"\r\n")


def _is_signature(piece: bytes) -> bool:
    return piece.partition(b"=")[0].strip(_BLANKS) == b"b"


def unfolded(text: str) -> str:
    """The text without any white space."""
    return "".join(text.split())


def octets(tags: Mapping[str, str], name: str) -> bytes:
    """A base64 value, white space in it ignored."""
    try:
        return base64.b64decode(unfolded(required(tags, name)), validate=True)
    except (binascii.Error, ValueError):
        raise BadSignature(Result.PERMERROR, f"{name}= is no base64") from None


def required(tags: Mapping[str, str], name: str) -> str:
    """A tag that must be there and not empty."""
    value = tags.get(name, "")
    if not value:
        raise BadSignature(Result.PERMERROR, f"{name}= is missing")
    return value


def number(tags: Mapping[str, str], name: str) -> int | None:
    """A whole number, None where the tag is not there."""
    if name not in tags:
        return None
    if not _NUMBER.fullmatch(tags[name]):
        raise BadSignature(Result.PERMERROR, f"{name}= is no number")
    return int(tags[name])


def host(tags: Mapping[str, str], name: str) -> str:
    """A domain name or selector in lower case and A-labels (RFC 8616 section 4)."""
    text = required(tags, name)
    if not text.isascii():
        try:
            text = text.encode("idna").decode("ascii")
        except UnicodeError:
            text = ""
    if len(text) > 253 or not _DOMAIN.fullmatch(text):
        raise BadSignature(Result.PERMERROR, f"{name}= is no name")
    return text.lower()
