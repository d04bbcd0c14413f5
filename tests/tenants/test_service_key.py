"""The service's own key, and the signature that it puts on notices."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import dkim as dkimpy
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from structlog.testing import capture_logs

from mailsec.gateway.authentication import Dkim, Result
from mailsec.gateway.checks import dkim
from mailsec.gateway.dkim.canonical import SignedForm
from mailsec.gateway.dsn import Origin, build_report
from mailsec.gateway.message import Message
from tenants import service_key
from tenants.service_key import signed_notice, speaks_for_notices
from tests.gateway.checks.making import NOW, Known, key_record, pem
from tests.gateway.test_dsn import REPORT
from tests.gateway.test_notice import notice

HOST = "gateway.example.org"
JAPANESE = (
    "From: 送信者 <差出人@例え.jp>\r\nTo: gone@example.com\r\nSubject: お見積り\r\n\r\n本文\r\n"
).encode()
FIELDS = {
    *("date", "from", "to", "subject", "message-id", "mime-version", "content-type"),
    *("auto-submitted", "x-auto-response-suppress"),
}


@pytest.fixture
def key(settings: Any, tmp_path: Path) -> Path:
    """The file of a key that speaks for the notices."""
    path = tmp_path / "signing.pem"
    path.write_bytes(pem())
    settings.MAIL_HOSTNAME = HOST
    settings.SIGNING_DOMAIN, settings.SIGNING_SELECTOR = "example.org", "s1"
    settings.SIGNING_KEY = path
    return path


def report(**changes: Any) -> bytes:
    """A bounce of this service."""
    origin = Origin(HOST, f"mailer-daemon@{HOST}")
    return build_report(replace(REPORT, origin=origin, **changes))


def verified(raw: bytes) -> bool:
    """What another program says of the first signature."""
    answer = key_record().encode()
    return bool(dkimpy.verify(raw, dnsfunc=lambda name, timeout: answer))


def result(raw: bytes) -> list[Dkim]:
    return list(dkim.check(SignedForm(Message(raw)), Known(), NOW, bool).values())


def holds(raw: bytes) -> bool:
    """For our own verifier and for another one; a signature must be there."""
    return verified(raw) and [each.result for each in result(raw)] == [Result.PASS]


def covered(raw: bytes) -> list[str]:
    """The names in the signature's ``h=``."""
    field = Message(raw).headers[0].raw.decode()
    return "".join(field.partition("h=")[2].partition(";")[0].split()).split(":")


@pytest.mark.parametrize(
    ("domain", "host", "speaks"),
    [
        ("mx.example.org", "mx.example.org", True),
        ("example.org", "mx.example.org", True),
        ("Example.ORG", "MX.example.org", True),
        ("mail.example.co.jp", "a.mail.example.co.jp", True),
        ("ample.org", "mx.example.org", False),
        ("a.mx.example.org", "mx.example.org", False),
        ("other.example.org", "mx.example.org", False),
        ("example.net", "mx.example.org", False),
        ("co.jp", "mx.example.co.jp", False),
        ("org", "mx.example.org", False),
        ("", "mx.example.org", False),
        ("mail.localhost", "mail.localhost", True),
        ("localhost", "localhost", False),
    ],
)
def test_a_key_speaks_for_its_domain_and_the_hosts_below_it(
    settings: Any, domain: str, host: str, speaks: bool
) -> None:
    """At the border of a label, and never from a public suffix."""
    settings.MAIL_HOSTNAME = host
    assert speaks_for_notices(domain) is speaks


@pytest.mark.usefixtures("key")
@pytest.mark.parametrize("raw", [notice("件名"), report()], ids=["notice", "bounce"])
def test_every_field_of_a_notice_is_covered_and_closed(raw: bytes) -> None:
    """Once for the field that is there, and once against another one; the body whole."""
    out = signed_notice(raw, NOW)
    assert out.endswith(raw)
    assert holds(out)
    names = [header.name.lower() for header in Message(raw).headers]
    assert sorted(covered(out)) == sorted(names * 2)
    assert set(names) >= FIELDS
    assert b" l=" not in Message(out).headers[0].raw
    assert (result(out)[0].domain, result(out)[0].selector) == ("example.org", "s1")


@pytest.mark.usefixtures("key")
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"Auto-Submitted: auto", b"Auto-Submitted: no; auto"),
        (b"X-Auto-Response-Suppress: All", b"X-Auto-Response-Suppress: OOF"),
        (b"Content-Language: ja", b"Content-Language: en"),
        (b"\r\n\r\n--notice", b"\r\n\r\nMore.\r\n--notice"),
        (b"--\r\n", b"--\r\nMore.\r\n"),
        (b"Date:", b"Subject: Other\r\nDate:"),
        (b"Date:", b"From: other@example.net\r\nDate:"),
        (b"Date:", b"Content-Type: text/html\r\nDate:"),
    ],
)
def test_a_notice_that_was_changed_does_not_hold(before: bytes, after: bytes) -> None:
    """Not even by one field more."""
    out = signed_notice(notice("x"), NOW)
    changed = out.replace(before, after)
    assert changed != out
    assert not verified(changed)
    assert [each.result for each in result(changed)] == [Result.FAIL]


@pytest.mark.usefixtures("key")
@pytest.mark.parametrize(
    "raw",
    [
        report(sender="差出人@例え.jp", original=JAPANESE, subject="お見積り"),
        report(original="Subject: 日本語\r\n".encode("iso-2022-jp") + JAPANESE),
        report(original=b"Subject: \xff\xfe\0\r\n\r\n"),
        notice("件名", recipient="宛先@例え.jp"),
    ],
    ids=["smtputf8", "iso-2022-jp", "no charset", "notice"],
)
def test_mail_that_is_not_ascii_holds_too(raw: bytes) -> None:
    """Addresses in UTF-8 stand in the header as they are (RFC 6532)."""
    assert holds(signed_notice(raw, NOW))


@given(st.binary(max_size=300), st.text(max_size=40), st.text(max_size=40))
@examples(max_examples=60)
def test_a_bounce_of_anything_holds(original: bytes, subject: str, sender: str) -> None:
    """Whatever stood in the mail that it returns."""
    key = service_key.signing.load("example.org", "s1", pem())
    raw = report(original=original, subject=subject, sender=sender)
    fields = [header.name.lower() for header in Message(raw).headers]
    assert holds(service_key.signing.signed(Message(raw), key, NOW, fields).raw)


def test_notices_leave_as_they_are_where_the_service_has_no_key(settings: Any, key: Path) -> None:
    """And where its key does not speak for their address."""
    settings.SIGNING_DOMAIN = "example.net"
    assert service_key.service_key() is not None
    assert signed_notice(report(), NOW) == report()
    settings.SIGNING_KEY = None
    assert service_key.service_key() is None
    assert signed_notice(report(), NOW) == report()


def test_the_same_notice_is_signed_alike(key: Path) -> None:
    """From the same key, which is read once: its file may go meanwhile."""
    first = signed_notice(report(), NOW)
    key.unlink()
    assert signed_notice(report(), NOW) == first


def test_a_key_that_cannot_be_read_loses_no_notice(key: Path) -> None:
    """It goes unsigned and the log says so; once the file is there, the next one is signed."""
    content = key.read_bytes()
    for broken in (b"no key", None):
        if broken is None:
            key.unlink()
        else:
            key.write_bytes(broken)
        with capture_logs() as said:
            assert signed_notice(report(), NOW) == report()
        assert [each["log_level"] for each in said] == ["error"]
    key.write_bytes(content)
    assert holds(signed_notice(report(), NOW))
