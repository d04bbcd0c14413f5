"""Who may hand in outbound mail: network, proof and sender together, and a menu that has it."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from tests.journeys.conftest import Place
from tests.journeys.mails import arrived, below_trace, marker, pass_by, plain
from tests.servers.certificate import make_certificate
from tests.servers.smtp_client import Reply, SmtpClient

pytestmark = pytest.mark.stack

BOSS = "boss@alpha.example.jp"
PARTNER = "partner@example.com"


def letter(mark: str, fields: str = "", sender: str = BOSS) -> bytes:
    return fields.encode() + plain(mark, sender=sender, to=PARTNER)


def in_the_clear(place: Place, message: bytes, sender: str = BOSS) -> Reply:
    with SmtpClient(place.service.outbound) as client:
        client.hello()
        return client.send(sender, PARTNER, message)


def with_certificate(place: Place, file: Path | None, message: bytes) -> Reply:
    with SmtpClient(place.service.outbound) as client:
        client.hello()
        assert client.command("STARTTLS").code == 220
        client.wrap_tls(file, None)
        client.hello()
        return client.send(BOSS, PARTNER, message)


@pytest.mark.parametrize("name", ["X-Alpha-Proof", "x-alpha-proof", "X-ALPHA-PROOF "])
def test_a_secret_header_proves_the_tenant_and_does_not_leave(place: Place, name: str) -> None:
    """For shared clouds: the field is gone on the way out, all else is as it came."""
    mark = marker("header-proof")
    mail = letter(mark)
    assert in_the_clear(place, f"{name}: {place.header_secret}\r\n".encode() + mail).code == 250
    got = arrived(place.service, "outside", mark)
    assert place.header_secret.encode() not in got.raw
    assert below_trace(got.content) == mail


@pytest.mark.parametrize("value", ["", "wrong", None])
def test_without_the_right_secret_nothing_is_taken(place: Place, value: str | None) -> None:
    """The source network alone never authorises: 5xx, nothing leaves."""
    mark = marker("no-proof")
    fields = "" if value is None else f"X-Alpha-Proof: {value}\r\n"
    assert in_the_clear(place, letter(mark, fields)).code == 550
    pass_by(place.service)
    assert not place.service.mails("outside", mark.encode())


def test_a_secret_header_does_not_help_another_companys_sender(place: Place) -> None:
    """Envelope and header From must lie inside the connector's tenant."""
    fields = f"X-Alpha-Proof: {place.header_secret}\r\n"
    other = "boss@beta.example.jp"
    assert in_the_clear(place, letter(marker("x"), fields, other)).code == 550
    assert in_the_clear(place, letter(marker("x"), fields, other), other).code == 550
    assert in_the_clear(place, letter(marker("x"), fields), other).code == 550


def test_a_pinned_certificate_proves_the_tenant(place: Place) -> None:
    """The client shows it under STARTTLS; the mail leaves as it came."""
    mark = marker("certificate")
    assert with_certificate(place, place.certificate, letter(mark)).code == 250
    assert below_trace(arrived(place.service, "outside", mark).content) == letter(mark)


def test_another_certificate_of_the_same_name_proves_nothing(place: Place, tmp_path: Path) -> None:
    """The key counts, not the name; without any certificate it is refused too."""
    other = make_certificate(tmp_path, "office.alpha.example.jp").file
    for file in (other, None):
        try:
            assert with_certificate(place, file, letter(marker("x"))).code in (0, 550)
        except OSError:
            assert file is other  # the handshake itself may end it


@pytest.mark.parametrize("client_id", ["alpha", "beta"])
def test_a_password_is_good_for_its_own_tenant_only(place: Place, client_id: str) -> None:
    """Signed in as one company, nobody writes as the other."""
    service = place.service
    other = {"alpha": "beta", "beta": "alpha"}[client_id]
    sender = f"boss@{other}.example.jp"
    codes = service.submit(client_id, sender, [PARTNER], letter(marker("x"), sender=sender))
    assert codes[0] == 550 or codes[-1] == 550
    assert 250 not in codes[2:]


def test_a_menu_without_outbound_is_told_so(place: Place) -> None:
    """A clear 550: the contract does not hold it; nothing leaves."""
    service = place.service
    mark = marker("menu-1")
    sender = "boss@gamma.example.jp"
    with SmtpClient(service.outbound) as client:
        client.hello()
        client.start_tls()
        secret = f"\0gamma-office\0{service.passwords['gamma']}".encode()
        answer = client.command(b"AUTH PLAIN " + base64.b64encode(secret))
        if answer.code == 235:
            answer = client.send(sender, PARTNER, letter(mark, sender=sender))
    assert answer.code == 550
    assert "contract" in answer.text
    pass_by(service)
    assert not service.mails("outside", mark.encode())
