"""What becomes of clients that block lists hold, or that are in doubt: a listener that asks about
strangers, who say by PROXY where they come from."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from demo.processes import Program, Supervisor, answers
from tests.gateway.checks.making import key_record, signed
from tests.journeys.conftest import Place
from tests.journeys.mails import USER, arrived, closed_port, marker, plain
from tests.journeys.pages import Browser
from tests.servers.dns import txt
from tests.servers.smtp_client import Reply, SmtpClient

pytestmark = pytest.mark.stack

BAD, DOUBTFUL = "dnsbl.example.net", "doubt.example.net"
AUTHOR = "sender@shop.example.jp"


def listed(ip: str, zone: str, answer: str) -> dict[str, dict[str, list[str]]]:
    return {f"{'.'.join(reversed(ip.split('.')))}.{zone}": {"A": [answer]}}


# Each test has a client of its own, since the listener remembers what it heard of one.
ZONE = {
    **listed("127.0.0.2", BAD, "127.0.0.2"),
    **listed("127.0.0.2", DOUBTFUL, "127.0.0.2"),
    **listed("203.0.113.1", BAD, "127.0.0.2"),
    **listed("203.0.113.2", BAD, "127.255.255.254"),
    **listed("203.0.113.3", DOUBTFUL, "127.0.0.2"),
    **listed("203.0.113.4", DOUBTFUL, "127.0.0.2"),
    **listed("203.0.113.5", DOUBTFUL, "127.0.0.2"),
    **listed("203.0.113.6", BAD, "127.0.0.2"),
    "shop.example.jp": {"TXT": [txt("v=spf1 ip4:203.0.113.4 -all")]},
    "s1._domainkey.shop.example.jp": {"TXT": [txt(key_record())]},
}


@dataclass(frozen=True)
class Judging:
    """The listener beside the service's own; what it takes goes the same way."""

    place: Place
    port: int

    def send(self, ip: str, mark: str, raw: bytes = b"", sender: str = AUTHOR) -> Reply:
        """What a client from this address hears at last about a mail to alpha."""
        with SmtpClient(self.port, greeting=False) as client:
            client.raw(f"PROXY TCP4 {ip} 198.51.100.1 40000 25\r\n".encode())
            assert client.reply().code == 220
            assert client.command("EHLO mail.shop.example.jp").code == 250
            return client.send(sender, USER, raw or plain(mark, sender=sender))


@pytest.fixture(scope="module")
def judging(place: Place) -> Iterator[Judging]:
    """Once its block lists have passed their test."""
    service, port = place.service, closed_port()
    place.names.zone = ZONE
    environment = service.environment | {
        "MAILSEC_SMTPD_INBOUND": f"127.0.0.1:{port}",
        "MAILSEC_SMTPD_OUTBOUND": f"127.0.0.1:{closed_port()}",
        "MAILSEC_SMTPD_PROXY_NETWORKS": "127.0.0.0/8",
        "MAILSEC_DNSBL": f"{BAD}:10,{DOUBTFUL}:5",
        "MAILSEC_REPUTATION_SECONDS": "1",
        "MAILSEC_GREYLIST_SECONDS": "1",
    }
    log = service.folder / "log" / "smtpd-judging.log"
    command = (sys.executable, "manage.py", "smtpd")
    supervisor = Supervisor(service.folder / "log", environment)
    try:
        supervisor.start([Program("smtpd-judging", command, answers(port))], lambda: None)
        assert service.wait_for(lambda: log.read_text().count("passed its test") == 2, 20)
        yield Judging(place, port)
    finally:
        supervisor.stop()
        place.names.zone = {}


@pytest.fixture
def console(place: Place) -> Iterator[Browser]:
    """alpha's administrator, in the console."""
    place.service.start("web")
    browser = Browser(place.service)
    browser.sign_in()
    yield browser
    place.service.stop("web")


def test_a_listed_client_is_refused_and_the_tenant_finds_it(
    judging: Judging, console: Browser
) -> None:
    """By the reference that the sender was told, with the list that holds him."""
    answer = judging.send("203.0.113.1", "")
    assert (answer.code, answer.text[:6]) == (554, "5.7.1 ")
    assert BAD not in answer.text
    found = re.search(r"reference ([0-9a-f]+)", answer.text)
    assert found is not None
    path = f"/messages/refused/?text={found[1]}"
    assert judging.place.service.wait_for(lambda: AUTHOR in console.page(path), 15)
    page = console.page(path)
    assert BAD in page
    assert "203.0.113.1" in page and USER in page


def test_an_error_of_a_list_is_no_listing(judging: Judging) -> None:
    """127.255.255.254 says that the question came through a public name server."""
    mark = marker("list-error")
    assert judging.send("203.0.113.2", mark).code == 250
    arrived(judging.place.service, "alpha", mark)


def test_a_client_in_doubt_is_taken_when_it_comes_again(judging: Judging) -> None:
    """Its first try gets 451; one that comes after the delay has its mail in once, and the tenant
    sees of each try before that the mail has come."""
    service, mark, sender = (
        judging.place.service,
        marker("greylisted"),
        "sender@partner.example.org",
    )
    first = judging.send("203.0.113.3", mark, sender=sender)
    assert (first.code, first.text[:6]) == (451, "4.7.1 ")

    def comes_again() -> bool:
        return judging.send("203.0.113.3", mark, sender=sender).code == 250

    def refusals() -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = service.manage.json(
            "message", "refused", "alpha", "--text", sender
        )
        return rows

    assert service.wait_for(comes_again, 15)
    arrived(service, "alpha", mark)
    assert service.wait_for(lambda: all(row["taken_at"] for row in refusals()), 15)
    assert {(row["reason"], row["code"]) for row in refusals()} == {("greylisted", 451)}


def test_who_proves_the_sender_by_spf_is_taken_at_once(judging: Judging) -> None:
    """However doubtful its address is."""
    mark = marker("spf-proof")
    assert judging.send("203.0.113.4", mark).code == 250
    arrived(judging.place.service, "alpha", mark)


def test_who_proves_the_sender_by_dkim_is_taken_at_once(judging: Judging) -> None:
    """Also where SPF fails, as it does behind a forwarder."""
    mark = marker("dkim-proof")
    raw = signed(plain(mark, sender=AUTHOR), "shop.example.jp")
    assert judging.send("203.0.113.5", mark, raw).code == 250
    arrived(judging.place.service, "alpha", mark)


def test_dead_name_servers_cost_no_mail(judging: Judging) -> None:
    """The client is on the list, and nobody says so."""
    mark, names = marker("dns-dead"), judging.place.names
    names.dead = True
    try:
        assert judging.send("203.0.113.6", mark).code == 250
    finally:
        names.dead = False
    arrived(judging.place.service, "alpha", mark)
