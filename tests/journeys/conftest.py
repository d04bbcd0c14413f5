"""One running service for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.gateway.checks.making import pem
from tests.journeys.mails import closed_port
from tests.servers.certificate import make_certificate
from tests.servers.dns import NameServer
from tests.servers.mx import MailServer, Script
from tests.service import Service, service


@dataclass(frozen=True)
class Place:
    """The service with more than its two tenants have at first.

    ``header_secret`` proves alpha's connector of the kind that a shared cloud uses, ``certificate``
    is the PEM file with key of the one that shows a certificate. Mail for slow.example.jp goes to
    ``slow``, which thinks a second about each recipient. ``names`` answers about senders; what we
    change is sealed for example.org, and our notices are signed for it.
    """

    service: Service
    slow: MailServer
    header_secret: str
    certificate: Path
    names: NameServer


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """All processes but the web, and gamma, a tenant on menu 1, which has no outbound way."""
    folder = tmp_path_factory.mktemp("service")
    slow = MailServer(Script(slow=("RCPT",), drip=1.0))
    with slow, NameServer({}) as names, service("journeys", folder) as made:
        made.environment.update(_senders(folder, names))
        certificate = make_certificate(folder, "office.alpha.example.jp").file
        _add_gamma(made)
        _add_epsilon(made)
        _add_zeta(made)
        _add_hops(made, slow)
        secret = _add_connectors(made, certificate)
        made.start()
        yield Place(made, slow, secret, certificate, names)


def _senders(folder: Path, names: NameServer) -> dict[str, str]:
    key = folder / "signing.pem"
    key.write_bytes(pem())
    return {
        "MAILSEC_SENDER_DNS": f"127.0.0.1:{names.port}",
        "MAILSEC_SIGNING_DOMAIN": "example.org",
        "MAILSEC_SIGNING_SELECTOR": "s1",
        "MAILSEC_SIGNING_KEY": str(key),
    }


@pytest.fixture(scope="session")
def running_service(place: Place) -> Service:
    """The service itself."""
    return place.service


def _add_gamma(made: Service) -> None:
    made.manage("tenant", "create", "gamma", "--name", "Company gamma", "--menu", "1")
    made.manage("tenant", "domain", "add", "gamma", "gamma.example.jp")
    hop = f"127.0.0.1:{made.mail_servers['alpha'].port}"
    made.manage("tenant", "nexthop", "add", "gamma", hop, "--domain", "gamma.example.jp")
    made.passwords["gamma"] = _connector(made, "gamma", "office", "auth")


def _add_epsilon(made: Service) -> None:
    """A tenant with the product's defaults, the spam check included."""
    made.manage("tenant", "create", "epsilon", "--name", "Company epsilon", "--menu", "1")
    made.manage("tenant", "domain", "add", "epsilon", "epsilon.example.jp")
    hop = f"127.0.0.1:{made.mail_servers['alpha'].port}"
    made.manage("tenant", "nexthop", "add", "epsilon", hop, "--domain", "epsilon.example.jp")


def _add_zeta(made: Service) -> None:
    """A tenant on menu 3 whose mail to outside is held where its subject says so."""
    made.manage("tenant", "create", "zeta", "--name", "Company zeta", "--menu", "3")
    made.manage("tenant", "domain", "add", "zeta", "zeta.example.jp")
    inside = f"127.0.0.1:{made.mail_servers['alpha'].port}"
    outside = f"127.0.0.1:{made.mail_servers['outside'].port}"
    made.manage("tenant", "nexthop", "add", "zeta", inside, "--domain", "zeta.example.jp")
    made.manage("tenant", "nexthop", "add", "zeta", outside, "--outbound")
    made.manage(
        *("tenant", "policy", "zeta", "set", "spam_check=false"),
        "zip_legacy_domains=legacy.example.org",
    )
    made.manage("tenant", "hold-rule", "add", "zeta", "to be checked", "--keyword", "kakunin")
    made.passwords["zeta"] = _connector(made, "zeta", "office", "auth")


def _add_hops(made: Service, slow: MailServer) -> None:
    """For alpha: a domain whose first server is down, one that leads back to us, a slow one."""
    ports = {
        "failover.example.jp": (closed_port(), made.mail_servers["alpha"].port),
        "loop.example.jp": (made.inbound,),
        "slow.example.jp": (slow.port,),
    }
    for domain, hops in ports.items():
        made.manage("tenant", "domain", "add", "alpha", domain)
        for priority, port in enumerate(hops):
            made.manage(
                *("tenant", "nexthop", "add", "alpha", f"127.0.0.1:{port}", "--domain", domain),
                *("--priority", str(priority)),
            )


def _add_connectors(made: Service, certificate: Path) -> str:
    _connector(made, "alpha", "pinned", "certificate", "--certificate", str(certificate))
    return _connector(made, "alpha", "cloud", "header", "--header", "X-Alpha-Proof")


def _connector(made: Service, slug: str, name: str, proof: str, *more: str) -> str:
    answer = made.manage.json(
        *("tenant", "connector", "add", slug, name, "--network", "127.0.0.1/32"),
        *("--proof", proof, *more),
    )
    return str(answer["secret"])
