"""Allow and block lists as a filter: whose name counts for what."""

from __future__ import annotations

from dataclasses import replace

from mailsec.gateway.authentication import Authentication, Dmarc, Result, Spf
from mailsec.gateway.case import Case
from mailsec.gateway.envelope import Client, Direction, Envelope
from mailsec.gateway.filters import listed
from mailsec.gateway.lists import Lists, entries
from mailsec.gateway.message import Message
from mailsec.gateway.policy import Policy
from mailsec.gateway.ports import Services
from mailsec.gateway.signatures.engine import BuiltinScanner

ENVELOPE = Envelope(
    Direction.INBOUND, Client("192.0.2.1"), "bounce@example.net", ("a@example.com", "b@example.com")
)
AUTHOR = b"From: Partner <sales@example.org>\r\nSubject: x\r\n\r\nhello\r\n"
PROVED = Authentication(dmarc=Dmarc(Result.PASS, "example.org"))
SERVICES = Services(BuiltinScanner())


def found(policy: Policy, authentication: Authentication, raw: bytes = AUTHOR) -> str:
    """The code and entry, empty where the lists say nothing."""
    case = Case(Message(raw), ENVELOPE, policy, SERVICES, authentication)
    return " ".join(f"{each.code} {each.detail['entry']}" for each in listed.look(case))


def allowing(*texts: str) -> Policy:
    return Policy(lists=Lists(allow=entries(texts)))


def blocking(*texts: str) -> Policy:
    return Policy(lists=Lists(block=entries(texts)))


def test_a_name_is_allowed_only_where_it_is_proved() -> None:
    """Anybody can write any name into From and MAIL FROM."""
    policy = allowing("sales@example.org")
    assert found(policy, PROVED) == "allowed sales@example.org"
    assert found(policy, Authentication()) == ""
    sender = allowing("example.net")
    assert found(sender, Authentication(Spf(Result.PASS, "example.net"))) == "allowed example.net"
    assert found(sender, Authentication(Spf(Result.PASS, "example.org"))) == ""


def test_of_several_authors_none_is_allowed() -> None:
    """Programs differ in which they show (two From lines)."""
    raw = b"From: sales@example.org\r\nFrom: x@example.net\r\n\r\n"
    assert found(allowing("sales@example.org"), PROVED, raw) == ""


def test_a_block_needs_no_proof_and_holds_every_name() -> None:
    """The author's, each of several, and the envelope's sender."""
    nothing = Authentication()
    assert found(blocking("example.org"), nothing) == "blocked example.org"
    assert found(blocking("bounce@example.net"), nothing) == "blocked bounce@example.net"
    both = replace(
        allowing("example.org"), lists=Lists(entries(["example.org"]), entries(["example.net"]))
    )
    assert found(both, PROVED) == "blocked example.net"


def test_a_network_needs_no_proof() -> None:
    """The address of the client cannot be forged."""
    assert found(allowing("192.0.2.0/24"), Authentication()) == "allowed 192.0.2.0/24"
    assert found(blocking("192.0.2.1/32"), Authentication()) == "blocked 192.0.2.1/32"


def test_a_users_own_list_holds_where_all_recipients_keep_it() -> None:
    """The message is judged once for all of them."""
    block = Lists(block=entries(["example.org"]))
    one = Policy(user_entries={"a@example.com": block})
    both = Policy(user_entries={"a@example.com": block, "b@example.com": block})
    assert found(one, Authentication()) == ""
    assert found(both, Authentication()) == "blocked example.org"


def test_outbound_mail_is_not_asked_about() -> None:
    """The lists are for senders outside."""
    case = Case(
        Message(AUTHOR),
        replace(ENVELOPE, direction=Direction.OUTBOUND),
        blocking("example.org"),
        SERVICES,
    )
    assert list(listed.look(case)) == []
