"""The inbound session: commands, replies, envelope and what becomes of a message."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.workers.smtpd.running import ACME, MESSAGE, Running


def test_a_mail_for_a_registered_domain_is_stored_and_then_answered_250(inbound: Running) -> None:
    """The reply names the queue id that the intake gave."""
    with inbound.client() as client:
        client.hello()
        answer = client.send("sender@example.net", "recipient@example.com", MESSAGE)
    assert (answer.code, answer.text) == (250, "2.0.0 Ok: queued as acme-1")
    mail = inbound.stored[0]
    assert (mail.tenant, mail.raw) == ("acme", MESSAGE)
    assert mail.envelope.sender == "sender@example.net"
    assert mail.envelope.recipients == ("recipient@example.com",)
    assert (mail.envelope.client.ip, mail.envelope.client.helo) == (
        "127.0.0.1",
        "client.example.net",
    )


def test_ehlo_announces_what_the_listener_can_do_and_no_login(inbound: Running) -> None:
    """AUTH is for the outbound listener; HELP and VRFY are not announced."""
    with inbound.client() as client:
        lines = client.hello().lines
    assert lines == (
        "mx.example.org",
        "PIPELINING",
        "SIZE 52428800",
        "8BITMIME",
        "SMTPUTF8",
        "ENHANCEDSTATUSCODES",
        "STARTTLS",
    )


@pytest.mark.parametrize(
    ("recipient", "code", "enhanced"),
    [
        ("recipient@example.com", 250, "2.1.5"),
        ("recipient@EXAMPLE.COM", 250, "2.1.5"),
        ("recipient@example.com.", 250, "2.1.5"),
        ("anyone@xn--WGV71A.example.jp", 250, "2.1.5"),
        ("anyone@日本.example.jp", 250, "2.1.5"),
        ('"two words"@example.com', 250, "2.1.5"),
        ("@relay.example.net:recipient@example.com", 250, "2.1.5"),
        ("known@example.org", 250, "2.1.5"),
        ("KNOWN@example.org", 250, "2.1.5"),
        ("postmaster@example.org", 250, "2.1.5"),
        ("Postmaster@example.org", 250, "2.1.5"),
        ("unknown@example.org", 550, "5.1.1"),
        ("recipient@example.net", 550, "5.7.1"),
        ("recipient@sub.example.com", 550, "5.7.1"),
        ("recipient@[127.0.0.1]", 550, "5.7.1"),
        ("recipient%example.net@example.com", 550, "5.7.1"),
        ("example.net!recipient@example.com", 550, "5.7.1"),
        ('"recipient@example.net"@example.com', 550, "5.7.1"),
        ("postmaster", 550, "5.7.1"),
        ("recipient", 501, "5.1.3"),
        ("", 501, "5.1.3"),
        ("a b@example.com", 501, "5.1.3"),
        ("a@@example.com", 501, "5.1.3"),
        ("a@example..com", 501, "5.1.3"),
        ("a@" + "x" * 300, 501, "5.1.3"),
    ],
)
def test_only_registered_recipients_are_taken(
    inbound: Running, recipient: str, code: int, enhanced: str
) -> None:
    """Other domains, routes and literals are relaying; unknown addresses do not exist."""
    with inbound.client() as client:
        client.hello()
        client.command("MAIL FROM:<>")
        answer = client.command(f"RCPT TO:<{recipient}>")
    assert (answer.code, answer.text[:5]) == (code, enhanced)


def test_the_local_part_is_kept_and_the_domain_has_one_form(inbound: Running) -> None:
    """The domain becomes an A-label in lower case; exact duplicates are taken once."""
    with inbound.client() as client:
        client.hello()
        client.envelope(
            "", "Anyone@日本.example.jp", "Anyone@xn--wgv71a.EXAMPLE.jp", "b@example.com"
        )
        client.data(MESSAGE)
    assert inbound.stored[0].envelope.recipients == (
        "Anyone@xn--wgv71a.example.jp",
        "b@example.com",
    )


def test_postmaster_without_a_domain_is_ours_where_our_name_is_registered(inbound: Running) -> None:
    """RFC 5321 section 4.5.1."""
    inbound.directory.domains["mx.example.org"] = ACME
    with inbound.client() as client:
        client.hello()
        assert client.envelope("", "Postmaster") == [250, 250]
        client.data(MESSAGE)
    assert inbound.stored[0].envelope.recipients == ("Postmaster@mx.example.org",)


def test_one_mail_for_two_tenants_becomes_a_record_in_each(inbound: Running) -> None:
    """Each holds its own recipients only."""
    with inbound.client() as client:
        client.hello()
        client.envelope("", "a@example.com", "known@example.org", "b@example.com")
        assert client.data(MESSAGE).text == "2.0.0 Ok: queued as acme-2 beta-2"
    assert [(m.tenant, m.envelope.recipients) for m in inbound.stored] == [
        ("acme", ("a@example.com", "b@example.com")),
        ("beta", ("known@example.org",)),
    ]


def test_a_suspended_tenant_defers_its_mail(inbound: Running) -> None:
    """The mail stays with the sender until the tenant is back."""
    inbound.directory.domains["example.com"] = replace(ACME, accepts=False)
    with inbound.client() as client:
        client.hello()
        client.command("MAIL FROM:<>")
        answer = client.command("RCPT TO:<a@example.com>")
    assert (answer.code, answer.text[:5]) == (450, "4.2.1")


@pytest.mark.parametrize("command", ["VRFY postmaster", "EXPN staff", "HELP VRFY", "ETRN x"])
def test_nothing_is_told_about_addresses_or_commands(inbound: Running, command: str) -> None:
    """VRFY says 252 for everybody, the others are not there."""
    with inbound.client() as client:
        client.hello()
        known = client.command(command)
        unknown = client.command(command + "x")
    assert known.code in (252, 500, 502)
    assert "postmaster" not in known.text
    assert known.code == unknown.code


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("MAIL FROM:<a@example.net> BODY=8BITMIME", 250),
        ("MAIL FROM:<a@example.net> BODY=7BIT SIZE=1000", 250),
        ("mail from: <a@example.net> size=1000", 250),
        ("MAIL FROM:a@example.net", 250),
        ("MAIL FROM:<a@[192.0.2.1]>", 250),
        ("MAIL FROM:<差出人@example.jp> SMTPUTF8", 250),
        ("MAIL FROM:<差出人@example.jp>", 553),
        ("MAIL FROM:<a@example.net> SIZE=52428801", 552),
        ("MAIL FROM:<a@example.net> SIZE=" + "9" * 21, 501),
        ("MAIL FROM:<a@example.net> SIZE=ten", 555),
        ("MAIL FROM:<a@example.net> SIZE=1 SIZE=2", 555),
        ("MAIL FROM:<a@example.net> BODY=BINARYMIME", 555),
        ("MAIL FROM:<a@example.net> RET=FULL", 555),
        ("MAIL FROM:<postmaster>", 553),
        ("MAIL FROM:<a@example.net", 501),
        ("MAIL <a@example.net>", 501),
        ("MAIL", 501),
    ],
)
def test_mail_takes_what_was_announced_and_nothing_else(
    inbound: Running, line: str, code: int
) -> None:
    """SIZE, BODY and SMTPUTF8 count; unknown parameters are refused."""
    with inbound.client() as client:
        client.hello()
        assert client.command(line).code == code


def test_parameters_need_the_extended_greeting(inbound: Running) -> None:
    """After HELO nothing was announced, so nothing may be used."""
    with inbound.client() as client:
        client.command("HELO client.example.net")
        assert client.command("MAIL FROM:<a@example.net> SIZE=10").code == 555
        assert client.command("MAIL FROM:<差出人@example.jp> SMTPUTF8").code == 555
        assert client.command("MAIL FROM:<a@example.net>").code == 250


def test_smtputf8_is_handed_on_with_the_addresses_as_they_are(inbound: Running) -> None:
    """RFC 6531: a local part in Japanese needs the parameter."""
    with inbound.client() as client:
        client.hello()
        client.command("MAIL FROM:<差出人@example.jp> SMTPUTF8")
        assert client.command("RCPT TO:<受取人@example.com>").code == 250
        client.data(MESSAGE)
        client.command("MAIL FROM:<a@example.net>")
        assert client.command("RCPT TO:<受取人@example.com>").code == 553
    envelope = inbound.stored[0].envelope
    assert envelope.smtputf8
    assert (envelope.sender, envelope.recipients) == ("差出人@example.jp", ("受取人@example.com",))


def test_commands_in_the_wrong_order_are_refused(inbound: Running) -> None:
    """503, and the session goes on."""
    with inbound.client() as client:
        assert client.command("MAIL FROM:<>").code == 503
        client.hello()
        assert client.command("RCPT TO:<a@example.com>").code == 503
        assert client.command("DATA").code == 503
        assert client.command("MAIL FROM:<>").code == 250
        assert client.command("MAIL FROM:<>").code == 503
        assert client.command("DATA").code == 503
        assert client.command("RSET").code == 250
        assert client.command("RCPT TO:<a@example.com>").code == 503
        assert client.command("QUIT").code == 221
        assert client.reply().code == 0


def test_pipelined_commands_are_answered_in_order(inbound: Running) -> None:
    """RFC 2920, also behind the end of the data."""
    envelope = b"MAIL FROM:<>\r\nRCPT TO:<a@example.com>\r\nDATA\r\n"
    with inbound.client() as client:
        client.raw(b"EHLO client.example.net\r\n" + envelope)
        assert [client.reply().code for _ in range(4)] == [250, 250, 250, 354]
        client.raw(MESSAGE + b".\r\n" + envelope)
        assert [client.reply().code for _ in range(4)] == [250, 250, 250, 354]
        client.raw(MESSAGE + b".\r\nQUIT\r\n")
        assert client.codes_until_close() == [250, 221]
    assert [m.raw for m in inbound.stored] == [MESSAGE, MESSAGE]


def test_a_client_that_half_closes_still_gets_its_replies(inbound: Running) -> None:
    """It said all it had to say; the mail counts."""
    with inbound.client() as client:
        client.hello()
        client.envelope("", "a@example.com")
        client.command("DATA")
        client.raw(MESSAGE + b".\r\n")
        client.sock.shutdown(1)
        assert client.codes_until_close() == [250]


def test_a_strange_helo_name_never_leaves_the_listener(inbound: Running) -> None:
    """It would go into headers and pages."""
    with inbound.client() as client:
        client.command("EHLO <script>\x01(evil)\tfrom 日本")
        client.send("", "a@example.com", MESSAGE)
    assert set(inbound.stored[0].envelope.client.helo) <= set("?scriptevlfom")


def test_a_dead_directory_defers_the_recipient(inbound: Running) -> None:
    """451, never 550 and never 250."""
    inbound.directory.available = False
    with inbound.client() as client:
        client.hello()
        client.command("MAIL FROM:<>")
        answer = client.command("RCPT TO:<known@example.org>")
        assert (answer.code, answer.text[:5]) == (451, "4.3.0")
        assert client.command("RCPT TO:<postmaster@example.org>").code == 250


def test_a_dead_intake_defers_the_mail_and_the_session_goes_on(inbound: Running) -> None:
    """No 250 before the commit."""
    inbound.intake.unavailable = True
    with inbound.client() as client:
        client.hello()
        answer = client.send("", "a@example.com", MESSAGE)
        assert (answer.code, answer.text[:5]) == (451, "4.3.0")
        inbound.intake.unavailable = False
        assert client.send("", "a@example.com", MESSAGE).code == 250


def test_a_fault_of_ours_tells_the_client_nothing_but_a_reference(
    inbound: Running, caplog: pytest.LogCaptureFixture
) -> None:
    """The reference leads to the log, where the exception is."""
    inbound.intake.fault = KeyError("secret_table")
    with inbound.client() as client:
        client.hello()
        answer = client.send("", "a@example.com", MESSAGE)
        assert client.command("NOOP").code == 250
    assert answer.code == 451
    assert "secret" not in answer.text and "KeyError" not in answer.text
    reference = answer.text.rpartition(" ")[2].rstrip(")")
    assert reference in caplog.text
    assert "secret_table" in caplog.text


def test_a_client_that_leaves_does_not_cut_the_commit(inbound: Running) -> None:
    """What the intake began, it ends; the client has no 250 and may send it again."""
    inbound.intake.seconds = 0.3
    client = inbound.client()
    client.hello()
    client.envelope("", "a@example.com")
    client.command("DATA")
    client.raw(MESSAGE + b".\r\n")
    client.sock.close()
    inbound.begin_stop().result(timeout=5)
    assert len(inbound.stored) == 1


def test_an_answer_to_a_notice_is_taken_and_goes_nowhere(inbound: Running) -> None:
    """Case hold-05: an absence note about a notice starts nothing, and is not refused either."""
    with inbound.client() as client:
        client.hello()
        answer = client.send("someone@example.net", "Notice@MX.example.org", MESSAGE)
        assert (answer.code, inbound.stored) == (250, [])
        assert client.send("someone@example.net", "other@mx.example.org", MESSAGE).code == 550
        client.command("MAIL FROM:<someone@example.net>")
        client.command("RCPT TO:<notice@mx.example.org>")
        client.command("RCPT TO:<recipient@example.com>")
        assert client.data(MESSAGE).code == 250
    (mail,) = inbound.stored
    assert mail.envelope.recipients == ("recipient@example.com",)
