"""Outside services as the core sees them. Clients stand in ``clients``, fakes in the tests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from mailsec.gateway.errors import ScannerUnavailable

__all__ = [
    "Clock",
    "MailExchanger",
    "Resolver",
    "ScanResult",
    "ScannerUnavailable",
    "Services",
    "VirusScanner",
]


@dataclass(frozen=True, slots=True)
class ScanResult:
    """One scanned content: the virus's name, empty when none was found."""

    virus: str = ""

    @property
    def infected(self) -> bool:
        return bool(self.virus)


class VirusScanner(Protocol):
    """Scans one content.

    ``ScannerUnavailable`` means wait and try again, ``ContentTooLarge`` that it never will take
    this content: neither is clean.
    """

    name: str

    def scan(self, content: bytes) -> ScanResult: ...


@dataclass(frozen=True, slots=True)
class Services:
    """The outside services that an examination may ask, as one value."""

    scanner: VirusScanner


class Clock(Protocol):
    """The present, as an aware datetime in UTC."""

    def __call__(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class MailExchanger:
    """One MX record (RFC 5321 section 5.1): lower preference first."""

    preference: int
    host: str


class Resolver(Protocol):
    """The domain name system.

    Both raise ``TemporaryResolverError`` where the answer may come later, and return nothing where
    the name surely has none.
    """

    def mail_exchangers(self, domain: str) -> tuple[MailExchanger, ...]: ...

    def addresses(self, host: str) -> tuple[str, ...]: ...
