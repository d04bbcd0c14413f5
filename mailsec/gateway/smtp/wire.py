"""A message and its addresses in the form in which SMTP carries them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mailsec.gateway.hops import Parcel

QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')


def dot_stuffed(content: bytes) -> bytes:
    """The content with its transparency dots and the end-of-data line (RFC 5321 section 4.5.2)."""
    ended = content if content.endswith(b"\r\n") else content + b"\r\n"
    stuffed = ended.replace(b"\r\n.", b"\r\n..")
    return (b"." if ended.startswith(b".") else b"") + stuffed + b".\r\n"


def has_bare_line_ends(content: bytes) -> bool:
    """Whether a CR or LF stands alone: another server may see the end of the mail there."""
    pairs = content.count(b"\r\n")
    return content.count(b"\r") != pairs or content.count(b"\n") != pairs


def is_sendable(address: str) -> bool:
    """Whether an address in angle brackets can neither end nor extend the command."""
    if not address.isprintable() or address.count("@") < 1:
        return False
    return not set(QUOTED.sub("", address)) & set(' <>",;') and len(address) <= 500


def spelled(address: str, smtputf8: bool) -> str:
    """The address as the command carries it: a non-ASCII domain in A-labels without SMTPUTF8.

    Where the part before the ``@`` is not ASCII, nothing but SMTPUTF8 can carry it (RFC 6531), and
    the address comes back as it is. The codec of the standard library knows IDNA 2003, which
    differs from IDNA 2008 for four letters that no Japanese domain has.
    """
    local, _, domain = address.rpartition("@")
    if smtputf8 or address.isascii() or not local.isascii():
        return address
    try:
        return f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        return address


@dataclass(frozen=True, slots=True)
class Load:
    """What follows ``DATA``, made once and used for every hop.

    ``headers_utf8`` says that the header block is internationalized (RFC 6532): the sender asked
    for SMTPUTF8 and used it, so only a server that knows it may get the mail.
    """

    content: bytes
    size: int
    eight_bit: bool
    headers_utf8: bool

    @classmethod
    def of(cls, parcel: Parcel) -> Load:
        header = parcel.content.partition(b"\r\n\r\n")[0]
        return cls(
            content=dot_stuffed(parcel.content),
            size=len(parcel.content),
            eight_bit=not parcel.content.isascii(),
            headers_utf8=parcel.smtputf8 and not header.isascii(),
        )
