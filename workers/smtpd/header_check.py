"""Cheap checks on the header block of a message, by bytes: size, hops, authors, secret header.

This runs for every mail before ``250``; the tolerant reader of the core looks at it later.
"""

from __future__ import annotations

import re
from functools import lru_cache

from workers.smtpd.address import MalformedAddress, ascii_domain
from workers.smtpd.ports import Limits
from workers.smtpd.replies import Refused

_FIELD_START = re.compile(rb"[!-9;-~]+[ \t]*:|From ")
_RECEIVED = re.compile(rb"^received[ \t]*:", re.IGNORECASE | re.MULTILINE)
# Raw ISO-2022-JP in a display name: its two-byte characters look like quotes and at signs.
_ISO_2022_JP = re.compile(rb"\x1b\$[@B][^\x1b]*\x1b\([BJ]")
_ANGLE = re.compile(r"<([^<>]*)>")
_AT_DOMAIN = re.compile(r"@(\[[^\]]*\]|[^\s<>(),:;@\[\]\"\\]+)")
_MAILBOX = re.compile(r"[^\s<>(),:;@\[\]\"\\]+@([^\s<>(),:;@\[\]\"\\]+)")


def check_header_block(raw: bytes, limits: Limits) -> bytes:
    """The header block of a message; raises Refused where it breaks a limit."""
    end = raw.find(b"\r\n\r\n", 0, limits.header_bytes + 2)
    has_header = _FIELD_START.match(raw) is not None
    if raw.startswith(b"\r\n"):
        block = b""
    elif end >= 0:
        block = raw[: end + 2]
    else:
        # Without an empty line all of it counts as header, unless it does not even begin with one.
        block = raw[: limits.header_bytes]
        if len(raw) > limits.header_bytes and has_header:
            raise Refused(f"554 5.6.0 The message header exceeds {limits.header_bytes} bytes")
    if has_header and len(block) > limits.header_line:
        longest = max(map(len, block.split(b"\r\n")))
        if longest > limits.header_line:
            raise Refused(f"554 5.6.0 A header line exceeds {limits.header_line} bytes")
    if len(_RECEIVED.findall(block)) >= limits.hops:
        raise Refused(f"554 5.4.6 Mail loop: {limits.hops} or more Received headers")
    return block


@lru_cache(maxsize=256)
def _field(name: str) -> re.Pattern[bytes]:
    """Finds every field of one name with its folds."""
    pattern = rb"^%s[ \t]*:([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)(?:\r\n|\Z)" % re.escape(name.encode())
    return re.compile(pattern, re.IGNORECASE | re.MULTILINE)


def header_values(block: bytes, name: str) -> list[bytes]:
    """The values of all fields of one name, without the blanks around them."""
    return [value.strip(b" \t\r\n") for value in _field(name).findall(block)]


def without_header(raw: bytes, block: bytes, name: str) -> bytes:
    """The message with every header field of one name taken out; all other bytes stay."""
    return _field(name).sub(b"", block) + raw[len(block) :]


def author_domains(block: bytes) -> frozenset[str]:
    """The domains of all addresses in all From fields, as A-labels; raises MalformedAddress.

    It fails closed: whatever two readers could take for different authors is malformed, and an
    address in a display name outside quotes counts as an author too.
    """
    domains: set[str] = set()
    for value in header_values(block, "From"):
        text = _ISO_2022_JP.sub(b"x", value).decode("utf-8", "replace")
        domains |= _domains_in(_without_quotes_and_comments(text))
    if not domains:
        raise MalformedAddress("no author")
    return frozenset(domains)


def _domains_in(text: str) -> set[str]:
    domains: set[str] = set()
    angles = _ANGLE.findall(text)
    for inside in angles:
        mailbox = _MAILBOX.fullmatch(inside.strip())
        if not mailbox:
            raise MalformedAddress("an author is no address")
        domains.add(ascii_domain(mailbox[1]))
    rest = _ANGLE.sub(" ", text)
    if "<" in rest or ">" in rest:
        raise MalformedAddress("an author is no address")
    for domain in _AT_DOMAIN.findall(rest):
        try:
            domains.add(ascii_domain(domain))
        except MalformedAddress:
            if not angles:  # Beside an address in brackets this is only a strange display name.
                raise
    return domains


def _without_quotes_and_comments(text: str) -> str:
    """The text with each quoted string as one letter and each comment as a blank (RFC 5322 3.2)."""
    out: list[str] = []
    quoted, depth, escaped = False, 0, False
    for sign in text:
        if escaped:
            escaped = False
        elif sign == "\\" and (quoted or depth):
            escaped = True
        elif quoted:
            quoted = sign != '"'
        elif depth:
            depth += (sign == "(") - (sign == ")")
        elif sign == '"':
            quoted = True
            out.append("q")
        elif sign == "(":
            depth = 1
            out.append(" ")
        else:
            out.append(sign)
    if quoted or depth:
        raise MalformedAddress("a quote or comment does not end")
    return "".join(out)
