"""Several recipients, refusals, deferrals, servers that are down: results, reports, retries."""

from __future__ import annotations

from email import message_from_bytes, policy

import pytest

from tests.journeys.mails import SENDER, USER, arrived, below_trace, marker, pass_by, plain
from tests.servers.mx import Received
from tests.service import Service

pytestmark = pytest.mark.stack

GONE = ("550 5.1.1 no such user",) * 9
LATER = ("451 4.2.0 try again later",)


def script(service: Service, server: str, **replies: tuple[str, ...]) -> None:
    """What a mail server says to these recipients, given by the part before the at sign."""
    domain = "alpha.example.jp" if server == "alpha" else "example.com"
    recipients = dict(service.mail_servers[server].script.recipients)
    recipients.update({f"{local}@{domain}": said for local, said in replies.items()})
    service.mail_servers[server].script.recipients = recipients


def copies(service: Service, server: str, mark: str) -> list[str]:
    """Who got the mail, once for each copy; reports do not count."""
    got = [mail for mail in service.mails(server, mark.encode()) if mail.sender]
    return sorted(recipient for mail in got for recipient in mail.recipients)


def reports(service: Service, server: str, mark: str) -> list[Received]:
    """Mail about this one from the null sender."""
    return [mail for mail in service.mails(server, mark.encode()) if not mail.sender]


def send(service: Service, way: str, sender: str, to: list[str], mail: bytes) -> list[int]:
    if way == "inbound":
        return service.send(sender, to, mail)
    return service.submit("alpha", sender, to, mail)


@pytest.mark.parametrize(
    ("way", "server", "domain", "sender", "home"),
    [
        ("inbound", "alpha", "alpha.example.jp", "sender@example.jp", "outside"),
        ("outbound", "outside", "example.com", "boss@alpha.example.jp", "alpha"),
    ],
)
def test_each_recipient_stands_for_itself(
    running_service: Service, way: str, server: str, domain: str, sender: str, home: str
) -> None:
    """smtp-05: good 1, gone 0, later 1 after a 451, other 1, one report from the null sender."""
    mark = marker(f"smtp-05-{way}")
    good, gone, later, other = names = [f"{mark}-{name}" for name in ("g", "x", "l", "o")]
    script(running_service, server, **{gone: GONE, later: LATER})
    to = [f"{name}@{domain}" for name in names]
    mail = plain(mark, sender=sender, to=", ".join(to))
    assert send(running_service, way, sender, to, mail) == [250] * 6
    running_service.wait_for(lambda: len(copies(running_service, server, mark)) >= 3)
    running_service.wait_for(lambda: reports(running_service, home, mark))
    record = running_service.settled("alpha", f"{mark}@example.net")
    assert copies(running_service, server, mark) == sorted(
        f"{name}@{domain}" for name in (good, later, other)
    )
    (report,) = reports(running_service, home, mark)
    assert report.recipients == (sender,)
    assert f"{gone}@{domain}".encode() in report.content
    assert f"{good}@{domain}".encode() not in report.content.partition(b"\r\n\r\n--")[2][:400]
    states = {row["recipient"]: (row["state"], row["reply"]) for row in record["deliveries"]}
    assert states[f"{gone}@{domain}"][0] == "bounced"
    assert "no such user" in states[f"{gone}@{domain}"][1]
    assert {state for address, (state, _) in states.items() if gone not in address} == {"delivered"}


@pytest.mark.parametrize(
    ("refused", "deferred", "taken"), [(3, 0, 0), (2, 0, 1), (0, 3, 0), (0, 2, 1), (1, 2, 0)]
)
def test_any_mix_of_answers_ends_with_one_copy_and_one_report(
    running_service: Service, refused: int, deferred: int, taken: int
) -> None:
    """All refused, none taken at first, some of each: one copy each, one report for all."""
    mark = marker("mix")
    lost = [f"{mark}-x{number}" for number in range(refused)]
    late = [f"{mark}-l{number}" for number in range(deferred)]
    good = [f"{mark}-g{number}" for number in range(taken)]
    script(running_service, "alpha", **dict.fromkeys(lost, GONE), **dict.fromkeys(late, LATER))
    to = [f"{name}@alpha.example.jp" for name in (*lost, *late, *good)]
    assert running_service.send("sender@example.jp", to, plain(mark))[-1] == 250
    running_service.settled("alpha", f"{mark}@example.net")
    expected = sorted(f"{name}@alpha.example.jp" for name in (*late, *good))
    assert copies(running_service, "alpha", mark) == expected
    running_service.wait_for(lambda: reports(running_service, "outside", mark), 10 * bool(lost))
    got = reports(running_service, "outside", mark)
    assert len(got) == bool(lost)
    assert all(f"{name}@alpha.example.jp".encode() in got[0].content for name in lost)


@pytest.mark.parametrize(
    ("sender", "language", "words"),
    [
        ("sender@example.jp", "ja", "お届けできませんでした"),
        ("sender@example.net", "en", "delivered"),
        ("sender@xn--wgv71a119e.jp", "ja", "お届けできませんでした"),
        ("sender@jp.example.com", "en", "delivered"),
    ],
)
def test_a_bounce_speaks_the_senders_language(
    running_service: Service, sender: str, language: str, words: str
) -> None:
    """RFC 3464, Japanese for a Japanese sender, English otherwise; the remote's words are in it."""
    mark = marker("language")
    script(running_service, "alpha", **{mark: GONE})
    assert running_service.send(sender, [f"{mark}@alpha.example.jp"], plain(mark))[-1] == 250
    running_service.wait_for(lambda: reports(running_service, "outside", mark))
    (got,) = reports(running_service, "outside", mark)
    assert got.recipients == (sender,)
    report = message_from_bytes(got.content, policy=policy.default)
    assert report.get_content_type() == "multipart/report"
    assert report["Auto-Submitted"] == "auto-replied"
    human, status, headers = report.iter_parts()  # type: ignore[attr-defined]
    assert human["Content-Language"] == language
    assert words in human.get_content()
    assert "no such user" in human.get_content()
    assert b"Action: failed" in status.as_bytes()
    assert mark in headers.as_string()


def test_own_people_get_bounces_in_the_tenants_language(running_service: Service) -> None:
    """An employee's mail to a partner who is gone: the bounce comes back inside."""
    mark = marker("own-bounce")
    script(running_service, "outside", **{mark: GONE})
    sender = "boss@alpha.example.jp"
    mail = plain(mark, sender=sender, to=f"{mark}@example.com")
    assert running_service.submit("alpha", sender, [f"{mark}@example.com"], mail)[-1] == 250
    running_service.wait_for(lambda: reports(running_service, "alpha", mark))
    (got,) = reports(running_service, "alpha", mark)
    assert got.recipients == (sender,)
    assert b"Content-Language: ja" in got.content


def test_a_null_sender_gets_no_bounce(running_service: Service) -> None:
    """A refused report makes no report."""
    mark = marker("null")
    script(running_service, "alpha", **{mark: GONE})
    assert running_service.send("", [f"{mark}@alpha.example.jp"], plain(mark))[-1] == 250
    assert running_service.settled("alpha", f"{mark}@example.net")["state"] == "closed"
    pass_by(running_service)
    assert not running_service.mails("outside", mark.encode())


def test_a_bounce_that_is_refused_makes_no_other(running_service: Service) -> None:
    """The sender of the refused mail does not exist either: it ends there."""
    mark = marker("bounced-bounce")
    script(running_service, "alpha", **{mark: GONE})
    script(running_service, "outside", **{mark: GONE})
    sender = f"{mark}@example.com"
    assert running_service.send(sender, [f"{mark}@alpha.example.jp"], plain(mark))[-1] == 250
    asked = f"RCPT TO:<{sender}>"
    commands = running_service.mail_servers["outside"].commands
    assert running_service.wait_for(lambda: any(line.startswith(asked) for line in commands))
    pass_by(running_service)
    assert sum(line.startswith(asked) for line in commands) == 1
    everything = [mail for each in running_service.mail_servers.values() for mail in each.mails]
    assert not any(mark.encode() in mail.content for mail in everything)
    rows = running_service.trace("alpha", sender)
    assert {row["direction"]: row["state"] for row in rows} == {
        "inbound": "closed",
        "notice": "closed",
    }


def test_the_next_server_takes_over_where_the_first_is_down(running_service: Service) -> None:
    """Fail-over within the same attempt: no deferral, one copy."""
    mark = marker("failover")
    mail = plain(mark, to="user@failover.example.jp")
    assert running_service.send(SENDER, ["user@failover.example.jp"], mail)[-1] == 250
    assert below_trace(arrived(running_service, "alpha", mark).content) == mail
    record = running_service.settled("alpha", f"{mark}@example.net")
    attempts = [event for event in record["events"] if event["kind"] == "attempted"]
    assert len(attempts) == 1


def test_a_refusal_after_a_deferral_is_reported_once(running_service: Service) -> None:
    """First "full", then refused for good: one bounce, with the last words of the server."""
    mark = marker("later-refused")
    said = ("452 4.2.2 full", "554 5.7.1 refused by rule")
    script(running_service, "alpha", **{mark: said})
    to = f"{mark}@alpha.example.jp"
    assert running_service.send("sender@example.jp", [to], plain(mark)) == [250] * 3
    running_service.wait_for(lambda: reports(running_service, "outside", mark))
    (got,) = reports(running_service, "outside", mark)
    assert b"refused by rule" in got.content
    assert not copies(running_service, "alpha", mark)


def test_mail_to_another_tenant_is_outside_mail_for_both(running_service: Service) -> None:
    """Alpha's mail to beta takes alpha's way out; it is no short cut past beta's checks."""
    mark = marker("tenant-to-tenant")
    sender, to = "boss@alpha.example.jp", "user@beta.example.jp"
    mail = plain(mark, sender=sender, to=to)
    assert running_service.submit("alpha", sender, [to], mail)[-1] == 250
    assert arrived(running_service, "outside", mark).recipients == (to,)
    assert not running_service.mails("beta", mark.encode())
    assert running_service.trace("beta", f"{mark}@example.net") == []


def test_outbound_mail_for_inside_and_outside_goes_both_ways_once(
    running_service: Service,
) -> None:
    """Inside copies go to the domain's next hop, outside ones to the smart host; same To."""
    mark = marker("split")
    sender, to = "boss@alpha.example.jp", [USER, "partner@example.com"]
    mail = plain(mark, sender=sender, to=", ".join(to))
    assert running_service.submit("alpha", sender, to, mail)[-1] == 250
    inside = arrived(running_service, "alpha", mark)
    outside = arrived(running_service, "outside", mark)
    assert inside.recipients == (USER,)
    assert outside.recipients == ("partner@example.com",)
    assert inside.content == outside.content
    assert below_trace(inside.content) == mail
