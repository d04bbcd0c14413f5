"""Certificates that change while the service runs."""

from __future__ import annotations

import os
import shutil
import ssl
from pathlib import Path

import pytest

from mailsec.gateway.envelope import Direction
from tests.workers.smtpd.conftest import QUICK
from tests.workers.smtpd.fakes import Certificate
from tests.workers.smtpd.running import running
from workers.smtpd.ports import Listener
from workers.smtpd.tls import CertificateFiles


def _copy(source: Certificate, folder: Path) -> CertificateFiles:
    shutil.copy(source.certificate, folder / "tls.pem")
    shutil.copy(source.key, folder / "tls.key")
    return CertificateFiles(folder / "tls.pem", folder / "tls.key")


def test_a_renewed_certificate_is_used_by_the_next_connection(
    tmp_path: Path, server_certificate: Certificate, strange_certificate: Certificate
) -> None:
    """Without a restart."""
    provider = _copy(server_certificate, tmp_path)
    listener = Listener(Direction.INBOUND, tls=provider, limits=QUICK)
    seen = []
    with running(listener) as server:
        for renewed in (server_certificate, strange_certificate):
            _copy(renewed, tmp_path)
            with server.client() as client:
                client.hello()
                client.start_tls()
                assert isinstance(client.sock, ssl.SSLSocket)
                seen.append(client.sock.getpeercert(binary_form=True))
    expected = [ssl.PEM_cert_to_DER_cert(c.pem) for c in (server_certificate, strange_certificate)]
    assert seen == expected


def test_a_half_written_renewal_keeps_the_last_good_certificate(
    tmp_path: Path, server_certificate: Certificate
) -> None:
    """TLS goes on with what it had."""
    provider = _copy(server_certificate, tmp_path)
    before = provider()
    (tmp_path / "tls.pem").write_text("-----BEGIN CERT")
    assert provider() is before
    os.unlink(tmp_path / "tls.key")
    assert provider() is before


def test_without_files_tls_is_not_offered(tmp_path: Path) -> None:
    """Opportunistic TLS: the listener works without it."""
    provider = CertificateFiles(tmp_path / "none.pem", tmp_path / "none.key")
    listener = Listener(Direction.INBOUND, tls=provider, limits=QUICK)
    with running(listener) as server, server.client() as client:
        assert "STARTTLS" not in client.hello().lines
        assert client.command("STARTTLS").code == 454


def test_old_tls_versions_are_refused(tmp_path: Path, server_certificate: Certificate) -> None:
    """RFC 8996."""
    context = _copy(server_certificate, tmp_path)()
    assert context is not None
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.verify_mode == ssl.CERT_NONE


@pytest.mark.parametrize("times", [1, 2])
def test_client_certificates_are_asked_for_only_where_some_are_pinned(
    tmp_path: Path, server_certificate: Certificate, client_certificate: Certificate, times: int
) -> None:
    """Other clients would fail their handshake for a certificate that nobody wants."""
    provider = _copy(server_certificate, tmp_path)
    context = provider((client_certificate.pem,) * times)
    assert context is not None
    assert context.verify_mode == ssl.CERT_OPTIONAL
    assert provider() is not context
