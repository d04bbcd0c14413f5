"""Mails to outside, for the tests of what is done with them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from email.header import Header

from mailsec.gateway.message import Message
from mailsec.gateway.outbound.risks.facts import Dispatch, Risk, dispatch

OWN = ("alpha.example.jp",)


@dataclass(frozen=True)
class Records:
    """What a tenant's records hold, as a test wants it."""

    addresses: frozenset[str] = frozenset()
    written: frozenset[str] = frozenset()

    def known(self, addresses: Collection[str]) -> Collection[str]:
        return self.addresses & set(addresses)

    def domains(self) -> Collection[str]:
        return self.written


def person(name: str, address: str) -> str:
    """One recipient as it stands in a header field."""
    return f"{Header(name, 'utf-8').encode()} <{address}>" if name else address


def letter(text: str, to: str = "partner@example.com", subject: str = "test") -> Message:
    """A plain letter in UTF-8."""
    return Message(
        f"From: user@alpha.example.jp\r\nTo: {to}\r\n"
        f"Subject: {Header(subject, 'utf-8').encode()}\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        f"{text}\r\n".encode()
    )


def multipart(*parts: tuple[str, str], kind: str = "mixed") -> Message:
    """A mail of these parts, each a header and a body."""
    inner = "".join(f"--b\r\n{head}\r\n\r\n{body}\r\n" for head, body in parts)
    return Message(
        "From: user@alpha.example.jp\r\nTo: partner@example.com\r\nMIME-Version: 1.0\r\n"
        f"Content-Type: multipart/{kind}; boundary=b\r\n\r\n{inner}--b--\r\n".encode()
    )


def sent(
    message: Message,
    *recipients: str,
    known: Collection[str] = (),
    written: Collection[str] = (),
) -> Dispatch:
    """The mail with its outside recipients and what the records hold."""
    records = Records(frozenset(known), frozenset(written))
    return dispatch(message, recipients or ("partner@example.com",), OWN, records)


def facts(risks: Collection[Risk]) -> list[tuple[str, str]]:
    """Code and recipient of each."""
    return [(risk.code.value, risk.recipient) for risk in risks]
