"""What the judgement of clients needs from the rest of the service, and what it hands over."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from mailsec.gateway.lists import Lists, TenantLists
from mailsec.gateway.reputation.points import Point, Thresholds
from workers.smtpd.ports import ListenerError, Network


class GreylistUnavailable(ListenerError):
    """Greylisting's memory gave no answer: the mail is taken, for nobody's fault delays mail."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How strict the listener is. Times in seconds; rates are for each client, 0 = unlimited.

    ``exempt`` clients are judged by lists alone: no question is asked about them, no rate holds.
    """

    thresholds: Thresholds = field(default_factory=Thresholds)
    seconds: float = 3.0
    exempt: tuple[Network, ...] = ()
    our_names: frozenset[str] = frozenset()
    mails_per_minute: int = 0
    recipients_per_minute: int = 0


@dataclass(frozen=True, slots=True)
class Turned:
    """One recipient that was refused: the reply's code, and why in a word.

    ``reason`` is operator, tenant, user, reputation, greylisted or rate; ``entry`` the list's entry
    that says so; ``points`` what spoke against the client; ``grey_key`` what greylisting knows the
    mail by.
    """

    tenant: str
    client_ip: str
    helo: str
    sender: str
    recipient: str
    code: int
    reason: str
    reference: str
    entry: str = ""
    points: tuple[Point, ...] = ()
    grey_key: bytes = b""


class ListSource(Protocol):
    """Allow and block lists, at once and from memory."""

    def operator_lists(self) -> Lists: ...

    def lists_of(self, slug: str) -> TenantLists: ...


class RefusalLog(Protocol):
    """Keeps refusals where the tenant finds them: at once, without raising, counting bursts."""

    def note(self, turned: Turned) -> None: ...

    def taken(self, tenant: str, grey_key: bytes) -> None:
        """Mail with this key was taken: what was put off before came again."""
        ...


class Greylist(Protocol):
    """Greylisting's memory."""

    async def passed(self, keys: tuple[bytes, ...]) -> bool:
        """Whether mail with all of these keys came again in time; what is new is remembered.

        Raises GreylistUnavailable.
        """
        ...
