"""No copy of a mail to many tells who the others are."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsec.gateway.edits.hidden_recipients import hide
from mailsec.gateway.errors import EditRefused
from mailsec.gateway.message import Message

CUSTOMERS = [f"customer{number}@example.com" for number in range(12)]
SENDER = "sender@example.jp"
BODY = b"Dear customers, write to customer1@example.com\r\n"


def mail(fields: bytes = b"", to: str = ", ".join(CUSTOMERS)) -> Message:
    head = f"From: Sender <{SENDER}>\r\nTo: {to}\r\nSubject: news\r\n".encode()
    return Message(head + fields + b"\r\n" + BODY)


def test_to_becomes_the_senders_own_address_and_the_body_stays() -> None:
    """Product 9; what the author wrote to all is the author's."""
    hidden = hide(mail(b"Cc: customer3@example.com\r\n"), CUSTOMERS, SENDER).raw
    assert hidden == (
        b"From: Sender <sender@example.jp>\r\nTo: sender@example.jp\r\nSubject: news\r\n\r\n" + BODY
    )


def test_or_it_says_that_the_recipients_are_not_disclosed() -> None:
    """By the tenant's choice."""
    hidden = hide(mail(), CUSTOMERS, "")
    assert b"To: undisclosed-recipients:;\r\n" in hidden.raw


@pytest.mark.parametrize(
    "field",
    [
        b"Cc: x@example.org\r\n",
        b"Bcc: x@example.org\r\n",
        b"Reply-To: customer1@example.com\r\n",
        b"Resent-To: x@example.org\r\n",
        b"Apparently-To: x@example.org\r\n",
        b"X-Original-To: x@example.org\r\n",
        b"X-MS-Exchange-Recipients: CUSTOMER2@example.com\r\n",
        b"X-Note: for\r\n customer4@example.com only\r\n",
        b"X-Encoded: =?utf-8?B?Y3VzdG9tZXI1QGV4YW1wbGUuY29t?=\r\n",
        b"Errors-To: <bounce+customer6=example.com@example.jp>\r\n",
        b"List-Unsubscribe: <https://example.jp/u?m=customer7%40example.com>\r\n",
        b"To: customer8@example.com\r\n",
        b"Content-Description: for customer9@example.com\r\n",
    ],
)
def test_every_field_that_names_a_recipient_goes(field: bytes) -> None:
    """Whoever wrote it there, and however it is written."""
    assert hide(mail(field), CUSTOMERS, SENDER).raw == hide(mail(), CUSTOMERS, SENDER).raw


@pytest.mark.parametrize(
    "field",
    [
        b"Reply-To: office@example.jp\r\n",
        b"References: <a@example.com> <b@example.com>\r\n",
        b"X-Mailer: Example 1.0\r\n",
        b"Received: from a by b; Mon, 01 Apr 2024 10:00:00 +0900\r\n",
    ],
)
def test_a_field_that_names_none_stays_byte_for_byte(field: bytes) -> None:
    """Nothing is lost that betrays nobody."""
    assert field in hide(mail(field), CUSTOMERS, SENDER).raw


def test_a_trace_field_loses_for_whom_it_was_and_keeps_the_rest() -> None:
    """The way of the mail is worth keeping."""
    field = b"Received: from a by b with ESMTP\r\n\tfor <customer1@example.com>; Mon\r\n"
    hidden = hide(mail(field), CUSTOMERS, SENDER).raw
    assert b"Received: from a by b with ESMTP; Mon\r\n" in hidden


def test_a_mail_without_to_gets_one() -> None:
    """Else some programs show nothing, and some servers add their own."""
    raw = b"From: sender@example.jp\r\nSubject: x\r\n\r\nbody"
    assert hide(Message(raw), CUSTOMERS, "").raw.startswith(b"To: undisclosed-recipients:;\r\n")


def test_where_only_cc_names_them_it_becomes_to() -> None:
    """In its place, so that all other fields stay where they are."""
    raw = b"From: a@example.jp\r\nCc: customer1@example.com\r\nSubject: x\r\n\r\nbody"
    hidden = hide(Message(raw), CUSTOMERS, "").raw
    assert hidden == raw.replace(b"Cc: customer1@example.com", b"To: undisclosed-recipients:;")


NAMES = st.text(st.sampled_from("abcxyz019.+_-"), min_size=1, max_size=12).filter(
    lambda text: text.strip(".") == text and ".." not in text
)
ADDRESSES = st.builds("{}@{}.example.com".format, NAMES, st.sampled_from(["a", "b", "mail"]))
FIELDS = st.sampled_from(
    ["To", "Cc", "Bcc", "Reply-To", "X-List", "Resent-Cc", "Received", "X-To", "Errors-To"]
)
SHAPES = st.sampled_from(["{}", "<{}>", '"Name, Other" <{}>', "{} (comment)", "for <{}>; date"])


@given(
    st.lists(ADDRESSES, min_size=1, max_size=15, unique=True),
    st.lists(st.tuples(FIELDS, SHAPES), max_size=8),
    st.data(),
)
def test_no_recipient_can_be_read_in_the_header_whatever_it_was(
    recipients: list[str], fields: list[tuple[str, str]], data: st.DataObject
) -> None:
    """Or the mail does not go out."""
    lines = [
        f"{name}: {shape.format(data.draw(st.sampled_from(recipients)))}\r\n"
        for name, shape in fields
    ]
    raw = b"From: s@example.jp\r\n" + "".join(lines).encode() + b"\r\n" + BODY
    try:
        hidden = hide(Message(raw), recipients, "")
    except EditRefused:
        return
    head, _, body = hidden.raw.partition(b"\r\n\r\n")
    assert body == BODY
    for recipient in recipients:
        assert not re.search(rf"(?<![\w.+-]){re.escape(recipient)}(?![\w-])", head.decode())
