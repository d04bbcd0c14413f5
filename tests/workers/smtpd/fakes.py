"""A directory and an intake in memory, and certificates made for one test run."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from tests.servers.certificate import make_certificate
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
    """A self-signed certificate: its file holds the key as well."""

    certificate: Path
    key: Path
    pem: str
    sha256: bytes


def make_pinned_certificate(folder: Path, name: str) -> Certificate:
    """A certificate for one name, in the forms that a connector keeps."""
    file = make_certificate(folder, name).file
    text = file.read_text()
    pem = text[text.index("-----BEGIN CERTIFICATE") :]
    return Certificate(file, file, pem, sha256(ssl.PEM_cert_to_DER_cert(pem)).digest())
