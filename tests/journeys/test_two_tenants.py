"""From SMTP in to each customer's server out, for two tenants at once."""

from __future__ import annotations

import concurrent.futures

import pytest

from tests.service import Service

pytestmark = pytest.mark.stack


def mail(marker: str, recipient: str, body: str = "body") -> bytes:
    return (
        f"From: list@example.net\r\nTo: {recipient}\r\nSubject: {marker}\r\n"
        f"Message-ID: <{marker}@list.example.net>\r\n\r\n{body}\r\n"
    ).encode()


def test_a_clean_mail_arrives_byte_for_byte_below_our_trace_header(
    running_service: Service,
) -> None:
    """One Received field of ours on top, then exactly what was sent."""
    message = mail("clean-1", "user@alpha.example.jp", "  two  blanks \r\n.dot\r\n..dots")
    assert running_service.send("list@example.net", ["user@alpha.example.jp"], message) == [
        250,
        250,
        250,
    ]
    (got,) = running_service.wait_for(lambda: running_service.mails("alpha", b"clean-1@"))
    assert got.content.endswith(message)
    trace = got.content[: -len(message)]
    assert trace.startswith(b"Received: ")
    assert b"by gateway.example.org" in trace
    assert trace.count(b"\r\nReceived:") == 0
    assert running_service.settled("alpha", "clean-1@")["state"] == "closed"


def test_two_tenants_at_once_get_each_their_own_mail(running_service: Service) -> None:
    """Same Message-ID in both (case ops-03): 50 each, interleaved, 8 connections; none crosses."""

    def send(number: int) -> list[int]:
        slug = ("alpha", "beta")[number % 2]
        message = mail("same-id", f"user@{slug}.example.jp", f"tenant marker {slug} {number}")
        return running_service.send("list@example.net", [f"user@{slug}.example.jp"], message)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(send, range(100)))
    assert codes == [[250, 250, 250]] * 100
    for slug, other in (("alpha", "beta"), ("beta", "alpha")):
        running_service.wait_for(
            lambda slug=slug: len(running_service.mails(slug, b"same-id")) >= 50
        )
        got = running_service.mails(slug, b"same-id")
        assert len(got) == 50
        assert len({mail.content for mail in got}) == 50
        assert not running_service.mails(slug, f"tenant marker {other}".encode())
        assert len(running_service.trace(slug, "same-id@", limit=200)) == 50


def test_one_transaction_for_two_tenants_becomes_a_record_in_each(running_service: Service) -> None:
    """Each tenant sees its own recipient only."""
    recipients = ["user@alpha.example.jp", "user@beta.example.jp"]
    codes = running_service.send("list@example.net", recipients, mail("both-1", recipients[0]))
    assert codes == [250, 250, 250, 250]
    for slug in ("alpha", "beta"):
        found = running_service.settled(slug, "both-1@")
        assert [copy["recipient"] for copy in found["deliveries"]] == [f"user@{slug}.example.jp"]
        (got,) = running_service.mails(slug, b"both-1@")
        assert got.recipients == (f"user@{slug}.example.jp",)


def test_outbound_mail_of_a_connector_leaves_for_the_smart_host(running_service: Service) -> None:
    """AUTH over TLS, envelope and header From of the tenant: it leaves, unchanged."""
    message = (
        b"From: boss@alpha.example.jp\r\nTo: partner@example.com\r\nSubject: out-1\r\n\r\nbody\r\n"
    )
    codes = running_service.submit(
        "alpha", "boss@alpha.example.jp", ["partner@example.com"], message
    )
    assert codes == [250, 250, 250]
    (got,) = running_service.wait_for(lambda: running_service.mails("outside", b"Subject: out-1"))
    assert got.content.endswith(message)


def test_outbound_mail_with_another_companys_from_is_refused(running_service: Service) -> None:
    """550 at the end of data; nothing is stored."""
    message = b"From: boss@beta.example.jp\r\nTo: p@example.com\r\nSubject: forged-1\r\n\r\nx\r\n"
    codes = running_service.submit("alpha", "boss@alpha.example.jp", ["p@example.com"], message)
    assert codes[-1] == 550
    assert not running_service.mails("outside", b"forged-1")
