"""What happens to each copy of an outbound mail, in which order."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsec.gateway.envelope import Client, Direction, Envelope
from mailsec.gateway.message import Message
from mailsec.gateway.outbound.treatment import STEPS, Copy, Form, Held, OutboundMail, treat
from mailsec.gateway.policy import Policy, ZipCipher
from mailsec.gateway.zipping.selection import select
from tests.gateway.zipping.shapes import PDF, entity, multipart, text

POLICY = Policy(own_domains=("example.jp",))
INSIDE, OUTSIDE, OLD, OPEN = (
    "colleague@example.jp",
    "partner@example.com",
    "user@legacy.example.org",
    "customer@open.example.net",
)
LIST = ", ".join(f"c{number}@example.com" for number in range(10))


def no_rule(recipient: str) -> str | None:
    return None


def every_copy(recipient: str) -> str | None:
    return "all mail"


def mail(
    *recipients: str,
    fields: bytes = b"To: partner@example.com\r\n",
    policy: Policy = POLICY,
    sender: str = "sender@example.jp",
    files: bool = True,
) -> OutboundMail:
    field = "Content-Type: application/pdf; name=a.pdf"
    parts = (text("hello"), entity(field, PDF)) if files else (text("hello"),)
    raw = b"From: sender@example.jp\r\n" + fields + multipart("mixed", "b", *parts)
    message = Message(raw)
    envelope = Envelope(Direction.OUTBOUND, Client("192.0.2.1"), sender, recipients)
    return OutboundMail(message, envelope, policy, partial(select, message), no_rule)


def test_each_recipient_is_treated_by_where_the_copy_goes() -> None:
    """Inside as it is; outside in the cipher that the domain can open, or in the clear."""
    policy = replace(
        POLICY,
        zip_legacy_domains=("legacy.example.org",),
        zip_exceptions=("open.example.net",),
    )
    treated = treat(mail(INSIDE, OUTSIDE, OLD, OPEN, policy=policy))
    assert [(copy.recipient, copy.form.name) for copy in treated] == [
        (INSIDE, ""),
        (OUTSIDE, "aes-256"),
        (OLD, "zipcrypto"),
        (OPEN, ""),
    ]


def test_the_order_is_hold_then_bcc_then_zip() -> None:
    """Product 9; the console shows the same."""
    assert [step.__name__ for step in STEPS] == ["_hold", "_hide", "_lock_up"]
    treated = treat(
        replace(mail(INSIDE, OUTSIDE, fields=f"To: {LIST}\r\n".encode()), rule_for=every_copy)
    )
    assert treated == (
        Copy(INSIDE, outside=False),
        Copy(OUTSIDE, True, Held("all mail"), Form(hidden=True, cipher=ZipCipher.AES256)),
    )
    assert treated[1].form.name == "bcc+aes-256"


@pytest.mark.parametrize(
    ("fields", "hidden"),
    [
        (f"To: {LIST}", True),
        (f"To: {LIST.replace('c9@', 'c8@')}", False),
        (f"To: {LIST.replace('c9@', 'C8@')}, {INSIDE}", False),
        (f"To: {LIST.replace('c9@example.com', 'x@example.jp')}\r\nCc: c9@example.com", True),
        ("To: undisclosed-recipients:;", False),
    ],
)
def test_bcc_is_forced_from_ten_different_outside_addresses_on(fields: str, hidden: bool) -> None:
    """Counted over To and Cc, each once; colleagues do not count."""
    (copy,) = treat(mail(OUTSIDE, fields=fields.encode() + b"\r\n"))
    assert copy.form.hidden is hidden


def test_addresses_of_the_exceptions_do_not_count() -> None:
    """A partner's project list may stay visible."""
    policy = replace(POLICY, bcc_exceptions=("example.com",))
    (copy,) = treat(mail(OUTSIDE, fields=f"To: {LIST}\r\n".encode(), policy=policy))
    assert not copy.form.hidden


def test_mail_that_nobody_could_read_is_held_whatever_the_rules_say() -> None:
    """Issue 4, point 1: with the reason."""
    held = replace(mail(INSIDE, OUTSIDE, policy=replace(POLICY, hold=False)), unreadable=True)
    assert [copy.held for copy in treat(held)] == [None, Held(unreadable=True)]


@pytest.mark.parametrize(
    ("sender", "fields"),
    [
        ("", b""),
        ("sender@example.jp", b"Auto-Submitted: auto-replied\r\n"),
        ("sender@example.jp", b"Auto-Submitted: auto-generated; type=x\r\n"),
    ],
)
def test_automatic_mail_is_never_treated(sender: str, fields: bytes) -> None:
    """Case hold-05: nobody waits for it, and a notice about it would be answered."""
    fields += f"To: {LIST}\r\n".encode()
    automatic = replace(mail(OUTSIDE, fields=fields, sender=sender), rule_for=every_copy)
    assert treat(automatic) == (Copy(OUTSIDE, outside=True),)


def test_a_person_is_no_program() -> None:
    """The field's own word for it (RFC 3834 section 5)."""
    (copy,) = treat(mail(OUTSIDE, fields=b"Auto-Submitted: no\r\n"))
    assert copy.form.cipher


@pytest.mark.parametrize(
    "policy",
    [
        replace(POLICY, zip=False),
        replace(POLICY, zip_sender_exceptions=("sender@example.jp",)),
        replace(POLICY, zip_subject_mark="[open]"),
    ],
)
def test_the_senders_exceptions_keep_files_open(policy: Policy) -> None:
    """By the function, the sender, or a mark in the subject."""
    (copy,) = treat(mail(OUTSIDE, fields=b"Subject: plan [open]\r\n", policy=policy))
    assert copy.form.name == ""


@pytest.mark.parametrize("recipient, sender", [(INSIDE, "sender@example.jp"), (OUTSIDE, "")])
def test_what_stays_inside_or_was_sent_by_a_program_costs_no_look_into_it(
    recipient: str, sender: str
) -> None:
    """Neither its archives are opened nor its words compared: most mail of a company is such."""

    def never(*_: str) -> None:
        pytest.fail("nothing is to be asked of this mail")

    asked = replace(mail(recipient, sender=sender), selection=never, rule_for=never)
    assert [copy.form.name for copy in treat(asked)] == [""]


def test_a_mail_without_files_has_no_archive() -> None:
    """And so no password."""
    (copy,) = treat(mail(OUTSIDE, files=False))
    assert copy.form.cipher is None


@given(
    st.lists(st.sampled_from([INSIDE, OUTSIDE, OLD, OPEN, "nobody", ""]), max_size=8),
    st.booleans(),
    st.booleans(),
)
def test_every_recipient_gets_exactly_one_copy(
    recipients: list[str], hold: bool, many: bool
) -> None:
    """Nobody is left out, nobody is served twice, and no colleague's copy is touched."""
    fields = f"To: {LIST}\r\n".encode() if many else b""
    asked = replace(mail(*recipients, fields=fields), rule_for=every_copy if hold else no_rule)
    treated = treat(asked)
    assert [copy.recipient for copy in treated] == list(dict.fromkeys(recipients))
    for copy in treated:
        assert copy.outside is (copy.recipient != INSIDE)
        assert (copy.held is not None) is (hold and copy.outside)
        assert copy.form.hidden is (many and copy.outside)
