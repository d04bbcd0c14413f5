"""The SMTP cases against the running listeners, and what the next hop gets of them."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.journeys.mails import (
    NOTICE,
    PROGRAM,
    SENDER,
    USER,
    arrived,
    below_trace,
    case,
    deliver,
    marker,
    pass_by,
    plain,
    text_part,
    with_file,
)
from tests.servers.smtp_client import SmtpClient
from tests.service import Service

pytestmark = pytest.mark.stack

LOOK_ALIKES = {
    "LF.LF": b"\n.\n",
    "LF.CRLF": b"\n.\r\n",
    "CRLF.LF": b"\r\n.\n",
    "CR.CR": b"\r.\r",
    "CRLF.CR": b"\r\n.\r",
    "CR.CRLF": b"\r.\r\n",
    "CRCRLF.CRCRLF": b"\r\r\n.\r\r\n",
    "LFLF.CRLF": b"\n\n.\r\n",
    "CRLF.CRCRLF": b"\r\n.\r\r\n",
    "CRLF NUL.CRLF": b"\r\n\0.\r\n",
    "CRLF.NUL CRLF": b"\r\n.\0\r\n",
    "CRLF. CRLF": b"\r\n. \r\n",
    "VT.VT": b"\x0b.\x0b",
    "NEL.NEL": b"\x85.\x85",
}
BARE = re.compile(rb"(?<!\r)\n|\r(?!\n)")


@pytest.mark.parametrize("name", LOOK_ALIKES)
def test_only_crlf_dot_crlf_ends_a_mail_for_us_and_for_the_next_hop(
    running_service: Service, name: str
) -> None:
    """smtp-01: no 354 after the first end of data, no smuggled mail, no bare CR or LF passed on."""
    mark = marker("smtp-01")
    smuggled = plain(f"{mark}-smuggled", b"smuggled text\r\n", "smuggled@example.net")
    with SmtpClient(running_service.inbound, timeout=5) as client:
        client.hello()
        client.envelope(SENDER, USER)
        assert client.command("DATA").code == 354
        client.raw(
            plain(mark, b"outer text")
            + LOOK_ALIKES[name]
            + f"MAIL FROM:<smuggled@example.net>\r\nRCPT TO:<{USER}>\r\nDATA\r\n".encode()
            + smuggled
            + b".\r\nQUIT\r\n"
        )
        codes = client.codes_until_close()
    assert 354 not in codes
    assert codes[0] == (550 if BARE.search(LOOK_ALIKES[name]) else 250)
    pass_by(running_service)
    got = running_service.wait_for(
        lambda: running_service.mails("alpha", mark.encode()), 20 if codes[0] == 250 else 0
    )
    assert len(got) == (codes[0] == 250)
    assert not any(BARE.search(mail.raw) for mail in got)
    senders = {
        mail.sender for server in running_service.mail_servers.values() for mail in server.mails
    }
    assert "smuggled@example.net" not in senders


@pytest.mark.parametrize("listener", ["inbound", "outbound"])
@pytest.mark.parametrize(
    "injected",
    [
        b"EHLO attacker.example.net\r\nMAIL FROM:<injected@example.net>\r\n",
        b"NOOP\r\n",
        b"MAIL FROM:<injected@example.net>\r\nRCPT TO:<user@alpha.example.jp>\r\nDATA\r\n",
        b"AUTH PLAIN ",
    ],
)
def test_clear_text_behind_starttls_is_not_answered_as_encrypted(
    running_service: Service, listener: str, injected: bytes
) -> None:
    """smtp-02: it is thrown away or ends the session; the session state starts anew."""
    port = running_service.inbound if listener == "inbound" else running_service.outbound
    with SmtpClient(port, timeout=2) as client:
        client.hello()
        assert client.command("MAIL FROM:<before@example.net>").code in (250, 530, 550)
        client.raw(b"STARTTLS\r\n" + injected)
        answer = client.reply()
        if answer.code != 220:
            assert answer.code in (0, 421, 501, 503, 554)
            return
        try:
            client.wrap_tls()
        except OSError:
            return
        assert client.command("NOOP").code == 250
        assert client.command(f"RCPT TO:<{USER}>").code == 503
        assert client.command("QUIT").code == 221


DOTS = (
    b".\r\n..\r\n...\r\n.htaccess\r\n..parent\r\n. \r\n.\t\r\nhttps://www.example.jp/key?v=1\r\n"
    b"..2\r\nend.\r\n."
)


@pytest.mark.parametrize("end", [b"\r\n", b"\r\n\r\n", b"\r\n.\r\n"])
def test_dots_at_line_starts_arrive_as_sent(running_service: Service, end: bytes) -> None:
    """smtp-03: one dot off on receipt, one on at sending; one copy."""
    mark = marker("smtp-03")
    message = plain(mark, DOTS + end)
    assert running_service.send(SENDER, [USER], message)[-1] == 250
    got = arrived(running_service, "alpha", mark)
    assert below_trace(got.content) == message
    assert all(line.startswith(b"..") for line in got.raw.split(b"\r\n") if line[:1] == b".")


def test_dots_stay_where_the_body_was_edited(running_service: Service) -> None:
    """smtp-03: the same lines behind the notice about a removed file."""
    mark = marker("smtp-03-edited")
    message = with_file(mark, "setup.exe", PROGRAM, DOTS + b"\r\n")
    got = deliver(running_service, message, mark)
    text = text_part(got).content()
    assert NOTICE.encode() in text
    assert DOTS in text


def test_a_mail_with_24_hops_is_delivered(running_service: Service) -> None:
    """smtp-06: mail of companies with many relays passes."""
    mark = marker("smtp-06")
    message = case("smtp-06", mark)
    assert message.count(b"Received:") == 24
    assert running_service.send(SENDER, [USER], message)[-1] == 250
    assert below_trace(arrived(running_service, "alpha", mark).content) == message


@pytest.mark.parametrize("hops", [25, 26, 104])
@pytest.mark.parametrize("field", ["Received: from", "received: by", "RECEIVED :\r\n\tfrom"])
def test_a_loop_is_refused_for_good(running_service: Service, hops: int, field: str) -> None:
    """smtp-06: 5xx with 5.4.6, however the fields are written; nothing goes anywhere."""
    mark = marker("smtp-06-loop")
    trace = f"{field} gateway.example.org with ESMTP; Mon, 01 Apr 2024 10:00:00 +0900\r\n" * hops
    with SmtpClient(running_service.inbound) as client:
        client.hello()
        answer = client.send(SENDER, USER, trace.encode() + plain(mark))
    assert answer.code == 554
    assert answer.text.startswith("5.4.6")
    pass_by(running_service)
    assert not running_service.mails("alpha", mark.encode())
    assert not running_service.mails("outside", mark.encode())


@pytest.mark.parametrize(("sender", "reports"), [("loop@example.net", 1), ("", 0)])
def test_a_next_hop_that_leads_back_ends_without_a_report_loop(
    running_service: Service, sender: str, reports: int
) -> None:
    """smtp-06: our own refusal ends the round; its sender hears once, a null sender never."""
    mark = marker("smtp-06-round")
    message = plain(mark, to="user@loop.example.jp")
    assert running_service.send(sender, ["user@loop.example.jp"], message)[-1] == 250
    running_service.wait_for(lambda: len(rounds(running_service, mark)) >= 25, 60)
    running_service.wait_for(
        lambda: all(row["state"] == "closed" for row in rounds(running_service, mark)), 20
    )
    found = rounds(running_service, mark)
    assert len(found) == 25
    assert "5.4.6" in found[0]["deliveries"][0]["reply"]
    got = running_service.wait_for(
        lambda: running_service.mails("outside", mark.encode()), 20 if reports else 1
    )
    assert len(got) == reports


def rounds(service: Service, mark: str) -> list[dict[str, Any]]:
    """The mail's records, newest first."""
    return service.trace("alpha", f"{mark}@example.net", limit=100)
