"""Listeners for the tests of this folder."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailsec.gateway.envelope import Direction
from tests.workers.smtpd.fakes import Certificate, make_pinned_certificate
from tests.workers.smtpd.running import LoopFactory, Running, running
from workers.smtpd.ports import Limits, Listener
from workers.smtpd.server import loop_factory
from workers.smtpd.tls import CertificateFiles

QUICK = Limits(failed_login_delay=0.05, proxy_timeout=0.5)


@pytest.fixture(scope="session")
def server_certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """The listener's own certificate."""
    return make_pinned_certificate(tmp_path_factory.mktemp("server"), "mx.example.org")


@pytest.fixture(scope="session")
def client_certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """A certificate that a connector pins."""
    return make_pinned_certificate(tmp_path_factory.mktemp("client"), "mail.example.com")


@pytest.fixture(scope="session")
def strange_certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """A certificate that nobody pins."""
    return make_pinned_certificate(tmp_path_factory.mktemp("strange"), "mail.example.net")


@pytest.fixture(params=["asyncio", "uvloop"])
def any_loop(request: pytest.FixtureRequest) -> LoopFactory:
    """Both event loops, for what depends on them."""
    if request.param == "asyncio":
        return asyncio.new_event_loop
    factory = loop_factory()
    if factory is None:
        pytest.skip("uvloop is not installed")
    return factory


@pytest.fixture
def tls(server_certificate: Certificate) -> CertificateFiles:
    """A TLS provider on files."""
    return CertificateFiles(server_certificate.certificate, server_certificate.key)


def _listener(direction: Direction, tls: CertificateFiles) -> Listener:
    return Listener(direction, hostname="mx.example.org", tls=tls, limits=QUICK)


@pytest.fixture
def inbound(tls: CertificateFiles) -> Iterator[Running]:
    """An inbound listener for acme and beta."""
    with running(_listener(Direction.INBOUND, tls), loop_factory()) as server:
        yield server


@pytest.fixture
def outbound(tls: CertificateFiles) -> Iterator[Running]:
    """An outbound listener without connectors; the test adds them."""
    with running(_listener(Direction.OUTBOUND, tls), loop_factory()) as server:
        yield server


def folder_of_cases() -> Path:
    """The folder of recorded faults beside the checkout; the test is skipped where it is absent."""
    folder = Path(__file__).resolve().parents[4] / "shared" / "cases"
    if not folder.is_dir():
        pytest.skip("the folder of cases is not beside the checkout")
    return folder
