"""The SMTP envelope: who hands a message over and whom it is for (RFC 5321 section 2.3.1)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Direction(StrEnum):
    """Which way a message goes, seen from the tenant."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    NOTICE = "notice"  # made by the service itself: bounces, delay notices, later all notices


@dataclass(frozen=True, slots=True)
class Client:
    """The SMTP client as the listener saw it; ``tls`` is its version, empty in the clear."""

    ip: str
    helo: str = ""
    tls: str = ""
    connector: str = ""


@dataclass(frozen=True, slots=True)
class Envelope:
    """One mail transaction; ``sender`` is empty for the null reverse-path (RFC 5321, 4.5.5)."""

    direction: Direction
    client: Client
    sender: str
    recipients: tuple[str, ...]
    smtputf8: bool = False


def domain_of(address: str) -> str:
    """The domain of an address in lower case, empty where there is none."""
    return address.rpartition("@")[2].lower().rstrip(".") if "@" in address else ""
