"""The Received field says how a mail came, and nothing a client can bend."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsec.gateway.edits.order import Order
from mailsec.gateway.edits.trace import Trace, edit, trace_field
from mailsec.gateway.envelope import Client, Direction, Envelope
from mailsec.gateway.message import Message
from mailsec.gateway.policy import Policy
from mailsec.gateway.verdict import Decision, Disposition

WHEN = datetime(2024, 4, 1, 1, 0, tzinfo=UTC)


def trace(
    recipients: tuple[str, ...] = ("b@example.com",),
    client: Client | None = None,
    smtputf8: bool = False,
    authenticated: bool = False,
) -> Trace:
    envelope = Envelope(
        Direction.INBOUND,
        client or Client("192.0.2.1", "mail.example.jp"),
        "a@example.jp",
        recipients,
        smtputf8,
    )
    return Trace("mx.example.org", "0190-abc", WHEN, envelope, authenticated)


def test_the_field_names_client_host_protocol_id_recipient_and_time() -> None:
    """RFC 5321 section 4.4, folded to 78 characters."""
    field = trace_field(trace())
    assert field.replace(b"\r\n\t", b" ") == (
        b"Received: from mail.example.jp ([192.0.2.1]) by mx.example.org"
        b" with ESMTP id 0190-abc for <b@example.com>; Mon, 01 Apr 2024 01:00:00 +0000\r\n"
    )
    assert max(len(line) for line in field.split(b"\r\n")) <= 78


@pytest.mark.parametrize(
    ("tls", "smtputf8", "authenticated", "protocol"),
    [
        ("", False, False, "ESMTP"),
        ("TLSv1.3", False, False, "ESMTPS"),
        ("TLSv1.3", False, True, "ESMTPSA"),
        ("", False, True, "ESMTPA"),
        ("TLSv1.2", True, True, "UTF8SMTPSA"),
        ("", True, False, "UTF8SMTP"),
    ],
)
def test_the_protocol_has_its_registered_name(
    tls: str, smtputf8: bool, authenticated: bool, protocol: str
) -> None:
    """RFC 3848 and RFC 6531."""
    client = Client("192.0.2.1", "mail.example.jp", tls)
    assert trace(client=client, smtputf8=smtputf8, authenticated=authenticated).protocol == protocol


def test_several_recipients_are_not_shown_to_each_other() -> None:
    """A hidden copy stays hidden (RFC 5321 section 7.6)."""
    field = trace_field(trace(recipients=("b@example.com", "hidden@example.com")))
    assert b"for " not in field
    assert b"hidden" not in field


def test_an_ipv6_client_is_written_as_a_literal() -> None:
    """With its tag (RFC 5321 section 4.1.3)."""
    field = trace_field(trace(client=Client("2001:db8::1", "mail.example.jp")))
    assert b"([IPv6:2001:db8::1])" in field


def test_the_field_stands_on_top_and_junk_does_not_get_into_it() -> None:
    """In front of the first field, or of a body without any; with the message's line ends."""
    decision = Decision(Disposition.DELIVER)
    order = Order(decision, Policy(), WHEN, trace())
    for raw in (b"Subject: x\n\nbody", b"   \nSubject: x\n\nbody", b" body alone", b""):
        edited = edit(Message(raw), order)
        assert [header.name for header in edited.headers] == (
            ["Received", "Subject"] if b"Subject" in raw else ["Received"]
        )
        assert edited.text == Message(raw).text


def test_without_a_trace_the_message_is_itself() -> None:
    """The caller may add its own."""
    message = Message(b"Subject: x\r\n\r\nbody")
    order = Order(Decision(Disposition.DELIVER), Policy(), WHEN)
    assert edit(message, order) is message


@settings(deadline=None)
@given(st.text(max_size=300), st.text(max_size=60), st.text(max_size=60))
def test_nothing_that_a_client_says_breaks_the_field(helo: str, ip: str, recipient: str) -> None:
    """One field of ASCII lines, with our own clauses, whatever HELO and RCPT hold."""
    client = Client(ip, helo)
    raw = trace_field(trace(client=client, recipients=(recipient,))) + b"Subject: x\r\n\r\n"
    message = Message(raw)
    assert [header.name for header in message.headers] == ["Received", "Subject"]
    assert raw.isascii()
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert (
        message.headers[0].raw.count(b" by mx.example.org")
        + message.headers[0].raw.count(b"\tby mx.example.org")
        == 1
    )
