"""MIME parts in any character code; the standard library would write some as ISO-2022-JP."""

from __future__ import annotations

import random
from base64 import b64encode, encodebytes
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart

_WORD = 16


def text(content: str, subtype: str, code: str) -> MIMEBase:
    """A text part, in base64 where its code has bytes above 127."""
    part = MIMEBase("text", subtype, charset=code)
    encoded = content.encode(code)
    if encoded.isascii():
        part.set_payload(encoded.decode("ascii"))
        part["Content-Transfer-Encoding"] = "7bit"
    else:
        part.set_payload(encodebytes(encoded).decode("ascii"))
        part["Content-Transfer-Encoding"] = "base64"
    return part


def multipart(chance: random.Random, subtype: str) -> MIMEMultipart:
    """A multipart whose boundary is the same each time the same chance makes it."""
    return MIMEMultipart(subtype, boundary=f"=_{chance.getrandbits(64):016x}")


def words(content: str, code: str) -> str:
    """A header value, as encoded words where it needs them (RFC 2047)."""
    if content.isascii():
        return content
    pieces = [content[at : at + _WORD] for at in range(0, len(content), _WORD)]
    coded = [b64encode(piece.encode(_code_for(piece, code))).decode("ascii") for piece in pieces]
    return "\n ".join(
        f"=?{_code_for(piece, code)}?B?{one}?=" for piece, one in zip(pieces, coded, strict=True)
    )


def _code_for(piece: str, code: str) -> str:
    try:
        piece.encode(code)
    except UnicodeEncodeError:
        return "utf-8"
    return code
