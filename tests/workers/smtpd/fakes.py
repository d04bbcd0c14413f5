"""A directory and an intake in memory, and certificates made for one test run."""

from __future__ import annotations

import asyncio
import datetime
from dataclasses import dataclass, field
from hashlib import sha256
from ipaddress import IPv4Address, ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from workers.smtpd.ports import (
    Accepted,
    Address,
    ConnectorInfo,
    DirectoryUnavailable,
    IntakeUnavailable,
    TenantRoute,
)


@dataclass
class FakeDirectory:
    """Domains, addresses and connectors that a test writes down."""

    domains: dict[str, TenantRoute] = field(default_factory=dict)
    addresses: set[str] = field(default_factory=set)
    connectors: list[ConnectorInfo] = field(default_factory=list)
    available: bool = True

    def mail_domain(self, domain: str) -> TenantRoute | None:
        return self.domains.get(domain)

    async def knows(self, route: TenantRoute, address: str) -> bool:
        if not self.available:
            raise DirectoryUnavailable("the fake is told to be away")
        return address.lower() in self.addresses

    def connectors_for(self, ip: Address) -> tuple[ConnectorInfo, ...]:
        return tuple(c for c in self.connectors if any(ip in n for n in c.networks))

    def domains_of(self, slug: str) -> frozenset[str]:
        return frozenset(d for d, route in self.domains.items() if route.slug == slug)


@dataclass
class FakeIntake:
    """Keeps what it is given; may be told to fail, to be broken, or to take its time."""

    stored: list[Accepted] = field(default_factory=list)
    unavailable: bool = False
    fault: Exception | None = None
    seconds: float = 0.0

    async def store(self, mails: tuple[Accepted, ...]) -> tuple[str, ...]:
        if self.seconds:
            await asyncio.sleep(self.seconds)
        if self.unavailable:
            raise IntakeUnavailable("the fake is told to be away")
        if self.fault is not None:
            raise self.fault
        self.stored.extend(mails)
        return tuple(f"{mail.tenant}-{len(self.stored)}" for mail in mails)


@dataclass(frozen=True)
class Certificate:
    """A self-signed certificate with its key, as files and as a digest."""

    certificate: Path
    key: Path
    pem: str
    sha256: bytes


def make_certificate(folder: Path, name: str) -> Certificate:
    """A certificate for one name, also good for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName(
        [x509.DNSName(name), x509.IPAddress(IPv4Address("127.0.0.1"))]
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    certificate_file, key_file = folder / f"{name}.pem", folder / f"{name}.key"
    certificate_file.write_bytes(pem)
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    digest = sha256(certificate.public_bytes(serialization.Encoding.DER)).digest()
    return Certificate(certificate_file, key_file, pem.decode(), digest)


__all__ = ["Certificate", "FakeDirectory", "FakeIntake", "ip_address", "make_certificate"]
