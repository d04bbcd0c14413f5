"""Who may send what to whom: the rules of the two listeners, apart from the protocol.

Each rule raises ``Refused`` with its reply. Inbound, the recipient's domain decides; outbound, the
connector: source network, proof, envelope sender and header From together, never one of them alone.
"""

from __future__ import annotations

from hashlib import sha256
from hmac import compare_digest
from typing import Protocol

from mailsec.gateway.notice import LOCAL_PART
from workers.smtpd import replies
from workers.smtpd.address import MalformedAddress, Path
from workers.smtpd.header_check import author_domains, header_values, without_header
from workers.smtpd.ports import Accepted, Address, ConnectorInfo, Directory
from workers.smtpd.replies import Refused
from workers.smtpd.reputation import Guard
from workers.smtpd.transaction import Identity, Transaction


class Gate(Protocol):
    """The rules of one direction."""

    def connectors_for(self, ip: Address) -> tuple[ConnectorInfo, ...]: ...

    def sender(self, transaction: Transaction) -> None: ...

    async def recipient(self, transaction: Transaction, path: Path) -> None: ...

    def message(
        self, transaction: Transaction, raw: bytes, header: bytes
    ) -> tuple[Accepted, ...]: ...


class InboundGate:
    """Mail from anywhere to registered domains and, where wished, registered addresses."""

    def __init__(self, directory: Directory, hostname: str, guard: Guard | None = None) -> None:
        self._directory = directory
        self._hostname = hostname.lower()
        self._guard = guard

    def connectors_for(self, ip: Address) -> tuple[ConnectorInfo, ...]:
        """Connectors mean nothing here."""
        return ()

    def sender(self, transaction: Transaction) -> None:
        """Anyone may write, within the rate; spam is judged later."""
        if self._guard is not None:
            self._guard.sender(transaction)

    async def recipient(self, transaction: Transaction, path: Path) -> None:
        """Take a recipient of a registered domain."""
        if not path.domain:  # <postmaster> is the one of our own name, RFC 5321 section 4.5.1.
            path = Path(f"{path.local}@{self._hostname}", path.local, self._hostname)
        if _answers_a_notice(path, self._hostname):
            transaction.drop()
            return
        route = self._directory.mail_domain(path.domain)
        if route is None:
            raise Refused(replies.RELAY_REFUSED)
        if path.is_routed:
            raise Refused(replies.ROUTE_REFUSED)
        if not route.accepts:
            raise Refused(replies.SUSPENDED)
        if transaction.size > route.message_size:
            raise Refused(replies.TOO_LARGE)
        # Before the address is looked up: whoever is unwanted learns of no address.
        doubts = await self._guard.recipient(transaction, route, path) if self._guard else ()
        if (
            route.check_recipients
            and path.local.lower() != "postmaster"
            and not await self._directory.knows(route, path.normalised)
        ):
            raise Refused(replies.UNKNOWN_ADDRESS)
        transaction.narrow(route)
        transaction.add(route.slug, path, doubts)

    def message(self, transaction: Transaction, raw: bytes, header: bytes) -> tuple[Accepted, ...]:
        """One record for each tenant that has a recipient."""
        return tuple(transaction.accepted(slug, slug, raw) for slug in transaction.recipients)


class OutboundGate:
    """Mail of a tenant that proves to be one, from its own domains to anywhere."""

    def __init__(self, directory: Directory, hostname: str) -> None:
        self._directory = directory
        self._hostname = hostname.lower()

    def connectors_for(self, ip: Address) -> tuple[ConnectorInfo, ...]:
        """The connectors that the source network leaves open."""
        return self._directory.connectors_for(ip)

    def sender(self, transaction: Transaction) -> None:
        """Leave the connectors that are proved, or await their header, and own the sender."""
        identity = transaction.identity
        # Asked anew for each mail: a session may outlive a connector or a contract.
        identity.connectors = self._directory.connectors_for(identity.address)
        proved = _proved(identity)
        domain = transaction.sender.domain
        own = tuple(c for c in proved if not domain or domain in self._domains(c))
        if not own:
            raise Refused(replies.NOT_YOUR_SENDER)
        open_ = tuple(c for c in own if c.tenant.outbound)
        if not open_:
            raise Refused(replies.NO_OUTBOUND)
        ready = tuple(c for c in open_ if c.tenant.accepts)
        if not ready:
            raise Refused(replies.SUSPENDED)
        if all(transaction.size > c.tenant.message_size for c in ready):
            raise Refused(replies.TOO_LARGE)
        transaction.connectors = ready

    async def recipient(self, transaction: Transaction, path: Path) -> None:
        """Any mailbox in the world, but by name: a literal would reach into our own network."""
        if path.is_literal or not path.domain:
            raise Refused(replies.NO_LITERALS)
        if _answers_a_notice(path, self._hostname):
            transaction.drop()
        else:
            transaction.add("", path)

    def message(self, transaction: Transaction, raw: bytes, header: bytes) -> tuple[Accepted, ...]:
        """The message of the one tenant that is proved now; its secret header is taken out."""
        proved = tuple(c for c in transaction.connectors if _header_proves(c, header))
        if not proved:
            raise Refused(replies.NO_PROOF)
        try:
            authors = author_domains(header)
        except MalformedAddress:
            raise Refused(replies.NOT_YOUR_FROM) from None
        own = next((c for c in proved if authors <= self._domains(c)), None)
        if own is None:
            raise Refused(replies.NOT_YOUR_FROM)
        if len(raw) > own.tenant.message_size:
            raise Refused(replies.TOO_LARGE)
        if own.proof == "header":
            raw = without_header(raw, header, own.header_name)
        if not transaction.recipients:
            return ()
        return (transaction.accepted("", own.tenant.slug, raw, own.id),)

    def _domains(self, connector: ConnectorInfo) -> frozenset[str]:
        return self._directory.domains_of(connector.tenant.slug)


def _answers_a_notice(path: Path, hostname: str) -> bool:
    """Whether it goes to the address of our own notices, which nobody reads (product, 10)."""
    return path.domain == hostname and path.local.lower() == LOCAL_PART


def find_login(
    connectors: tuple[ConnectorInfo, ...], username: str, password: bytes
) -> ConnectorInfo | None:
    """The connector that this name and password prove.

    Every candidate is compared in constant time and to the end, so that the time of the answer
    tells neither whether the name exists nor how near the password was.
    """
    name = username.encode("utf-8", "surrogateescape")
    digest = sha256(password).digest()
    found = None
    for connector in connectors:
        if connector.proof != "auth":
            continue
        same_name = compare_digest(connector.username.encode(), name)
        same_secret = compare_digest(connector.secret_sha256, digest)
        if same_name & same_secret:
            found = connector
    return found


def client_certificates(connectors: tuple[ConnectorInfo, ...]) -> tuple[str, ...]:
    """The pinned certificates that a client of these connectors may show, each once."""
    pinned = (c.certificate_pem for c in connectors if c.proof == "certificate")
    return tuple(sorted({pem for pem in pinned if pem}))


def _proved(identity: Identity) -> tuple[ConnectorInfo, ...]:
    """The connectors proved in the session; failing these, those whose header may still come."""
    if not identity.connectors:
        raise Refused(replies.NO_CONNECTOR)
    if identity.login is not None:
        login = next((c for c in identity.connectors if c.key == identity.login), None)
        if login is None:
            raise Refused(replies.LOGIN_FIRST)
        return (login,)
    by_certificate = tuple(c for c in identity.connectors if _certificate_proves(c, identity))
    by_header = tuple(c for c in identity.connectors if c.proof == "header")
    if by_certificate or by_header:
        return by_certificate + by_header
    if any(c.proof == "auth" for c in identity.connectors):
        raise Refused(replies.LOGIN_FIRST)
    raise Refused(replies.NO_PROOF)


def _certificate_proves(connector: ConnectorInfo, identity: Identity) -> bool:
    return (
        connector.proof == "certificate"
        and bool(identity.certificate_sha256)
        and compare_digest(connector.certificate_sha256, identity.certificate_sha256)
    )


def _header_proves(connector: ConnectorInfo, header: bytes) -> bool:
    """Whether the secret header is there; the other proofs were checked before the message came."""
    if connector.proof != "header":
        return True
    if not connector.header_name or not connector.secret_sha256:
        return False
    digests = [sha256(value).digest() for value in header_values(header, connector.header_name)]
    return any(compare_digest(connector.secret_sha256, digest) for digest in digests)
