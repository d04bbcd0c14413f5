"""Outside services as the core sees them. Clients stand in ``clients``, fakes in the tests."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from mailsec.gateway.authentication import Authentication
from mailsec.gateway.envelope import Envelope
from mailsec.gateway.errors import ScannerUnavailable

if TYPE_CHECKING:
    from mailsec.gateway.message import Message
    from mailsec.gateway.unpack import Unpack

__all__ = [
    "Authenticator",
    "Clock",
    "Correspondence",
    "MailExchanger",
    "Records",
    "Relations",
    "Resolver",
    "ScanResult",
    "ScannerUnavailable",
    "Services",
    "SpamClassifier",
    "SpamReason",
    "SpamScore",
    "TextRecords",
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
class SpamReason:
    """One thing that makes a message more (``weight`` above 0) or less like spam.

    ``code`` is a stable name that the console turns into words, ``detail`` plain strings for them.
    """

    code: str
    weight: float
    detail: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class SpamScore:
    """0 (surely wanted) to 100 (surely spam), with the strongest reasons first."""

    score: float
    reasons: tuple[SpamReason, ...] = ()


class SpamClassifier(Protocol):
    """Scores one message; never raises on any bytes.

    ``ScannerUnavailable`` where an outside engine gives no answer.
    """

    name: str

    def score(self, message: Message, envelope: Envelope) -> SpamScore: ...


class Authenticator(Protocol):
    """Checks SPF, DKIM, DMARC and ARC of one message as received.

    What the domain name system leaves unanswered is ``temperror``, never a pass.
    """

    def check(self, message: Message, envelope: Envelope) -> Authentication: ...


class Relations(Protocol):
    """What the tenant's own records say of people."""

    def addresses_of(self, name: str) -> tuple[str, ...]:
        """The registered addresses of the tenant's person of this name, as written or folded."""
        ...

    def has_corresponded(self, sender: str, recipients: tuple[str, ...]) -> bool:
        """Whether mail from this address was delivered to one of these before, or went to it."""
        ...


class Correspondence(Protocol):
    """With whom the tenant corresponded before, by its own records."""

    def known(self, addresses: Collection[str]) -> Collection[str]:
        """Those of these addresses (lower case) to which mail of the tenant was delivered."""
        ...

    def domains(self) -> Collection[str]:
        """The domains to which mail of the tenant was delivered: a few thousand at most."""
        ...


@dataclass(frozen=True, slots=True)
class Services:
    """The outside services that an examination may ask, as one value; None where there is none.

    ``unpack`` opens containers; without it they are opened in the process itself.
    """

    scanner: VirusScanner
    classifier: SpamClassifier | None = None
    authenticator: Authenticator | None = None
    relations: Relations | None = None
    unpack: Unpack | None = None


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


class TextRecords(Protocol):
    """The TXT records of the domain name system; raises as ``Resolver`` does."""

    def texts(self, name: str) -> tuple[bytes, ...]:
        """The TXT records, each with its strings joined (RFC 7208 section 3.3)."""
        ...


class Records(Resolver, TextRecords, Protocol):
    """The domain name system for those who judge senders; raises as ``Resolver`` does."""

    def names_of(self, ip: str) -> tuple[str, ...]:
        """The PTR names of an address."""
        ...

    def exchangers_of(self, domain: str) -> tuple[str, ...]:
        """The hosts that MX records name, without the implicit one (RFC 7208 section 5.4)."""
        ...

    def addresses_of(self, host: str, version: int) -> tuple[str, ...]:
        """The addresses of one family (4 or 6): a failed look-up is never an empty answer."""
        ...
