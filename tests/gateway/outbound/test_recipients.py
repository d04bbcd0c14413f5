"""Who counts as outside."""

from __future__ import annotations

from mailsec.gateway.message import Message
from mailsec.gateway.outbound.recipients import outside, shown_outside

OWN = ("example.jp", "sub.example.jp")


def test_every_domain_of_the_tenant_is_inside_and_nothing_else_is() -> None:
    """A subdomain or a domain that looks alike is another one."""
    addresses = ["a@example.jp", "b@SUB.example.jp", "c@other.example.jp", "d@example.jp.example"]
    assert outside(addresses, OWN) == ("c@other.example.jp", "d@example.jp.example")


def test_an_address_counts_once_however_it_is_written() -> None:
    """Letter case, display names and the field make no difference."""
    raw = (
        b"To: One <a@example.com>, A@EXAMPLE.COM, x@example.jp,\r\n\tgroup: b@example.com;\r\n"
        b"Cc: =?utf-8?B?44GC?= <b@example.com>, c@example.org (comment)\r\n"
        b"Cc: d@example.net\r\n\r\n"
    )
    found = shown_outside(Message(raw), OWN)
    assert found == ("a@example.com", "b@example.com", "c@example.org", "d@example.net")


def test_what_is_no_address_is_outside_but_counts_for_no_reader() -> None:
    """Nobody can say whom it leads to; in To it names nobody."""
    assert outside(["nobody", ""], OWN) == ("nobody",)
    assert shown_outside(Message(b"To: undisclosed-recipients:;\r\n\r\n"), OWN) == ()
