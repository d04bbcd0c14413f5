"""Opening connections with every TLS mode, and keeping them for the next mail."""

from __future__ import annotations

import os
import random
import socket
import ssl
import threading
import time
from pathlib import Path

import pytest

from mailsec.gateway.delivery import (
    ConnectionPool,
    Connector,
    Courier,
    Hop,
    Outcome,
    Parcel,
    Result,
    Timeouts,
    TlsMode,
    TlsTrust,
)
from mailsec.gateway.smtp.conversation import Deadline
from tests.servers.certificate import Certificate, make_certificate
from tests.servers.mx import EVERYTHING, MailServer, Script

QUICK = Timeouts(connect=2, greeting=2, command=2, block=2, end_of_data=2)
ENCRYPTED = [TlsMode.OPPORTUNISTIC, TlsMode.REQUIRED, TlsMode.VERIFIED]


class Clock:
    """Monotonic time that the test moves on."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    folder = tmp_path_factory.mktemp("stranger")
    return make_certificate(folder, name="mx.example.org", address="")


def send(server: MailServer, tls: TlsMode, trust: Path | None = None) -> Result:
    connector = Connector(
        "gateway.example.net", time.monotonic, QUICK, TlsTrust(str(trust) if trust else "")
    )
    return one(Courier(ConnectionPool(connector, idle_seconds=0), random.Random(1)), server, tls)


def one(courier: Courier, server: MailServer, tls: TlsMode = TlsMode.NONE) -> Result:
    parcel = Parcel("sender@example.jp", ("ana@example.com",), b"Subject: x\r\n\r\nbody\r\n")
    (result,) = courier.deliver(parcel, [Hop("127.0.0.1", server.port, tls)])
    return result


@pytest.mark.parametrize("tls", ENCRYPTED)
def test_mail_goes_encrypted_where_the_server_can(tls: TlsMode, certificate: Certificate) -> None:
    with MailServer(Script(tls=certificate.server_context())) as mx:
        result = send(mx, tls, certificate.file)
    assert (result.outcome, result.tls) == (Outcome.DELIVERED, "TLSv1.3")
    assert mx.mails[0].tls
    assert mx.commands[:3] == ["EHLO gateway.example.net", "STARTTLS", "EHLO gateway.example.net"]


def test_mode_none_never_asks_for_tls(certificate: Certificate) -> None:
    with MailServer(Script(tls=certificate.server_context())) as mx:
        result = send(mx, TlsMode.NONE)
    assert (result.outcome, result.tls) == (Outcome.DELIVERED, "")
    assert "STARTTLS" not in mx.commands


def test_an_untrusted_certificate_is_good_enough_unless_it_must_be_verified(
    certificate: Certificate,
) -> None:
    with MailServer(Script(tls=certificate.server_context())) as mx:
        assert send(mx, TlsMode.OPPORTUNISTIC).tls == "TLSv1.3"
        assert send(mx, TlsMode.REQUIRED).tls == "TLSv1.3"
        result = send(mx, TlsMode.VERIFIED)
    assert (result.outcome, result.enhanced) == (Outcome.DEFERRED, "4.7.5")
    assert "self-signed" in result.reply
    assert len(mx.mails) == 2


def test_a_certificate_for_another_name_is_not_verified(stranger: Certificate) -> None:
    with MailServer(Script(tls=stranger.server_context())) as mx:
        result = send(mx, TlsMode.VERIFIED, stranger.file)
    assert (result.outcome, result.enhanced) == (Outcome.DEFERRED, "4.7.5")
    assert mx.mails == []


@pytest.mark.parametrize("tls", ENCRYPTED)
@pytest.mark.parametrize("how", ["not offered", "refused", "handshake", "closed"])
def test_broken_tls_means_in_the_clear_for_opportunistic_alone(
    tls: TlsMode, how: str, certificate: Certificate
) -> None:
    """Where encryption must be, nothing is ever sent without it."""
    script = Script()
    if how == "refused":
        script = Script(tls=certificate.server_context(), starttls="454 4.7.0 no TLS today")
    elif how == "handshake":
        old = certificate.server_context()
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        old.set_ciphers("AES128-SHA")  # RSA key exchange, which this certificate cannot do.
        script = Script(tls=old)
    elif how == "closed":
        script = Script(extensions=(*EVERYTHING, "STARTTLS"))
    with MailServer(script) as mx:
        result = send(mx, tls, certificate.file)
    if tls is TlsMode.OPPORTUNISTIC:
        assert (result.outcome, result.tls) == (Outcome.DELIVERED, "")
    else:
        assert result.outcome is Outcome.DEFERRED
        assert result.enhanced.startswith("4.")
        assert mx.mails == []
        assert not any(command.startswith("MAIL") for command in mx.commands)


def test_a_server_that_wants_a_client_certificate_gets_opportunistic_mail_in_the_clear(
    certificate: Certificate,
) -> None:
    """With TLS 1.3 its refusal comes only after the handshake seems to be done."""
    demanding = certificate.server_context()
    demanding.verify_mode = ssl.CERT_REQUIRED
    demanding.load_verify_locations(certificate.file)
    with MailServer(Script(tls=demanding)) as mx:
        assert send(mx, TlsMode.OPPORTUNISTIC).outcome is Outcome.DELIVERED
        assert send(mx, TlsMode.REQUIRED).outcome is Outcome.DEFERRED
    assert [mail.tls for mail in mx.mails] == [False]


def test_text_in_the_clear_behind_starttls_is_an_attack(certificate: Certificate) -> None:
    """Attack: replies injected before the handshake would be taken for encrypted ones."""
    injected = "220 2.0.0 go\r\n250 mx.example.com"
    with MailServer(Script(tls=certificate.server_context(), starttls=injected)) as mx:
        result = send(mx, TlsMode.REQUIRED)
    assert (result.outcome, result.enhanced) == (Outcome.DEFERRED, "4.7.5")
    assert mx.mails == []


class Kept:
    """A courier whose pool keeps connections, and its clock."""

    def __init__(self, idle_seconds: float = 30, mails: int = 100) -> None:
        self.clock = Clock()
        connector = Connector("gateway.example.net", self.clock, QUICK)
        self.pool = ConnectionPool(connector, idle_seconds, mails)
        self.courier = Courier(self.pool, random.Random(1))


@pytest.mark.parametrize("extensions", [EVERYTHING, ()])
def test_one_connection_serves_many_mails_and_is_reset_between_them(
    extensions: tuple[str, ...],
) -> None:
    kept = Kept()
    with MailServer(Script(extensions=extensions)) as mx:
        results = [one(kept.courier, mx) for _ in range(5)]
        kept.pool.close()
    assert {result.outcome for result in results} == {Outcome.DELIVERED}
    assert mx.connections == 1
    assert mx.commands.count("RSET") == 4


def test_an_encrypted_connection_is_kept_too(certificate: Certificate) -> None:
    kept = Kept()
    with MailServer(Script(tls=certificate.server_context())) as mx:
        results = [one(kept.courier, mx, TlsMode.REQUIRED) for _ in range(3)]
        kept.pool.close()
    assert {result.tls for result in results} == {"TLSv1.3"}
    assert mx.connections == 1


def test_an_encrypted_hop_never_gets_a_connection_in_the_clear(certificate: Certificate) -> None:
    kept = Kept()
    with MailServer(Script(tls=certificate.server_context())) as mx:
        one(kept.courier, mx, TlsMode.NONE)
        result = one(kept.courier, mx, TlsMode.REQUIRED)
        kept.pool.close()
    assert result.tls == "TLSv1.3"
    assert mx.connections == 2


def test_a_connection_is_closed_after_its_number_of_mails() -> None:
    kept = Kept(mails=2)
    with MailServer() as mx:
        for _ in range(5):
            one(kept.courier, mx)
        kept.pool.close()
    assert mx.connections == 3


def test_a_connection_idle_for_too_long_is_not_used_again() -> None:
    kept = Kept(idle_seconds=30)
    with MailServer() as mx:
        one(kept.courier, mx)
        kept.clock.ahead = 31
        one(kept.courier, mx)
        kept.pool.close()
    assert mx.connections == 2


def test_a_kept_connection_that_died_is_replaced_silently() -> None:
    """The server hung up while the connection lay idle; the mail goes out at once all the same."""
    kept = Kept()
    with MailServer() as mx:
        one(kept.courier, mx)
        mx.hang_up()
        result = one(kept.courier, mx)
        kept.pool.close()
    assert result.outcome is Outcome.DELIVERED
    assert [mail.connection for mail in mx.mails] == [1, 2]


@pytest.mark.parametrize("extensions", [EVERYTHING, ()])
def test_421_on_a_kept_connection_leads_to_a_fresh_one(extensions: tuple[str, ...]) -> None:
    """A server that allows two mails for each connection gets three mails on two."""
    kept = Kept()
    with MailServer(Script(extensions=extensions, mails_per_connection=2)) as mx:
        results = [one(kept.courier, mx) for _ in range(3)]
        kept.pool.close()
    assert {result.outcome for result in results} == {Outcome.DELIVERED}
    assert [mail.connection for mail in mx.mails] == [1, 1, 2]


def test_closing_says_good_bye() -> None:
    kept = Kept()
    with MailServer() as mx:
        one(kept.courier, mx)
        kept.pool.close()
        deadline = time.monotonic() + 2
        while mx.commands[-1] != "QUIT" and time.monotonic() < deadline:
            time.sleep(0.01)
    assert mx.commands[-1] == "QUIT"


def test_threads_share_a_pool_without_sharing_a_connection() -> None:
    kept = Kept()
    results: list[Result] = []
    with MailServer() as mx:

        def work() -> None:
            results.extend(one(kept.courier, mx) for _ in range(20))

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        kept.pool.close()
    assert [result.outcome for result in results] == [Outcome.DELIVERED] * 160
    assert len(mx.mails) == 160
    assert mx.connections <= 8


# The server of the test runs in threads, of which Python 3.12 and later warn at a fork; the child
# uses none of them.
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_forked_child_leaves_its_parent_s_connections_alone() -> None:
    """Parent and child deliver in turn; neither sees the other's replies."""
    kept = Kept()
    reading, writing = os.pipe()
    with MailServer() as mx:
        one(kept.courier, mx)
        child = os.fork()
        if child == 0:
            outcome = one(kept.courier, mx).outcome
            os.write(writing, outcome.encode())
            os._exit(0)
        os.waitpid(child, 0)
        result = one(kept.courier, mx)
        kept.pool.close()
    assert os.read(reading, 100) == b"delivered"
    os.close(reading)
    os.close(writing)
    assert result.outcome is Outcome.DELIVERED
    assert [mail.connection for mail in mx.mails] == [1, 2, 1]


def test_a_host_name_is_looked_up_through_the_resolver_that_was_handed_in() -> None:
    class Names:
        def mail_exchangers(self, domain: str) -> tuple[()]:
            return ()

        def addresses(self, host: str) -> tuple[str, ...]:
            return ("127.0.0.2", "127.0.0.1") if host == "mx.example.com" else ()

    with MailServer() as mx:
        connector = Connector("gateway.example.net", time.monotonic, QUICK, resolver=Names())
        courier = Courier(ConnectionPool(connector, idle_seconds=0), random.Random(1))
        parcel = Parcel("", ("ana@example.com",), b"x: y\r\n\r\n")
        (found,) = courier.deliver(parcel, [Hop("mx.example.com", mx.port)])
        (missing,) = courier.deliver(parcel, [Hop("mx.example.org", mx.port)])
    assert (found.outcome, found.host) == (Outcome.DELIVERED, "mx.example.com")
    assert (missing.outcome, missing.enhanced) == (Outcome.DEFERRED, "4.4.3")


def test_no_small_write_waits_for_an_acknowledgement() -> None:
    """TCP_NODELAY is set: 40 ms stalls would make every mail slow."""
    connector = Connector("gateway.example.net", time.monotonic, QUICK)
    with MailServer() as mx:
        sock = connector._connect(  # No other way to see the option of a live socket.
            Hop("127.0.0.1", mx.port), Deadline(time.monotonic, 5)
        )
        with sock:
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
