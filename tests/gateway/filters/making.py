"""Cases for the filters that judge senders and texts."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field

from mailsec.gateway.authentication import Authentication, Dmarc, Result
from mailsec.gateway.case import Case
from mailsec.gateway.envelope import Client, Direction, Envelope
from mailsec.gateway.message import Message
from mailsec.gateway.policy import Policy
from mailsec.gateway.ports import Relations, ScanResult, Services

OWN = "yamada-shoji.example"
PARTNER = "partner-bank.example"
POLICY = Policy(
    own_domains=(OWN,), protected_domains=(PARTNER,), protected_names=("鈴木 一郎", "Alex Smith")
)
INBOUND = Envelope(Direction.INBOUND, Client("192.0.2.1"), "a@example.net", (f"keiri@{OWN}",))
PROVED = Authentication(dmarc=Dmarc(Result.PASS, "example.net"))


class NoScanner:
    """Finds nothing."""

    name = "none"

    def scan(self, content: bytes) -> ScanResult:
        return ScanResult()


@dataclass
class Records:
    """What a tenant knows: people by their folded names, and whom it wrote to."""

    people: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    known: frozenset[str] = frozenset()
    asked: list[str] = field(default_factory=list)

    def addresses_of(self, name: str) -> tuple[str, ...]:
        self.asked.append(name)
        return self.people.get(name, ())

    def has_corresponded(self, sender: str, recipients: tuple[str, ...]) -> bool:
        return sender in self.known


def word(text: str) -> str:
    """An encoded word, as display names and subjects travel."""
    return f"=?utf-8?B?{base64.b64encode(text.encode()).decode()}?="


def mail(
    from_: str = "a@example.net",
    *fields: str,
    subject: str = "x",
    text: str = "",
    html: str = "",
    name: str = "",
) -> bytes:
    """One message; ``name`` is the author's display name, encoded."""
    author = f"{word(name)} <{from_}>" if name else from_
    kind = "text/html" if html else "text/plain"
    head = [f"From: {author}", f"Subject: {word(subject)}", *fields, "MIME-Version: 1.0"]
    head.append(f"Content-Type: {kind}; charset=utf-8")
    return ("\r\n".join(head) + "\r\n\r\n" + (html or text) + "\r\n").encode()


def case(
    raw: bytes,
    relations: Relations | None = None,
    policy: Policy = POLICY,
    envelope: Envelope = INBOUND,
    authentication: Authentication | None = None,
) -> Case:
    """The message as the filters get it."""
    services = Services(NoScanner(), relations=relations)
    return Case(Message(raw), envelope, policy, services, authentication or Authentication())
