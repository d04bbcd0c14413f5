"""The hops of a domain outside: its mail exchangers, found in the domain name system."""

from __future__ import annotations

import ipaddress

from mailsec.gateway.errors import NoRoute
from mailsec.gateway.hops import Hop, TlsMode
from mailsec.gateway.ports import Resolver


def hops_of(
    domain: str,
    resolver: Resolver,
    tls: TlsMode = TlsMode.OPPORTUNISTIC,
    port: int = 25,
    public_only: bool = True,
) -> tuple[Hop, ...]:
    """Where mail for ``domain`` goes (RFC 5321 section 5.1), address literals included.

    Raises ``NoRoute`` where there is surely no way, ``TemporaryResolverError`` where it may be
    found later. ``port`` and ``public_only`` differ from their defaults on test stands alone:
    whoever owns a domain may name any host as its exchanger, ours inside included.
    """
    if domain.startswith("[") and domain.endswith("]"):
        return (Hop(_literal(domain), port, tls, 0, public_only),)
    exchangers = resolver.mail_exchangers(_a_labels(domain))
    if not exchangers:
        raise NoRoute(f"The domain {domain} has no mail server")
    return tuple(Hop(one.host, port, tls, one.preference, public_only) for one in exchangers)


def _literal(domain: str) -> str:
    try:
        return str(ipaddress.ip_address(domain[1:-1].removeprefix("IPv6:")))
    except ValueError:
        raise NoRoute(f"{domain} is no address") from None


def _a_labels(domain: str) -> str:
    if domain.isascii():
        return domain
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        raise NoRoute(f"{domain} is no domain name") from None
