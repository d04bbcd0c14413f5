"""What the SMTP listeners need from the rest of the service, and the values they hand over.

The listeners know neither Django nor a database. A directory answers whose mail this is, an intake
makes it durable, and a TLS provider gives the present certificate.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from socket import socket
from typing import Literal, Protocol

from mailsec.gateway.envelope import Direction, Envelope

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address
Proof = Literal["auth", "certificate", "header"]


class ListenerError(Exception):
    """Base of the errors that a directory or an intake may raise; each becomes ``451 4.3.0``.

    ListenerError
    ├── DirectoryUnavailable   it cannot be told now whether an address exists
    └── IntakeUnavailable      the mail could not be made durable now
    """


class DirectoryUnavailable(ListenerError):
    """It cannot be told now whether an address exists; the client tries again later."""


class IntakeUnavailable(ListenerError):
    """The mail could not be made durable; the client keeps it and tries again later."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one listener in one process. Sizes in bytes, times in seconds, 0 = unlimited
    for the two rates."""

    connections: int = 1000
    connections_per_ip: int = 20
    connections_per_minute_per_ip: int = 600
    failed_logins_per_minute_per_ip: int = 10
    failed_logins: int = 3
    errors: int = 50
    recipients: int = 1000
    message_size: int = 50 * 1024 * 1024
    bytes_in_flight: int = 1024 * 1024 * 1024
    header_bytes: int = 256 * 1024
    header_line: int = 64 * 1024
    hops: int = 25
    command_timeout: float = 300.0
    data_timeout: float = 180.0
    data_total_timeout: float = 3600.0
    proxy_timeout: float = 5.0
    failed_login_delay: float = 2.0


@dataclass(frozen=True, slots=True)
class TenantRoute:
    """Where mail of one tenant goes and what it allows.

    ``accepts`` is false while the tenant is suspended or not ready (the client gets a 4xx),
    ``outbound`` says whether the menu holds the outbound way. ``reputation_check`` lets the
    client's reputation count, ``greylisting`` lets it delay mail.
    """

    slug: str
    accepts: bool = True
    outbound: bool = False
    check_recipients: bool = False
    message_size: int = 50 * 1024 * 1024
    reputation_check: bool = True
    greylisting: bool = True


@dataclass(frozen=True, slots=True)
class ConnectorInfo:
    """One tenant's right to send: source networks and one proof of the tenant.

    ``id`` is unique within the tenant; ``key`` tells the connectors of all tenants apart.

    ``secret_sha256`` is the digest of the password (``proof`` auth) or of the header's value
    (``proof`` header). For ``proof`` certificate, ``certificate_pem`` is the pinned client
    certificate itself: OpenSSL asks a client for a certificate only together with the anchors that
    it shall trust, so the fingerprint alone does not do; ``certificate_sha256`` is the digest of
    its DER form.
    """

    id: str
    name: str
    tenant: TenantRoute
    networks: tuple[Network, ...]
    proof: Proof
    username: str = ""
    secret_sha256: bytes = b""
    certificate_sha256: bytes = b""
    certificate_pem: str = ""
    header_name: str = ""

    @property
    def key(self) -> tuple[str, str]:
        return (self.tenant.slug, self.id)


class Directory(Protocol):
    """Whose mail this is. Domains are A-labels in lower case without a final dot, both ways.

    The three plain functions answer from a snapshot in memory, at once and without raising.
    """

    def mail_domain(self, domain: str) -> TenantRoute | None:
        """The tenant that receives mail for this domain; None: nobody here does."""
        ...

    async def knows(self, route: TenantRoute, address: str) -> bool:
        """Whether the address is registered; asked only where ``check_recipients`` is set.

        The domain in ``address`` is an A-label in lower case, the local part as the client wrote
        it; comparing without regard to case is the directory's affair. May raise
        DirectoryUnavailable.
        """
        ...

    def connectors_for(self, ip: Address) -> tuple[ConnectorInfo, ...]:
        """The connectors of all tenants whose networks hold this address."""
        ...

    def domains_of(self, slug: str) -> frozenset[str]:
        """The registered mail domains of one tenant."""
        ...


@dataclass(frozen=True, slots=True)
class Accepted:
    """One tenant's part of one mail transaction, ready to be made durable.

    ``raw`` is the message as it came, dot-unstuffed, ending in CRLF where it is not empty; only the
    header that proves a connector is taken out. ``envelope.client.connector`` is the connector's
    id. Recipients have their domain as an A-label in lower case and are free of exact duplicates.
    """

    tenant: str
    envelope: Envelope
    raw: bytes


class Intake(Protocol):
    """Makes accepted mail durable."""

    async def store(self, mails: tuple[Accepted, ...]) -> tuple[str, ...]:
        """Return the queue ids, one for each mail in order, after all of them are committed.

        Raises IntakeUnavailable where any of them is not: the client gets 451 and sends the whole
        transaction again, so what was stored for another tenant before the failure must be taken
        back or be recognised at the next try. Never cancelled by a client that goes away.
        """
        ...


class TlsProvider(Protocol):
    """Gives the TLS context for one connection; asked anew each time: certificates change."""

    def __call__(self, client_certificates: tuple[str, ...] = ()) -> ssl.SSLContext | None:
        """The context, or None where TLS is not offered.

        ``client_certificates`` are PEM certificates one of which this client may show; where there
        are none, the client is not asked for any.
        """
        ...


def no_tls(client_certificates: tuple[str, ...] = ()) -> ssl.SSLContext | None:
    """The provider of a listener without TLS."""
    return None


@dataclass(frozen=True, slots=True)
class Listener:
    """One listening address and its rules; ``sock`` is an already bound socket, used instead of
    ``host`` and ``port``. Only clients in ``proxy_networks`` may and then must speak PROXY."""

    direction: Direction
    host: str = "127.0.0.1"
    port: int = 0
    sock: socket | None = None
    hostname: str = "localhost"
    tls: TlsProvider = no_tls
    proxy_networks: tuple[Network, ...] = ()
    limits: Limits = field(default_factory=Limits)
