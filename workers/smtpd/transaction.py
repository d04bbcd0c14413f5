"""What one session has proved so far, and one mail transaction while it is being built."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from mailsec.gateway.envelope import Client, Direction, Envelope
from mailsec.gateway.reputation.points import Point
from workers.smtpd.address import Path
from workers.smtpd.ports import Accepted, Address, ConnectorInfo, TenantRoute

if TYPE_CHECKING:
    from workers.smtpd.reputation_inquiry import Inquiry

_NOBODY = IPv4Address("0.0.0.0")  # noqa: S104 - no address to bind, but none known yet


@dataclass(slots=True)
class Identity:
    """What is known about the client: address, greeting, TLS, and the connectors in question.

    ``connectors`` are those whose networks hold the client; ``login`` is the key of the one that
    AUTH proved, ``certificate_sha256`` the digest of the certificate that the client showed.
    """

    address: Address = _NOBODY
    connectors: tuple[ConnectorInfo, ...] = ()
    helo: str = ""
    extended: bool = False
    tls: str = ""
    certificate_sha256: bytes = b""
    login: tuple[str, str] | None = None
    inquiry: Inquiry | None = None

    def client(self, connector: str = "") -> Client:
        """The same as a value for the envelope."""
        return Client(ip=str(self.address), helo=self.helo, tls=self.tls, connector=connector)

    def begin_tls(self, version: str, certificate_sha256: bytes) -> None:
        """Forget all that was said in the clear (RFC 3207 section 4.2)."""
        self.helo = ""
        self.extended = False
        self.login = None
        self.tls = version
        self.certificate_sha256 = certificate_sha256


@dataclass(slots=True)
class Transaction:
    """One mail from MAIL to the end of DATA. ``size`` is what the client announced, 0 if nothing.

    ``recipients`` holds each tenant's recipients in the order they came (a dict for its order and
    for dropping duplicates); outbound, all of them stand under the sending tenant or, while a
    secret header is awaited, under no name. ``doubts`` holds, by tenant and recipient, what speaks
    for greylisting the mail; ``spf_passes`` is None until it was checked.
    """

    identity: Identity
    direction: Direction
    sender: Path
    size: int = 0
    smtputf8: bool = False
    size_limit: int = 0
    connectors: tuple[ConnectorInfo, ...] = ()
    recipients: dict[str, dict[str, None]] = field(default_factory=dict)
    doubts: dict[tuple[str, str], tuple[Point, ...]] = field(default_factory=dict)
    spf_passes: bool | None = None
    count: int = 0

    def add(self, slug: str, recipient: Path, doubts: tuple[Point, ...] = ()) -> None:
        """Take a recipient for one tenant."""
        if doubts:
            self.doubts[slug, recipient.normalised] = doubts
        addresses = self.recipients.setdefault(slug, {})
        addresses[recipient.normalised] = None
        self.count += 1

    def drop(self) -> None:
        """Take a recipient that nobody reads: what is sent there goes no further."""
        self.count += 1

    def narrow(self, route: TenantRoute) -> None:
        """Hold the message to a tenant's own size limit as well."""
        self.size_limit = min(self.size_limit, route.message_size)

    def accepted(self, slug: str, tenant: str, raw: bytes, connector: str = "") -> Accepted:
        """One tenant's part of the transaction."""
        envelope = Envelope(
            direction=self.direction,
            client=self.identity.client(connector),
            sender=self.sender.address,
            recipients=tuple(self.recipients[slug]),
            smtputf8=self.smtputf8,
        )
        return Accepted(tenant, envelope, raw)
