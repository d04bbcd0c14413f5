"""TLS contexts for the listeners, from files that may be renewed while the service runs."""

from __future__ import annotations

import logging
import ssl
from collections import OrderedDict
from pathlib import Path

log = logging.getLogger(__name__)

_CONTEXTS_KEPT = 64


class CertificateFiles:
    """A TLS provider that reads its certificate and key again when the files change.

    Where new files cannot be read, the last good context stays in use.
    """

    def __init__(self, certificate: Path, key: Path) -> None:
        self._certificate = certificate
        self._key = key
        self._stamp: tuple[int, ...] = ()
        self._contexts: OrderedDict[tuple[str, ...], ssl.SSLContext] = OrderedDict()

    def __call__(self, client_certificates: tuple[str, ...] = ()) -> ssl.SSLContext | None:
        """The context for one connection, see ``TlsProvider``; None while there are no files."""
        try:
            stats = (self._certificate.stat(), self._key.stat())
            stamp = tuple(n for s in stats for n in (s.st_mtime_ns, s.st_ino, s.st_size))
            if stamp != self._stamp or client_certificates not in self._contexts:
                context = server_context(self._certificate, self._key, client_certificates)
                if stamp != self._stamp:
                    self._contexts.clear()
                    self._stamp = stamp
                self._contexts[client_certificates] = context
                while len(self._contexts) > _CONTEXTS_KEPT:
                    self._contexts.popitem(last=False)
        except OSError as error:  # ssl.SSLError is one of them.
            log.error("TLS certificate or key cannot be read: %s", error)
        return self._contexts.get(client_certificates)


def server_context(
    certificate: Path, key: Path, client_certificates: tuple[str, ...] = ()
) -> ssl.SSLContext:
    """TLS 1.2 or newer (RFC 8996); asks for a client certificate only where some are pinned."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.load_cert_chain(certificate, key)
    if client_certificates:
        # Each pinned certificate is its own anchor, whoever signed it.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        context.load_verify_locations(cadata="\n".join(client_certificates))
        context.verify_mode = ssl.CERT_OPTIONAL
    return context
