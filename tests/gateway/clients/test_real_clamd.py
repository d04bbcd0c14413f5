"""The clamd client against Debian's own clamd, with a small database made for the test."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator

import pytest

from mailsec.gateway.clients.clamd import ClamdScanner
from mailsec.gateway.envelope import Client, Direction, Envelope
from mailsec.gateway.errors import ContentTooLarge, ScannerUnavailable
from mailsec.gateway.message import Message
from mailsec.gateway.pipeline import decide, examine
from mailsec.gateway.policy import Policy
from mailsec.gateway.ports import Services
from mailsec.gateway.verdict import Disposition, Label
from tests.servers import clamav

pytestmark = [
    pytest.mark.skipif(bool(clamav.missing()), reason=clamav.missing()),
]


@pytest.fixture(scope="module")
def clamd() -> Iterator[clamav.Clamd]:
    with clamav.running() as running:
        yield running


def test_it_finds_its_viruses_and_nothing_else(clamd: clamav.Clamd) -> None:
    """By hash, by pattern, and inside an archive that it opens itself."""
    scanner = ClamdScanner(clamd.address)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("a.txt", b"see " + clamav.MARKER)
    assert scanner.scan(clamav.EICAR).virus.startswith("Test.Eicar")
    assert scanner.scan(b"see " + clamav.MARKER).virus.startswith("Test.Marker")
    assert scanner.scan(archive.getvalue()).virus.startswith("Test.Marker")
    assert not scanner.scan(b"hello").infected


def test_it_says_what_it_is_and_as_of_when(clamd: clamav.Clamd) -> None:
    """PING and VERSION."""
    scanner = ClamdScanner(clamd.address)
    scanner.ping()
    assert scanner.version().startswith("ClamAV ")


def test_a_content_over_its_limit_is_not_clean(clamd: clamav.Clamd) -> None:
    """Its StreamMaxLength is 1 MiB here."""
    with pytest.raises(ContentTooLarge):
        ClamdScanner(clamd.address).scan(b"x" * 1_100_000)


def test_a_mail_goes_through_it(clamd: clamav.Clamd) -> None:
    """The infected part is removed, the letter is delivered."""
    raw = (
        b"From: a@example.jp\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n'
        b"Content-Type: text/plain\r\n\r\nhello\r\n--b\r\n"
        b'Content-Type: text/csv; name="a.csv"\r\nContent-Disposition: attachment\r\n\r\n'
        + clamav.MARKER
        + b"\r\n--b--\r\n"
    )
    envelope = Envelope(Direction.INBOUND, Client("192.0.2.1"), "a@example.jp", ("b@example.com",))
    verdict = examine(Message(raw), envelope, Policy(), Services(ClamdScanner(clamd.address)))
    decision = decide(verdict, envelope, Policy())
    assert (decision.disposition, decision.label) == (Disposition.DELIVER, Label.MALICIOUS)
    assert set(decision.remove) == {2}


def test_a_crashed_one_is_never_clean() -> None:
    """No answer, and so the caller waits and tries again."""
    with clamav.running() as doomed:
        scanner = ClamdScanner(doomed.address, connect_timeout=2, scan_timeout=5)
        assert not scanner.scan(b"hello").infected
        doomed.kill()
        with pytest.raises(ScannerUnavailable):
            scanner.scan(b"hello")
