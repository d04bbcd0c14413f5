"""Notices of every kind arrive with the service's own signature, and it holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import dkim as dkimpy
import dns.resolver
import pytest

from mailsec.gateway.authentication import Dkim, Result
from mailsec.gateway.checks import dkim
from mailsec.gateway.dkim.canonical import SignedForm
from mailsec.gateway.message import Message
from tenants.dns import records
from tests.gateway.checks.making import key_record
from tests.journeys.conftest import Place
from tests.journeys.mails import SENDER, marker, plain
from tests.journeys.pages import Browser, unreadable
from tests.journeys.test_delivery_cases import GONE, reports, script
from tests.journeys.test_outbound import ONE, mail, notice, page_of, received, submit
from tests.servers.dns import txt
from tests.servers.mx import Received
from tests.servers.smtp_client import SmtpClient
from tests.service import Service

pytestmark = pytest.mark.stack

RECORD: Mapping[str, Mapping[str, list[str]]] = {
    "s1._domainkey.example.org": {"TXT": [txt(key_record())]}
}


@pytest.fixture(autouse=True)
def published(place: Place) -> Iterator[None]:
    """The service's key stands in the domain name system, and nothing else does."""
    place.names.zone = RECORD
    yield
    place.names.zone = {}


@pytest.fixture(scope="module")
def web(running_service: Service) -> Iterator[Service]:
    """The service with its web."""
    running_service.start("web")
    yield running_service
    running_service.stop("web")


def ours(place: Place, raw: bytes) -> list[Dkim]:
    """What the project's own verifier finds, asking the name server."""
    names = records(f"127.0.0.1:{place.names.port}")
    return list(dkim.check(SignedForm(Message(raw)), names, datetime.now(UTC), bool).values())


def another(place: Place, raw: bytes) -> bool:
    """What another program finds, asking the same name server."""
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], place.names.port

    def answer(name: bytes, timeout: int) -> bytes:
        (record,) = resolver.resolve(name.decode(), "TXT", lifetime=timeout)
        return b"".join(record.strings)

    return bool(dkimpy.verify(raw, dnsfunc=answer))


def assert_signed(place: Place, raw: bytes, author: str) -> None:
    """It holds for both, for the domain above the author's, and no longer once a byte is changed.

    The byte is one of a field, of the body, and one behind the body's end.
    """
    message = Message(raw)
    assert message.headers[0].name == "DKIM-Signature"
    assert [each.address for each in message.from_] == [f"{author}@gateway.example.org"]
    assert ours(place, raw) == [Dkim(Result.PASS, "example.org", "s1")]
    assert another(place, raw)
    at = message.header_end + (len(raw) - message.header_end) // 2
    while not raw[at : at + 1].isalnum():
        at += 1
    for changed in (
        raw.replace(b"Auto-Submitted: auto", b"Auto-Submitted: Auto"),
        raw[:at] + (b"0" if raw[at : at + 1] != b"0" else b"1") + raw[at + 1 :],
        raw + b"more\r\n",
    ):
        assert changed != raw
        assert [each.result for each in ours(place, changed)] == [Result.FAIL]
        assert not another(place, changed)


def of_server(service: Service, server: str, subject: str, recipient: str) -> Message:
    """The mail with this subject for this recipient, once it is there."""

    def found() -> list[Message]:
        mails = tuple(service.mail_servers[server].mails)
        mine = [Message(each.content) for each in mails if recipient in each.recipients]
        return [each for each in mine if each.subject == subject]

    (message,) = service.wait_for(found) or [None]
    assert message is not None, service.logs()
    return message


def test_the_notices_about_an_outbound_mail_are_signed(web: Service, place: Place) -> None:
    """That it is held, what was done to it, and the password for its reader outside."""
    mark = marker("kakunin-signed")
    submit(web, mail(mark, "図面をお送りいたします。"), ONE)
    held = notice(web, f"【送信保留】{mark}")
    assert_signed(place, held.raw, "notice")
    page, browser = page_of(held), Browser(web, "zeta")
    assert browser.send(page, page, action="deliver", scope="all") == 302
    received(web, "outside", mark, ONE)
    assert_signed(place, notice(web, f"【送信処理のお知らせ】{mark}").raw, "notice")
    assert browser.send(page, page, action="notify") == 302
    password = of_server(web, "outside", f"【パスワードのお知らせ】{mark}", ONE)
    assert_signed(place, password.raw, "notice")


def test_the_mail_with_a_code_is_signed(web: Service, place: Place) -> None:
    """The web signs like the workers."""
    address = f"{marker('code')}@zeta.example.jp"
    assert Browser(web, "zeta").send("/mail/", "/mail/", action="address", address=address) == 200

    def codes() -> list[Received]:
        mails = tuple(web.mail_servers["alpha"].mails)
        return [each for each in mails if address in each.recipients]

    (got,) = web.wait_for(codes)
    assert_signed(place, got.content, "notice")


def test_a_digest_is_signed(running_service: Service, place: Place) -> None:
    """Sent from the operator's shell, which signs like the workers and the web."""
    mark, reader = marker("signed-digest"), "reader@epsilon.example.jp"
    assert running_service.send(SENDER, [reader], unreadable(mark))[-1] == 250
    assert running_service.settled("epsilon", mark)["state"] == "quarantined"
    running_service.commands(["digest", "send", "epsilon"])

    def digests() -> list[Received]:
        mails = tuple(running_service.mail_servers["alpha"].mails)
        return [each for each in mails if reader in each.recipients]

    (got,) = running_service.wait_for(digests)
    assert mark in Message(got.content).text
    assert_signed(place, got.content, "notice")


@pytest.mark.parametrize("sender", ["sender@example.jp", "差出人@例え.jp"])
def test_a_bounce_is_signed(running_service: Service, place: Place, sender: str) -> None:
    """Also one that goes by SMTPUTF8, with an address and fields in UTF-8."""
    mark = marker("signed-bounce")
    script(running_service, "alpha", **{mark: GONE})
    raw = plain(mark, sender=sender, to=f"{mark}@alpha.example.jp")
    with SmtpClient(running_service.inbound) as client:
        client.hello()
        option = "" if sender.isascii() else " SMTPUTF8"
        assert client.command(f"MAIL FROM:<{sender}>{option}").code == 250
        assert client.command(f"RCPT TO:<{mark}@alpha.example.jp>").code == 250
        assert client.data(raw).code == 250
    running_service.wait_for(lambda: reports(running_service, "outside", mark))
    (got,) = reports(running_service, "outside", mark)
    assert got.recipients == (sender,)
    assert_signed(place, got.content, "mailer-daemon")
