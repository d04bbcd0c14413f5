"""The outbound listener: source network, proof, sender and author, all of them together."""

from __future__ import annotations

import ssl
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from ipaddress import ip_network

import pytest

from mailsec.gateway.envelope import Direction
from tests.servers.smtp_client import Reply, SmtpClient
from tests.workers.smtpd.conftest import QUICK
from tests.workers.smtpd.fakes import Certificate
from tests.workers.smtpd.running import ACME, LoopFactory, Running, running
from workers.smtpd.ports import ConnectorInfo, Listener, TenantRoute
from workers.smtpd.tls import CertificateFiles

LOOPBACK = (ip_network("127.0.0.0/8"),)
PASSWORD = "correct horse battery staple"
SECRET = b"6f1c-secret-header-value"
OWN = b"From: Staff <staff@example.com>\r\nSubject: out\r\n\r\nbody\r\n"
BETA_OUT = TenantRoute("beta", outbound=True)

LOGIN = ConnectorInfo(
    "c-login",
    "login",
    ACME,
    LOOPBACK,
    "auth",
    username="acme-relay",
    secret_sha256=sha256(PASSWORD.encode()).digest(),
)
HEADER = ConnectorInfo(
    "c-header",
    "cloud",
    ACME,
    LOOPBACK,
    "header",
    secret_sha256=sha256(SECRET).digest(),
    header_name="X-Gateway-Secret",
)


def plain(username: str, password: str) -> str:
    """The initial response of AUTH PLAIN."""
    return b64encode(f"\0{username}\0{password}".encode()).decode()


def log_in(client: SmtpClient, username: str = "acme-relay", password: str = PASSWORD) -> Reply:
    """STARTTLS and AUTH PLAIN."""
    client.hello()
    client.start_tls()
    return client.command("AUTH PLAIN " + plain(username, password))


def test_a_network_without_connector_may_not_send(outbound: Running) -> None:
    """The listener relays for nobody else."""
    with outbound.client() as client:
        client.hello()
        answer = client.command("MAIL FROM:<staff@example.com>")
        assert (answer.code, answer.text[:5]) == (550, "5.7.1")
        outbound.directory.connectors = [replace(LOGIN, networks=(ip_network("192.0.2.0/24"),))]
        assert client.command("MAIL FROM:<staff@example.com>").code == 550


def test_login_over_tls_from_the_right_network_sends_anywhere(
    tls: CertificateFiles, any_loop: LoopFactory
) -> None:
    """The mail belongs to the connector's tenant."""
    listener = Listener(Direction.OUTBOUND, tls=tls, limits=QUICK)
    recipients = ("a@example.net", "b@example.org", "c@example.com")
    with running(listener, any_loop) as server:
        server.directory.connectors = [LOGIN]
        with server.client() as client:
            assert log_in(client).code == 235
            assert client.envelope("staff@example.com", *recipients) == [250] * 4
            assert client.data(OWN).code == 250
        mail = server.stored[0]
        assert (mail.tenant, mail.raw, mail.envelope.recipients) == ("acme", OWN, recipients)
        assert mail.envelope.client.connector == "c-login"
        assert mail.envelope.direction is Direction.OUTBOUND


@pytest.fixture
def login_listener(outbound: Running) -> Running:
    """An outbound listener that knows one login."""
    outbound.directory.connectors = [LOGIN]
    return outbound


def test_login_is_neither_announced_nor_taken_in_the_clear(login_listener: Running) -> None:
    """538, and the mail is refused with 530."""
    with login_listener.client() as client:
        assert not any(line.startswith("AUTH") for line in client.hello().lines)
        assert client.command("AUTH PLAIN " + plain("acme-relay", PASSWORD)).code == 538
        assert client.command("MAIL FROM:<staff@example.com>").code == 530


def test_login_by_the_mechanism_login(login_listener: Running) -> None:
    """Name and password are asked for one by one."""
    with login_listener.client() as client:
        client.hello()
        client.start_tls()
        assert "AUTH PLAIN LOGIN" in client.hello().lines
        assert client.command("AUTH LOGIN").text == "VXNlcm5hbWU6"
        assert client.command(b64encode(b"acme-relay")).text == "UGFzc3dvcmQ6"
        assert client.command(b64encode(PASSWORD.encode())).code == 235
        assert client.command("AUTH LOGIN").code == 503
        assert client.command("MAIL FROM:<staff@example.com>").code == 250


def test_login_by_plain_with_the_response_asked_for(login_listener: Running) -> None:
    """RFC 4954: the initial response may come later, or the client may cancel."""
    with login_listener.client() as client:
        client.hello()
        client.start_tls()
        assert client.command("AUTH PLAIN").code == 334
        assert client.command("*").code == 501
        assert client.command("auth plain").code == 334
        assert client.command(plain("acme-relay", PASSWORD)).code == 235


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("AUTH PLAIN ====", 501),
        ("AUTH PLAIN =", 501),
        ("AUTH PLAIN !", 501),
        ("AUTH PLAIN " + b64encode(b"no zeros").decode(), 501),
        ("AUTH CRAM-MD5", 504),
        ("AUTH", 504),
        ("AUTH PLAIN " + plain("acme-relay", "wrong"), 535),
        ("AUTH PLAIN " + plain("nobody", PASSWORD), 535),
        ("AUTH PLAIN " + plain("", ""), 535),
    ],
)
def test_a_bad_login_is_refused(login_listener: Running, command: str, code: int) -> None:
    """The same answer for a wrong name and a wrong password."""
    with login_listener.client() as client:
        client.hello()
        client.start_tls()
        assert client.command(command).code == code
        assert client.command("MAIL FROM:<staff@example.com>").code == 530


def test_guessing_passwords_ends_the_session_and_then_the_client(tls: CertificateFiles) -> None:
    """Three tries a session, a few a minute from one address."""
    limits = replace(QUICK, failed_logins_per_minute_per_ip=4)
    listener = Listener(Direction.OUTBOUND, tls=tls, limits=limits)
    with running(listener) as server:
        server.directory.connectors = [LOGIN]
        with server.client() as client:
            assert log_in(client, password="wrong").code == 535
            guess = "AUTH PLAIN " + plain("acme-relay", "wrong")
            assert client.command(guess).code == 535
            assert client.command(guess).code == 535
            assert client.reply().code == 0
        with server.client() as client:
            assert log_in(client, password="wrong").code == 535
            assert client.command(guess).code == 454
            assert client.command("AUTH PLAIN " + plain("acme-relay", PASSWORD)).code == 454


def test_a_wrong_login_waits_without_holding_up_others(
    tls: CertificateFiles, caplog: pytest.LogCaptureFixture
) -> None:
    """The delay is one session's own: who comes later is answered first."""
    limits = replace(QUICK, failed_login_delay=60.0)
    with running(Listener(Direction.OUTBOUND, tls=tls, limits=limits)) as server:
        server.directory.connectors = [LOGIN]
        with server.client() as guesser, server.client() as client:
            guesser.hello()
            guesser.start_tls()
            guesser.raw(b"AUTH PLAIN " + plain("acme-relay", "wrong").encode() + b"\r\n")
            while "Login failed" not in caplog.text:
                assert client.command("NOOP").code == 250
            assert log_in(client).code == 235
            guesser.sock.setblocking(False)
            with pytest.raises(ssl.SSLWantReadError):
                guesser.sock.recv(1)


@pytest.mark.parametrize(
    ("sender", "message", "code"),
    [
        ("staff@example.com", OWN, 250),
        ("", OWN, 250),
        ("staff@EXAMPLE.com", OWN, 250),
        ("staff@example.net", OWN, 550),
        ("staff@sub.example.com", OWN, 550),
        ("known@example.org", OWN, 550),
        ("staff@example.com", OWN.replace(b"staff@example.com", b"boss@example.net"), 550),
        ("staff@example.com", OWN.replace(b"staff@example.com", b"known@example.org"), 550),
        ("staff@example.com", b"From: boss@example.net\r\n" + OWN, 550),
        ("staff@example.com", b"From: a@example.com, boss@example.net\r\n\r\n", 550),
        ("staff@example.com", b"Subject: no author\r\n\r\nbody\r\n", 550),
        ("staff@example.com", b"\r\nFrom: staff@example.com\r\n", 550),
        ("staff@example.com", b"From: undisclosed:;\r\n\r\n", 550),
    ],
)
def test_sender_and_every_author_are_inside_the_tenants_domains(
    login_listener: Running, sender: str, message: bytes, code: int
) -> None:
    """A right login of one tenant does not write for another, nor for the rest of the world."""
    with login_listener.client() as client:
        assert log_in(client).code == 235
        answer = client.send(sender, "recipient@example.net", message)
    assert answer.code == code
    if code == 550:
        assert answer.text.startswith("5.7.1")
        assert login_listener.stored == []


def test_connectors_of_one_name_in_two_tenants_are_not_mixed_up(outbound: Running) -> None:
    """A login proves its own tenant, whatever the connectors of others are called."""
    beta = replace(LOGIN, tenant=BETA_OUT, username="beta-relay")
    from_beta = OWN.replace(b"staff@example.com", b"known@example.org")
    for order in ([LOGIN, beta], [beta, LOGIN]):
        outbound.directory.connectors = list(order)
        with outbound.client() as client:
            assert log_in(client).code == 235
            assert client.send("known@example.org", "a@example.net", from_beta).code == 550
            assert client.send("", "a@example.net", from_beta).code == 550
            assert client.send("staff@example.com", "a@example.net", OWN).code == 250
    assert {mail.tenant for mail in outbound.stored} == {"acme"}


def test_an_address_literal_is_no_recipient(login_listener: Running) -> None:
    """It would reach into our own network."""
    with login_listener.client() as client:
        log_in(client)
        client.command("MAIL FROM:<staff@example.com>")
        assert client.command("RCPT TO:<root@[127.0.0.1]>").code == 550
        assert client.command("RCPT TO:<postmaster>").code == 550


def test_a_menu_without_outbound_says_so(outbound: Running) -> None:
    """550 with a sentence that the customer understands."""
    outbound.directory.connectors = [replace(LOGIN, tenant=replace(ACME, outbound=False))]
    with outbound.client() as client:
        log_in(client)
        answer = client.command("MAIL FROM:<staff@example.com>")
    assert answer == Reply(550, ("5.7.1 Your contract does not include outbound mail",))


def test_suspension_and_removal_count_within_an_open_session(login_listener: Running) -> None:
    """The rights are asked anew for each mail."""
    with login_listener.client() as client:
        log_in(client)
        assert client.command("MAIL FROM:<staff@example.com>").code == 250
        client.command("RSET")
        login_listener.directory.connectors = [replace(LOGIN, tenant=replace(ACME, accepts=False))]
        assert client.command("MAIL FROM:<staff@example.com>").code == 450
        login_listener.directory.connectors = []
        assert client.command("MAIL FROM:<staff@example.com>").code == 550


def test_the_secret_header_proves_a_shared_cloud_and_is_taken_out(outbound: Running) -> None:
    """All other bytes stay; every copy of the header goes."""
    outbound.directory.connectors = [HEADER]
    head = b"X-Before: 1\r\n"
    secret = b"x-gateway-SECRET:\r\n\t" + SECRET + b"\r\nX-Gateway-Secret: old\r\n"
    with outbound.client() as client:
        client.hello()
        message = head + secret + OWN + b"X-Gateway-Secret: in the body\r\n"
        assert client.send("staff@example.com", "a@example.net", message).code == 250
    assert outbound.stored[0].raw == head + OWN + b"X-Gateway-Secret: in the body\r\n"
    assert outbound.stored[0].envelope.client.connector == "c-header"


@pytest.mark.parametrize(
    "message",
    [
        OWN,
        b"X-Gateway-Secret: wrong\r\n" + OWN,
        b"X-Gateway-Secret:\r\n" + OWN,
        OWN + b"X-Gateway-Secret: " + SECRET + b"\r\n",
        b"X-Gateway-Secret2: " + SECRET + b"\r\n" + OWN,
    ],
)
def test_a_shared_cloud_without_the_secret_is_refused(outbound: Running, message: bytes) -> None:
    """The source network alone never authorises, nor does the secret in the body."""
    outbound.directory.connectors = [HEADER]
    with outbound.client() as client:
        client.hello()
        answer = client.send("staff@example.com", "a@example.net", message)
    assert (answer.code, answer.text[:5]) == (550, "5.7.1")
    assert outbound.stored == []


def test_tenants_in_one_cloud_are_told_apart_by_their_secret(outbound: Running) -> None:
    """Acme's secret does not send for beta, even with a null sender."""
    beta = replace(
        HEADER, id="c-beta", tenant=BETA_OUT, secret_sha256=sha256(b"beta's secret").digest()
    )
    outbound.directory.connectors = [HEADER, beta]
    from_beta = OWN.replace(b"staff@example.com", b"known@example.org")
    with outbound.client() as client:
        client.hello()
        acme_proof = b"X-Gateway-Secret: " + SECRET + b"\r\n"
        assert client.send("", "a@example.net", acme_proof + from_beta).code == 550
        beta_proof = b"X-Gateway-Secret: beta's secret\r\n"
        assert client.send("", "a@example.net", beta_proof + from_beta).code == 250
        assert client.send("known@example.org", "a@example.net", acme_proof + OWN).code == 550
    assert [mail.tenant for mail in outbound.stored] == ["beta"]


@pytest.fixture
def certificate_listener(
    outbound: Running, client_certificate: Certificate
) -> Callable[[], SmtpClient]:
    """Connections to an outbound listener that pins one client certificate."""
    outbound.directory.connectors = [
        ConnectorInfo(
            "c-certificate",
            "own server",
            ACME,
            LOOPBACK,
            "certificate",
            certificate_sha256=client_certificate.sha256,
            certificate_pem=client_certificate.pem,
        )
    ]
    return outbound.client


def test_the_pinned_certificate_proves_the_tenant(
    outbound: Running,
    certificate_listener: Callable[[], SmtpClient],
    client_certificate: Certificate,
) -> None:
    """No login is needed."""
    with certificate_listener() as client:
        client.hello()
        client.start_tls(client_certificate.certificate, client_certificate.key)
        assert client.send("staff@example.com", "a@example.net", OWN).code == 250
    assert outbound.stored[0].envelope.client.connector == "c-certificate"


def test_no_certificate_proves_nothing(certificate_listener: Callable[[], SmtpClient]) -> None:
    """Neither in the clear nor under TLS."""
    with certificate_listener() as client:
        client.hello()
        assert client.command("MAIL FROM:<staff@example.com>").code == 550
        client.start_tls()
        assert client.command("MAIL FROM:<staff@example.com>").code == 550


def test_a_strange_certificate_does_not_come_in(
    certificate_listener: Callable[[], SmtpClient], strange_certificate: Certificate
) -> None:
    """The handshake ends."""
    with certificate_listener() as client:
        client.hello()
        with pytest.raises((OSError, AssertionError)):
            client.start_tls(strange_certificate.certificate, strange_certificate.key)
            assert client.command("MAIL FROM:<staff@example.com>").code == 250
