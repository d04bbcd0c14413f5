"""The forms of one outbound mail."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import pyzipper
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailsec.gateway.edits.order import Trace
from mailsec.gateway.envelope import Client, Direction, Envelope
from mailsec.gateway.errors import EditRefused
from mailsec.gateway.message import Message
from mailsec.gateway.outgoing import Examined, Outgoing, outgoing
from mailsec.gateway.policy import HiddenTo, Policy
from mailsec.gateway.verdict import Decision, Disposition, Finding, Severity, Verdict
from tests.gateway import trees
from tests.gateway.zipping.shapes import PDF, entity, multipart, text

WHEN = datetime(2024, 4, 1, 1, tzinfo=UTC)
POLICY = Policy(own_domains=("example.jp",), zip_legacy_domains=("legacy.example.org",))
TO = ", ".join(f"c{number}@example.com" for number in range(12))
RECIPIENTS = ("a@example.jp", "c0@example.com", "x@legacy.example.org", "secret@example.net")
RAW = (
    b"From: Sender <sender@example.jp>\r\nTo: "
    + TO.encode()
    + b"\r\nCc: a@example.jp\r\nSubject: plans\r\nMIME-Version: 1.0\r\n"
    + multipart(
        "mixed", "b", text("hello"), entity("Content-Type: application/pdf; name=a.pdf", PDF)
    )
)


def no_rule(recipient: str) -> str | None:
    return None


def made(raw: bytes = RAW, policy: Policy = POLICY, *findings: Finding) -> Outgoing:
    envelope = Envelope(Direction.OUTBOUND, Client("192.0.2.1"), "sender@example.jp", RECIPIENTS)
    trace = Trace("mx.mailsec.example.net", "0" * 32, WHEN, envelope)
    decision = Decision(Disposition.DELIVER)
    examined = Examined(Message(raw), envelope, Verdict(findings), decision, policy, trace)
    return outgoing(examined, no_rule, WHEN)


def test_each_form_is_made_once_and_says_only_what_its_readers_may_see() -> None:
    """Inside as it came below our trace; outside without the list, the files locked up."""
    result = made()
    assert set(result.forms) == {"", "bcc+aes-256", "bcc+zipcrypto"}
    assert result.forms[""].endswith(RAW)
    for name, form in result.forms.items():
        if name:
            message = Message(form)
            head = form[: message.header_end]
            assert [each.address for each in message.to] == ["sender@example.jp"]
            assert b"c1@example.com" not in head
            assert b"secret@example.net" not in head
            assert PDF not in [part.content() for part in message.parts]
            assert "パスワード付きZIPファイル" in message.text


def test_both_archives_open_with_the_same_password() -> None:
    """The sender tells one password to all."""
    result = made()
    assert result.secret is not None
    password = result.secret.password.encode()
    for form, reader in (("bcc+aes-256", pyzipper.AESZipFile), ("bcc+zipcrypto", zipfile.ZipFile)):
        parts = Message(result.forms[form]).parts
        (archive,) = [part for part in parts if part.name == result.secret.archive_name]
        with reader(io.BytesIO(archive.content())) as opened:
            assert opened.read("a.pdf", password) == PDF
    assert result.files == ("a.pdf",)


def test_a_mail_that_nothing_is_done_to_leaves_as_it_came() -> None:
    """No archive, no password, one form."""
    raw = b"From: sender@example.jp\r\nTo: c0@example.com\r\n\r\nhello\r\n"
    result = made(raw)
    assert list(result.forms) == [""]
    assert result.forms[""].endswith(raw)
    assert result.secret is None


def test_the_note_and_the_hidden_field_are_the_tenants_choice() -> None:
    """No word in the letter, and nobody in To."""
    policy = replace(POLICY, zip_note=False, bcc_to=HiddenTo.UNDISCLOSED)
    form = made(RAW, policy).forms["bcc+aes-256"]
    assert b"To: undisclosed-recipients:;\r\n" in form
    assert Message(form).text.strip() == "hello"


def test_an_archive_that_was_found_to_be_encrypted_stays_as_it_is() -> None:
    """What has a password of its own is not locked up again."""
    found = Finding("readable", "encrypted", Severity.UNEXAMINED, 2)
    result = made(RAW, POLICY, found)
    assert set(result.forms) == {"", "bcc"}
    assert [part.content() for part in Message(result.forms["bcc"]).attachments] == [PDF]


def test_a_mail_that_nobody_could_read_is_held() -> None:
    """Outside copies wait for the sender."""
    found = Finding("structure", "too-deep", Severity.UNEXAMINED)
    copies = made(RAW, POLICY, found).copies
    assert [copy.held is not None for copy in copies] == [False, True, True, True]


def test_what_cannot_be_made_is_not_sent_in_another_form() -> None:
    """A file in the encoded content of another part cannot be taken out: nothing leaves."""
    inner = multipart("mixed", "i", text("x"), entity("Content-Type: image/png; name=p.png", PDF))
    raw = b"From: sender@example.jp\r\nMIME-Version: 1.0\r\n" + entity(
        'Content-Type: multipart/mixed; boundary="i"', inner.partition(b"\r\n\r\n")[2]
    )
    assert Message(raw).attachments
    with pytest.raises(EditRefused):
        made(raw)


ADDRESSES = st.sampled_from(
    [f"c{number}@example.com" for number in range(12)]
    + ["a@example.jp", "b@EXAMPLE.jp", "x@legacy.example.org", "secret@example.net", "odd"]
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(
    trees.messages(),
    st.lists(ADDRESSES, max_size=14),
    st.lists(ADDRESSES, min_size=1, max_size=14),
    st.booleans(),
)
def test_every_recipient_gets_one_copy_and_no_outside_one_names_another(
    raw: bytes, shown: list[str], recipients: list[str], held: bool
) -> None:
    """For any mail and any list: or nothing of it leaves at all."""
    head = f"From: sender@example.jp\r\nTo: {', '.join(shown)}\r\n".encode() if shown else b""
    raw = head + raw
    envelope = Envelope(
        Direction.OUTBOUND, Client("192.0.2.1"), "sender@example.jp", tuple(recipients)
    )
    trace = Trace("mx.mailsec.example.net", "0" * 32, WHEN, envelope)
    examined = Examined(
        Message(raw), envelope, Verdict(), Decision(Disposition.DELIVER), POLICY, trace
    )
    try:
        result = outgoing(examined, (lambda each: "rule") if held else no_rule, WHEN)
    except EditRefused:
        return
    assert [copy.recipient for copy in result.copies] == list(dict.fromkeys(recipients))
    for copy in result.copies:
        form = result.forms[copy.form.name]
        if not copy.outside:
            assert (copy.form.name, copy.held) == ("", None)
        if copy.form.hidden:
            message = Message(form)
            named = {each.address for each in (*message.to, *message.cc)}
            assert named <= {"sender@example.jp"}
    archives = {
        part.content()
        for name, form in result.forms.items()
        if name
        for part in Message(form).parts
        if result.secret and part.name == result.secret.archive_name
    }
    assert bool(archives) is (result.secret is not None)
