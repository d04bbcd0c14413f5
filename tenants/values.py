"""Typed, checked values that the operator's shell hands to the services."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from tenants.errors import InvalidTenant

# Host names by RFC 1123 section 2.1; underscores occur in practice.
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)\Z")


@dataclass(frozen=True, slots=True)
class Order:
    """What the operator's staff fills in for a new tenant."""

    slug: str
    name: str
    menu: int
    language: str = "ja"
    time_zone: str = "Asia/Tokyo"
    contact: str = ""
    ids: int = 100
    trial: bool = False
    starts_on: date | None = None


@dataclass(frozen=True, slots=True)
class ConnectorRequest:
    """What the operator's staff fills in for a new connector."""

    name: str
    networks: Sequence[str]
    proof: str
    username: str = ""
    header_name: str = ""
    certificate_pem: str = ""


def domain_name(text: str) -> str:
    """A domain as A-labels in lower case (RFC 5891); at least two labels."""
    name = text.strip().rstrip(".").lower()
    try:
        name = name.encode("ascii").decode() if name.isascii() else name.encode("idna").decode()
    except UnicodeError:
        raise InvalidTenant("domain", f"{text!r} is no domain name.") from None
    labels = name.split(".")
    if len(labels) < 2 or len(name) > 253 or not all(_LABEL.match(label) for label in labels):
        raise InvalidTenant("domain", f"{text!r} is no domain name.")
    return name


def host_and_port(text: str, *, default_port: int) -> tuple[str, int]:
    """``host``, ``host:port``, ``[v6]:port`` or a bare IPv6 address."""
    bracketed = re.fullmatch(r"\[([0-9a-fA-F:.]+)\](?::(\d{1,5}))?", text.strip())
    plain = re.fullmatch(r"([^:\[\]\s]+)(?::(\d{1,5}))?", text.strip())
    found = bracketed or plain
    if found is None:
        raise InvalidTenant("address", f"{text!r} is not HOST:PORT.")
    host, port = found.group(1).lower().rstrip("."), int(found.group(2) or default_port)
    if not 1 <= port <= 65535:
        raise InvalidTenant("address", f"{port} is no port.")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        if not all(_LABEL.match(label) for label in host.split(".")) or len(host) > 253:
            raise InvalidTenant("address", f"{host!r} is no host name.") from None
    return host, port


def networks(texts: Sequence[str]) -> list[str]:
    """At least one address or CIDR network, none of them the whole internet."""
    found = []
    for text in texts:
        try:
            network = ipaddress.ip_network(text.strip())
        except ValueError as error:
            raise InvalidTenant("network", f"{error}.") from None
        if network.prefixlen < 8:
            raise InvalidTenant("network", f"{network} is too wide for a connector.")
        found.append(str(network))
    if not found:
        raise InvalidTenant("network", "A connector needs at least one source network.")
    return found


def short_name(text: str) -> str:
    """One to 60 printable characters."""
    name = text.strip()
    if not 1 <= len(name) <= 60 or not name.isprintable():
        raise InvalidTenant("name", "Use 1 to 60 printable characters.")
    return name


def username(text: str) -> str:
    """What a mail server signs in as: ASCII, no blanks."""
    if not re.fullmatch(r"[A-Za-z0-9._@+-]{1,100}", text):
        raise InvalidTenant("username", "Use letters, digits and . _ @ + -")
    return text


def header_name(text: str) -> str:
    """The header that a shared cloud's transport rule adds; it must not be a standard one."""
    if not re.fullmatch(r"[Xx]-[A-Za-z0-9-]{1,50}", text):
        raise InvalidTenant("header_name", "Use a name such as X-Example-Gateway.")
    return text


def certificate(pem: str) -> tuple[str, bytes]:
    """A client certificate's PEM text and its SHA-256 fingerprint."""
    try:
        parsed = x509.load_pem_x509_certificate(pem.encode())
    except ValueError:
        raise InvalidTenant("certificate", "This is no certificate in PEM form.") from None
    return pem, parsed.fingerprint(hashes.SHA256())
