"""Delivery to real servers on loopback: outcomes per recipient, and fail-over between hops."""

from __future__ import annotations

import random
import socket
import time

import pytest

from mailsec.gateway.delivery import (
    ConnectionPool,
    Connector,
    Courier,
    Hop,
    Outcome,
    Parcel,
    Result,
    Timeouts,
    TlsMode,
)
from tests.servers.mx import EVERYTHING, MailServer, Script

ANA, BEN, COY = "ana@example.com", "ben@example.com", "coy@example.com"
CONTENT = b"Subject: hello\r\n\r\nbody\r\n"
PLAIN = tuple(e for e in EVERYTHING if e != "PIPELINING")
QUICK = Timeouts(connect=2, greeting=2, command=2, block=2, end_of_data=2)


def courier(idle_seconds: float = 0, timeouts: Timeouts = QUICK, limit: int = 100) -> Courier:
    connector = Connector("gateway.example.net", time.monotonic, timeouts)
    pool = ConnectionPool(connector, idle_seconds=idle_seconds)
    return Courier(pool, random.Random(1), limit)


def parcel(*recipients: str, content: bytes = CONTENT, smtputf8: bool = False) -> Parcel:
    return Parcel("sender@example.jp", recipients or (ANA,), content, smtputf8)


def hop(server: MailServer, priority: int = 10, tls: TlsMode = TlsMode.OPPORTUNISTIC) -> Hop:
    return Hop("127.0.0.1", server.port, tls, priority)


def outcomes(results: tuple[Result, ...]) -> list[Outcome]:
    return [result.outcome for result in results]


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@pytest.mark.parametrize("extensions", [EVERYTHING, PLAIN])
def test_a_mail_arrives_once_with_its_envelope(extensions: tuple[str, ...]) -> None:
    """Delivered with the server's own words, pipelined or not."""
    with MailServer(Script(extensions=extensions)) as mx:
        (result,) = courier().deliver(parcel(), [hop(mx)])
    assert result == Result(ANA, Outcome.DELIVERED, 250, "2.0.0", "250 2.0.0 stored", "127.0.0.1")
    (mail,) = mx.mails
    assert (mail.sender, mail.recipients) == ("sender@example.jp", (ANA,))
    assert mail.content == CONTENT


@pytest.mark.parametrize("extensions", [EVERYTHING, PLAIN])
def test_each_recipient_has_a_result_of_its_own(extensions: tuple[str, ...]) -> None:
    """Case smtp-05: one refused and one deferred recipient do not hold up the third."""
    script = Script(
        extensions=extensions,
        recipients={ANA: ["550 5.1.1 no such user"], BEN: ["451 4.7.1 come back"]},
    )
    with MailServer(script) as mx:
        results = courier().deliver(parcel(ANA, BEN, COY), [hop(mx)])
    assert outcomes(results) == [Outcome.REFUSED, Outcome.DEFERRED, Outcome.DELIVERED]
    assert [r.enhanced for r in results] == ["5.1.1", "4.7.1", "2.0.0"]
    assert [r.code for r in results] == [550, 451, 250]
    assert [m.recipients for m in mx.mails] == [(COY,)]


@pytest.mark.parametrize("extensions", [EVERYTHING, PLAIN])
def test_no_content_is_sent_when_every_recipient_is_refused(extensions: tuple[str, ...]) -> None:
    """A server that says 354 all the same gets an empty message, never the content."""
    refused = {ANA: ["550 no"], BEN: ["550 no"]}
    with MailServer(Script(extensions=extensions, recipients=refused, data=["354 go"])) as mx:
        results = courier().deliver(parcel(ANA, BEN), [hop(mx)])
    assert outcomes(results) == [Outcome.REFUSED] * 2
    assert mx.mails == []


def test_a_recipient_named_twice_gets_one_copy_and_two_results() -> None:
    with MailServer() as mx:
        results = courier().deliver(parcel(ANA, BEN, ANA), [hop(mx)])
    assert [r.recipient for r in results] == [ANA, BEN, ANA]
    assert [m.recipients for m in mx.mails] == [(ANA, BEN)]


@pytest.mark.parametrize(
    ("script", "outcome", "code"),
    [
        (Script(mail=["550 5.7.1 not you"]), Outcome.REFUSED, 550),
        (Script(mail=["451 4.3.0 later"]), Outcome.DEFERRED, 451),
        (Script(mail=["552 5.3.4 too big"]), Outcome.REFUSED, 552),
        (Script(data=["554 5.7.0 no"]), Outcome.REFUSED, 554),
        (Script(data=["451 4.3.0 no"]), Outcome.DEFERRED, 451),
        (Script(end=["554 5.6.0 spam"]), Outcome.REFUSED, 554),
        (Script(end=["452 4.3.1 disk full"]), Outcome.DEFERRED, 452),
        (Script(recipients={ANA: ["552 mailbox full"]}), Outcome.DEFERRED, 452),
    ],
)
@pytest.mark.parametrize("pipelined", [True, False])
def test_a_reply_to_a_command_is_the_answer_for_the_recipient(
    script: Script, outcome: Outcome, code: int, pipelined: bool
) -> None:
    """Neither a temporary nor a permanent reply makes the next hop be tried in the same attempt."""
    script.extensions = EVERYTHING if pipelined else PLAIN
    with MailServer(script) as first, MailServer() as second:
        (result,) = courier().deliver(parcel(), [hop(first, 1), hop(second, 2)])
    assert (result.outcome, result.code, result.ambiguous) == (outcome, code, False)
    assert second.connections == 0


@pytest.mark.parametrize("extensions", [EVERYTHING, PLAIN])
def test_recipients_beyond_the_server_s_room_follow_in_more_transactions(
    extensions: tuple[str, ...],
) -> None:
    """452 after some were accepted means: these now, the rest next (RFC 5321, 4.5.3.1.10)."""
    many = [f"user{i}@example.com" for i in range(7)]
    with MailServer(Script(extensions=extensions, room=3)) as mx:
        results = courier().deliver(parcel(*many), [hop(mx)])
    assert set(outcomes(results)) == {Outcome.DELIVERED}
    assert [len(m.recipients) for m in mx.mails] == [3, 3, 1]
    assert mx.connections == 1


def test_a_full_mailbox_is_not_taken_for_too_many_recipients() -> None:
    script = Script(recipients={BEN: ["452 4.2.2 mailbox full"]})
    with MailServer(script) as mx:
        results = courier().deliver(parcel(ANA, BEN), [hop(mx)])
    assert outcomes(results) == [Outcome.DELIVERED, Outcome.DEFERRED]
    assert len(mx.mails) == 1


def test_two_thousand_recipients_are_sent_in_portions() -> None:
    """Every recipient once, a hundred to each transaction."""
    many = [f"user{i}@example.com" for i in range(2000)]
    with MailServer() as mx:
        results = courier().deliver(parcel(*many), [hop(mx)])
    assert set(outcomes(results)) == {Outcome.DELIVERED}
    assert [len(m.recipients) for m in mx.mails] == [100] * 20
    assert [r for m in mx.mails for r in m.recipients] == many


@pytest.mark.parametrize(
    "script",
    [
        Script(greeting="421 4.3.2 busy"),
        Script(greeting="554 5.7.1 go away"),
        Script(greeting="HTTP/1.1 400 Bad Request"),
        Script(greeting="220-" + "x" * 100_000),
        Script(drop=["greeting"]),
        Script(drop=["EHLO"]),
        Script(ehlo="421 4.3.2 shutting down"),
        Script(ehlo="550 5.7.1 no", helo="550 5.7.1 no"),
        Script(drop=["MAIL"]),
        Script(drop=["RCPT"]),
        Script(mail=["421 4.7.0 closing"]),
        Script(mail=["gibberish \x00 \udcff"]),
        Script(mail=["250-and\r\n" * 1000 + "250 so on"]),
        Script(recipients={ANA: ["421 4.7.0 closing"]}),
        Script(data=["421 4.7.0 closing"]),
        Script(data=["250 what content?"]),
    ],
)
@pytest.mark.parametrize("pipelined", [True, False])
def test_the_next_hop_takes_over_when_one_is_lost_before_the_end_of_data(
    script: Script, pipelined: bool
) -> None:
    script.extensions = EVERYTHING if pipelined else PLAIN
    with MailServer(script) as first, MailServer() as second:
        (result,) = courier().deliver(parcel(), [hop(second, 20), hop(first, 10)])
    assert result.outcome is Outcome.DELIVERED
    assert first.connections >= 1
    assert first.mails == []
    assert len(second.mails) == 1


def test_the_next_hop_takes_over_when_one_is_lost_in_the_middle_of_the_content() -> None:
    """The end of data was not sent yet, so no server can have taken the mail."""
    content = b"Subject: large\r\n\r\n" + (b"x" * 76 + b"\r\n") * 200_000
    with MailServer(Script(drop=["content"])) as first, MailServer() as second:
        hops = [hop(first, 1), hop(second, 2)]
        (result,) = courier().deliver(parcel(content=content), hops)
    assert (result.outcome, result.ambiguous) == (Outcome.DELIVERED, False)
    assert second.mails[0].content == content


def test_a_refusal_in_the_middle_of_the_content_is_heard() -> None:
    """Some servers say 552 and close as soon as the content grows too large."""
    content = b"Subject: large\r\n\r\n" + (b"x" * 76 + b"\r\n") * 200_000
    script = Script(drop=["content"], end=["552 5.3.4 too large"])
    with MailServer(script) as first, MailServer() as second:
        hops = [hop(first, 1), hop(second, 2)]
        (result,) = courier().deliver(parcel(content=content), hops)
    assert (result.outcome, result.code, result.enhanced) == (Outcome.REFUSED, 552, "5.3.4")
    assert second.connections == 0


def test_a_small_mail_lost_behind_the_end_of_data_is_ambiguous() -> None:
    """All of it was handed to the network, so only the server knows."""
    with MailServer(Script(drop=["content"])) as first, MailServer() as second:
        (result,) = courier().deliver(parcel(), [hop(first, 1), hop(second, 2)])
    assert result.ambiguous
    assert second.connections == 0


def test_an_unreachable_hop_is_skipped() -> None:
    hops = [Hop("127.0.0.1", closed_port(), priority=1), Hop("no.such.host.invalid", priority=2)]
    with MailServer() as mx:
        (result,) = courier().deliver(parcel(), [*hops, hop(mx)])
    assert result.outcome is Outcome.DELIVERED


def test_recipients_are_deferred_when_no_hop_can_be_reached() -> None:
    (result,) = courier().deliver(parcel(), [Hop("127.0.0.1", closed_port())])
    assert (result.outcome, result.code, result.enhanced) == (Outcome.DEFERRED, 0, "4.4.1")
    assert result.host == "127.0.0.1"
    assert "127.0.0.1" in result.reply


def test_a_permanent_greeting_defers_since_it_says_nothing_about_the_recipient() -> None:
    with MailServer(Script(greeting="554 5.7.1 not today")) as mx:
        (result,) = courier().deliver(parcel(), [hop(mx)])
    assert (result.outcome, result.code, result.enhanced) == (Outcome.DEFERRED, 554, "4.7.1")


def test_without_hops_recipients_are_deferred() -> None:
    (result,) = courier().deliver(parcel(), [])
    assert (result.outcome, result.enhanced) == (Outcome.DEFERRED, "4.4.4")


@pytest.mark.parametrize(
    "script", [Script(drop=["stored"]), Script(end=["nonsense"]), Script(end=["999 huh"])]
)
def test_an_answer_lost_after_the_end_of_data_is_ambiguous_and_ends_the_attempt(
    script: Script,
) -> None:
    """The server may have the mail: no second hop, no second copy, and the result says so."""
    with MailServer(script) as first, MailServer() as second:
        results = courier().deliver(parcel(ANA, BEN), [hop(first, 1), hop(second, 2)])
    assert outcomes(results) == [Outcome.DEFERRED] * 2
    assert all(result.ambiguous for result in results)
    assert len(first.mails) == 1
    assert second.connections == 0


def test_421_at_the_end_of_data_is_a_plain_deferral() -> None:
    with MailServer(Script(end=["421 4.3.2 going down"])) as first, MailServer() as second:
        (result,) = courier().deliver(parcel(), [hop(first, 1), hop(second, 2)])
    assert (result.outcome, result.ambiguous, result.code) == (Outcome.DEFERRED, False, 421)
    assert second.connections == 0


def test_hops_are_tried_by_priority_and_equal_ones_share_the_load() -> None:
    with MailServer() as one, MailServer() as two, MailServer() as backup:
        sender = courier()
        for _ in range(20):
            sender.deliver(parcel(), [hop(backup, 20), hop(one), hop(two)])
    assert backup.connections == 0
    assert len(one.mails) + len(two.mails) == 20
    assert one.mails
    assert two.mails


def test_a_dripping_server_cannot_hold_a_worker() -> None:
    """The whole attempt ends at its deadline, however many bytes keep coming."""
    with MailServer(Script(drip=0.05, slow=())) as mx:
        started = time.monotonic()
        (result,) = courier(timeouts=Timeouts()).deliver(parcel(), [hop(mx)], seconds=0.5)
        taken = time.monotonic() - started
    assert (result.outcome, result.enhanced) == (Outcome.DEFERRED, "4.4.2")
    assert taken < 1.5


def test_without_time_nothing_is_begun() -> None:
    """A caller with several routes hands on what is left of one time limit."""
    with MailServer() as mx:
        (result,) = courier().deliver(parcel(), [hop(mx)], seconds=0)
    assert (result.outcome, result.enhanced) == (Outcome.DEFERRED, "4.4.5")
    assert mx.connections == 0


def test_a_silent_server_ends_at_the_step_s_own_time() -> None:
    patience = Timeouts(greeting=0.2)
    with MailServer(Script(drip=1, slow=["greeting"])) as mx:
        started = time.monotonic()
        (result,) = courier(timeouts=patience).deliver(parcel(), [hop(mx)])
        taken = time.monotonic() - started
    assert result.reply == "The server did not answer in time"
    assert taken < 0.9


def test_a_slow_answer_after_the_end_of_data_is_ambiguous() -> None:
    patience = Timeouts(end_of_data=0.2)
    with MailServer(Script(drip=1, slow=["stored"])) as mx:
        (result,) = courier(timeouts=patience).deliver(parcel(), [hop(mx)])
    assert result.ambiguous


def test_replies_are_kept_as_one_clean_line() -> None:
    """Control characters and endless texts never reach a log, a page or a report."""
    reply = "550-5.1.1 no\x1b[31m\tsuch\r\n550 5.1.1 user " + "x" * 3000
    with MailServer(Script(recipients={ANA: [reply]})) as mx:
        (result,) = courier().deliver(parcel(), [hop(mx)])
    assert result.reply.startswith("550 5.1.1 no [31m such 5.1.1 user xxx")
    assert len(result.reply) == 1000
    assert result.reply.isprintable()


@pytest.mark.parametrize(
    "address",
    [
        "ana@example.com\r\nRCPT TO:<ben@example.com",
        "ana@example.com> NOTIFY=NEVER",
        "a b@example.com",
        "ana@example.com\x00",
        "ana\udcff@example.com",
        "no-domain",
        "",
    ],
)
def test_an_address_cannot_smuggle_a_command(address: str) -> None:
    """Attack: it is refused before anything is sent, and the others are delivered."""
    with MailServer() as mx:
        results = courier().deliver(parcel(address, BEN), [hop(mx)])
    assert [(r.outcome, r.enhanced) for r in results] == [
        (Outcome.REFUSED, "5.1.3"),
        (Outcome.DELIVERED, "2.0.0"),
    ]
    assert [m.recipients for m in mx.mails] == [(BEN,)]


@pytest.mark.parametrize("content", [b"a\n.\nb\r\n", b"a\r.\r\nb\r\n", b"a\n.\r\n"])
def test_bare_line_ends_are_never_sent(content: bytes) -> None:
    """Attack: a lax server would see the end of the mail there (SMTP smuggling)."""
    with MailServer() as mx:
        (result,) = courier().deliver(parcel(content=content), [hop(mx)])
    assert (result.outcome, result.enhanced) == (Outcome.REFUSED, "5.6.0")
    assert mx.connections == 0


def test_lines_that_begin_with_dots_arrive_as_they_were() -> None:
    """Case smtp-03: one dot is put on, exactly once; the end gets its CRLF."""
    body = b".\r\n..\r\n...\r\n.htaccess\r\n..parent\r\n. \r\nend.\r\n."
    with MailServer() as mx:
        courier().deliver(parcel(content=b"Subject: dots\r\n\r\n" + body), [hop(mx)])
    (mail,) = mx.mails
    assert mail.content == b"Subject: dots\r\n\r\n" + body + b"\r\n"
    assert b"\r\n..\r\n...\r\n....\r\n..htaccess\r\n...parent\r\n.. \r\n" in mail.raw


def test_a_large_mail_arrives_whole() -> None:
    content = b"Subject: large\r\n\r\n" + b"0123456789" * 7 + b"\r\n"
    content += (b"x" * 76 + b"\r\n") * 70_000
    with MailServer() as mx:
        (result,) = courier().deliver(parcel(content=content), [hop(mx)])
    assert result.outcome is Outcome.DELIVERED
    assert mx.mails[0].content == content


def test_a_server_without_ehlo_is_greeted_with_helo() -> None:
    with MailServer(Script(ehlo="500 5.5.1 unknown")) as mx:
        (result,) = courier().deliver(parcel(), [hop(mx)])
    assert result.outcome is Outcome.DELIVERED
    assert mx.mails[0].parameters == ""


def test_eight_bit_content_is_announced_where_the_server_knows_it_and_sent_in_any_case() -> None:
    content = "Subject: x\r\n\r\nこんにちは\r\n".encode()
    with MailServer() as able, MailServer(Script(extensions=())) as plain:
        courier().deliver(parcel(content=content), [hop(able)])
        courier().deliver(parcel(content=content), [hop(plain)])
    assert able.mails[0].parameters == f"SIZE={len(content)} BODY=8BITMIME"
    assert plain.mails[0].parameters == ""
    assert able.mails[0].content == plain.mails[0].content == content


def test_an_international_address_needs_smtputf8() -> None:
    """Without it that recipient is refused with 5.6.7, the others are delivered."""
    both = parcel("花@example.com", ANA)
    with MailServer() as able, MailServer(Script(extensions=PLAIN[:2])) as plain:
        first = courier().deliver(both, [hop(able)])
        second = courier().deliver(both, [hop(plain)])
    assert outcomes(first) == [Outcome.DELIVERED] * 2
    assert able.mails[0].parameters.endswith(" SMTPUTF8")
    assert outcomes(second) == [Outcome.REFUSED, Outcome.DELIVERED]
    assert (second[0].code, second[0].enhanced) == (553, "5.6.7")
    assert plain.mails[0].recipients == (ANA,)


def test_international_headers_need_smtputf8_when_the_sender_asked_for_it() -> None:
    content = "Subject: 件名\r\n\r\nbody\r\n".encode()
    with MailServer(Script(extensions=("8BITMIME",))) as plain:
        (asked,) = courier().deliver(parcel(content=content, smtputf8=True), [hop(plain)])
        (raw,) = courier().deliver(parcel(content=content), [hop(plain)])
    assert (asked.outcome, asked.enhanced) == (Outcome.REFUSED, "5.6.7")
    assert raw.outcome is Outcome.DELIVERED


def test_an_international_domain_is_spelled_in_a_labels_without_smtputf8() -> None:
    with MailServer(Script(extensions=())) as plain:
        (result,) = courier().deliver(parcel("info@日本語.example"), [hop(plain)])
    assert result.recipient == "info@日本語.example"
    assert result.outcome is Outcome.DELIVERED
    assert plain.mails[0].recipients == ("info@xn--wgv71a119e.example",)


def test_the_null_sender_is_kept() -> None:
    with MailServer() as mx:
        (result,) = courier().deliver(Parcel("", (ANA,), CONTENT), [hop(mx)])
    assert result.outcome is Outcome.DELIVERED
    assert mx.mails[0].sender == ""


def test_a_host_inside_is_not_reached_by_way_of_an_mx_record() -> None:
    """Attack: whoever owns a domain could name our own servers as its mail exchanger."""
    with MailServer() as mx:
        hops = [Hop(host, mx.port, public_only=True) for host in ("127.0.0.1", "::ffff:127.0.0.1")]
        (result,) = courier().deliver(parcel(), [*hops, Hop("10.0.0.1", public_only=True)])
    assert (result.outcome, result.enhanced) == (Outcome.DEFERRED, "4.4.4")
    assert mx.connections == 0
