"""Reads the paths of MAIL and RCPT (RFC 5321 section 4.1.2) and brings domains into one form."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

MAX_ADDRESS_OCTETS = 320  # a local part of 64 and a domain of 255 octets, RFC 5321 section 4.5.3.1

_PATH = re.compile(
    r"<[ ]?(?:@[^<>:\"\s]+:)?"  # A source route is read over (RFC 5321 appendix C).
    r"(?P<local>\"(?:[^\"\\\x00-\x1f\x7f]|\\[\x20-\x7e])*\"|[^\x00-\x20\"(),:;<>@\[\\\]\x7f]+)"
    r"@(?P<domain>\[[0-9A-Za-z:.\-]+\]|[^\x00-\x20\"()<>,:;@\[\\\]\x7f]+)[ ]?>(?P<rest>.*)",
    re.DOTALL,
)
_LABEL = r"[a-z0-9_](?:[a-z0-9_\-]{0,61}[a-z0-9_])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_UNROUTED = re.compile(r"(?P<address>[^\s<>]+)(?P<rest>.*)", re.DOTALL)


class MalformedAddress(ValueError):
    """The text is no path of SMTP."""


@dataclass(frozen=True, slots=True)
class Path:
    """One mailbox of the envelope.

    ``address`` is as the client wrote it, without brackets and source route; ``domain`` is an
    A-label in lower case, an address literal with its brackets, or empty (null path and
    ``<postmaster>``).
    """

    address: str
    local: str
    domain: str

    @property
    def is_literal(self) -> bool:
        return self.domain.startswith("[")

    @property
    def is_routed(self) -> bool:
        """Whether the local part names a way of its own: ``a%b@``, ``b!a@``, ``"a@b"@``.

        A server behind us that trusts us might follow it, so it would make us a relay.
        """
        return any(sign in self.local for sign in "%!@")

    @property
    def normalised(self) -> str:
        """The local part as given at the domain in its one form."""
        return f"{self.local}@{self.domain}" if self.domain else self.address


NULL_PATH = Path("", "", "")


@lru_cache(maxsize=4096)
def ascii_domain(domain: str) -> str:
    """A domain as A-labels in lower case without a final dot; raises MalformedAddress."""
    name = domain.lower()
    if not name.isascii():
        try:
            name = domain.encode("idna").decode("ascii").lower()
        except UnicodeError as error:
            raise MalformedAddress("the domain is not a name") from error
    name = name.removesuffix(".")
    if len(name) > 253 or not _DOMAIN.fullmatch(name):
        raise MalformedAddress("the domain is not a name")
    return name


def parse_path(text: str) -> tuple[Path, str]:
    """The path at the head of a command's argument and the parameters behind it.

    The empty path gives ``NULL_PATH``; a name without a domain gives a path without a domain.
    Missing angle brackets are forgiven where the address is plain.
    """
    text = text.lstrip(" ")
    if text.startswith("<>"):
        return NULL_PATH, text[2:]
    if not text.startswith("<"):
        bare = _UNROUTED.fullmatch(text)
        if not bare:
            raise MalformedAddress("no address")
        text = f"<{bare['address']}>{bare['rest']}"
    match = _PATH.fullmatch(text)
    if not match:
        return _without_domain(text)
    local, domain, rest = match["local"], match["domain"], match["rest"]
    address = f"{local}@{domain}"
    try:
        octets = len(address.encode())
    except UnicodeEncodeError as error:  # Bytes that are no UTF-8 come as lone surrogates.
        raise MalformedAddress("the address is not UTF-8") from error
    if octets > MAX_ADDRESS_OCTETS:
        raise MalformedAddress("the address is too long")
    return Path(address, local, domain if domain[0] == "[" else ascii_domain(domain)), rest


def _without_domain(text: str) -> tuple[Path, str]:
    """``<postmaster>``: the only address without a domain (RFC 5321 section 4.5.1)."""
    name, bracket, rest = text[1:].partition(">")
    if not bracket or name.lower() != "postmaster":
        raise MalformedAddress("the address has no domain")
    return Path(name, name, ""), rest
