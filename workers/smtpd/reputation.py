"""Judges the clients of the inbound listener: lists, block lists, names, rates, greylisting.

Questions about a client begin when it connects and are awaited at its first recipient, so that they
cost a patient client nothing. A refusal waits for the recipient too: only then is it known whose
mail it was, and the tenant can find it.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Coroutine
from dataclasses import dataclass, field, replace
from hashlib import sha256
from ipaddress import IPv6Address
from typing import TYPE_CHECKING, Any, TypeVar

from mailsec.gateway.clients.async_dns import AsyncDns
from mailsec.gateway.clients.dnsbl import Blocklists
from mailsec.gateway.clients.sender_proof import dkim_passes, keys_for, signatures_of, spf_passes
from mailsec.gateway.lists import Standing
from mailsec.gateway.reputation.points import Measure, Point
from mailsec.gateway.reputation.sanity import Greeting, ReverseNames, points_against
from workers.smtpd import replies
from workers.smtpd.address import Path
from workers.smtpd.limits import RateLimit, client_key
from workers.smtpd.ports import Address, TenantRoute
from workers.smtpd.replies import Refused
from workers.smtpd.reputation_lists import said_of
from workers.smtpd.reputation_ports import (
    Greylist,
    GreylistUnavailable,
    ListSource,
    RefusalLog,
    Rules,
    Turned,
)

if TYPE_CHECKING:
    from workers.smtpd.transaction import Transaction

log = logging.getLogger(__name__)

R = TypeVar("R")

# The signature of a larger mail is believed here: hashing it would hold up the other sessions.
LARGEST_VERIFIED = 256 * 1024
_MARGIN = 0.2  # The block lists keep their own time, and count which of them were late.


@dataclass(frozen=True, slots=True)
class Facts:
    """What the domain name system says of a client."""

    listed: tuple[Point, ...] = ()
    reverse: ReverseNames = field(default_factory=lambda: ReverseNames(known=False))


@dataclass(slots=True, eq=False)
class Inquiry:
    """What is being asked about one client; ``facts`` is None for one that is exempt.

    ``reference`` stands in each refusal that the client hears.
    """

    exempt: bool
    our_address: str
    facts: asyncio.Task[Facts] | None = None
    reference: str = field(default_factory=lambda: secrets.token_hex(5))

    def end(self) -> None:
        """The client left: nobody waits for the answers any more."""
        if self.facts is not None:
            self.facts.cancel()


@dataclass(frozen=True, slots=True)
class Helpers:
    """Whom the guard asks. Without ``names`` no question is asked of the domain name system."""

    lists: ListSource
    refusals: RefusalLog
    greylist: Greylist
    names: AsyncDns | None = None
    blocklists: Blocklists | None = None


class Guard:
    """The judgement of one listener."""

    def __init__(self, rules: Rules, helpers: Helpers) -> None:
        self._rules = rules
        self._ask = helpers
        self._mails = RateLimit(rules.mails_per_minute)
        self._recipients = RateLimit(rules.recipients_per_minute)

    def begin(self, client: Address, our_address: str) -> Inquiry:
        """Ask about a client that has just connected, in the background."""
        exempt = any(client in network for network in self._rules.exempt)
        inquiry = Inquiry(exempt, our_address)
        if not exempt and self._ask.names is not None:
            loop = asyncio.get_running_loop()
            inquiry.facts = loop.create_task(self._inquire(client, self._ask.names))
        return inquiry

    async def _inquire(self, client: Address, names: AsyncDns) -> Facts:
        """All questions at once; what has no answer in time is not held against the client."""
        reverse = asyncio.create_task(self._in_time(names.reverse_names(str(client))))
        try:
            listed: tuple[Point, ...] = ()
            if self._ask.blocklists is not None:
                asked = self._ask.blocklists.points(client, self._rules.seconds)
                listed = await self._in_time(asked, self._rules.seconds + _MARGIN) or ()
            return Facts(listed, await reverse or ReverseNames(known=False))
        finally:
            reverse.cancel()

    # The envelope.

    def sender(self, transaction: Transaction) -> None:
        """Hold the client to its rate of mails."""
        identity = transaction.identity
        if _is_judged(transaction) and not self._mails.allow(client_key(identity.address)):
            raise Refused(replies.TOO_MUCH_MAIL)

    async def recipient(
        self, transaction: Transaction, route: TenantRoute, path: Path
    ) -> tuple[Point, ...]:
        """Refuse a recipient that shall not have this mail.

        Returns what speaks for greylisting the mail; nothing where it shall be taken. One answer
        holds for a whole mail, so recipients of the one and of the other kind come apart.
        """
        identity = transaction.identity
        if _is_judged(transaction) and not self._recipients.allow(client_key(identity.address)):
            raise Refused(replies.TOO_MUCH_MAIL)
        said = said_of(
            self._ask.lists.operator_lists(),
            self._ask.lists.lists_of(route.slug),
            str(identity.address),
            transaction.sender.normalised,
            path.normalised,
        )
        doubts: tuple[Point, ...] = ()
        if said.standing is Standing.BLOCKED:
            turned = self._turned(transaction, route.slug, path.normalised)
            self._refuse(replace(turned, reason=said.source, entry=said.entry))
        if said.standing is Standing.NONE and route.reputation_check:
            doubts = await self._doubts(transaction, route, path)
        if transaction.count and bool(doubts) is not bool(transaction.doubts):
            raise Refused(replies.APART)
        return doubts

    async def _doubts(
        self, transaction: Transaction, route: TenantRoute, path: Path
    ) -> tuple[Point, ...]:
        points = await self._points(transaction)
        measure = self._rules.thresholds.measure(points)
        if measure is Measure.REFUSE:
            turned = self._turned(transaction, route.slug, path.normalised)
            self._refuse(replace(turned, reason="reputation", points=points))
        if measure is Measure.TAKE or not route.greylisting:
            return ()
        return () if await self._proved_by_spf(transaction) else points

    async def _points(self, transaction: Transaction) -> tuple[Point, ...]:
        identity = transaction.identity
        inquiry = identity.inquiry
        if inquiry is None or inquiry.facts is None:
            return ()
        # A client that leaves cancels the inquiry; this wait then ends with the session.
        facts = await asyncio.shield(inquiry.facts)
        greeting = Greeting(
            identity.helo,
            str(identity.address),
            self._rules.our_names,
            frozenset({inquiry.our_address}),
        )
        return (*facts.listed, *points_against(greeting, facts.reverse))

    def _refuse(self, turned: Turned) -> None:
        self._ask.refusals.note(turned)
        log.info(
            "%s refused for %s: %s %s %s, reference %s",
            turned.client_ip,
            turned.tenant,
            turned.reason,
            turned.entry,
            ", ".join(f"{point.code} {point.weight}" for point in turned.points),
            turned.reference,
        )
        text = replies.COME_AGAIN if turned.code == 451 else replies.UNWANTED
        raise Refused(f"{text} (reference {turned.reference})")

    @staticmethod
    def _turned(transaction: Transaction, slug: str, recipient: str) -> Turned:
        identity = transaction.identity
        return Turned(
            tenant=slug,
            client_ip=str(identity.address),
            helo=identity.helo,
            sender=transaction.sender.address,
            recipient=recipient,
            code=554,
            reason="",
            reference=identity.inquiry.reference if identity.inquiry else "",
        )

    # Proof, and greylisting.

    async def _proved_by_spf(self, transaction: Transaction) -> bool:
        if transaction.spf_passes is None:
            transaction.spf_passes = False
            if self._ask.names is not None:
                identity, sender = transaction.identity, transaction.sender.normalised
                question = spf_passes(
                    self._ask.names,
                    str(identity.address),
                    sender,
                    identity.helo,
                    self._rules.seconds,
                )
                transaction.spf_passes = bool(await self._in_time(question))
        return transaction.spf_passes

    async def message(self, transaction: Transaction, header: bytes, raw: bytes) -> None:
        """Ask a client in doubt to come again, unless its mail is signed or came again already."""
        if not transaction.doubts:
            return
        if await self._proved_by_dkim(header, raw):
            return
        keys = tuple(_key(transaction, slug, to) for slug, to in transaction.doubts)
        try:
            if await self._ask.greylist.passed(keys):
                return
        except GreylistUnavailable:
            log.warning("Greylisting has no memory at this moment; mail passes without it")
            return
        refused: Refused | None = None
        for (slug, recipient), points in transaction.doubts.items():
            turned = self._turned(transaction, slug, recipient)
            try:
                self._refuse(replace(turned, code=451, reason="greylisted", points=points))
            except Refused as one:
                refused = one
        if refused is not None:
            raise refused

    async def _proved_by_dkim(self, header: bytes, raw: bytes) -> bool:
        found = signatures_of(header)
        if self._ask.names is None or not found:
            return False
        keys = await self._in_time(keys_for(self._ask.names, found))
        if not keys:
            return False
        if len(raw) > LARGEST_VERIFIED:
            return True
        return bool(await self._in_time(asyncio.to_thread(dkim_passes, raw, found, keys)))

    async def _in_time(self, question: Coroutine[Any, Any, R], seconds: float = 0.0) -> R | None:
        """The answer; None where it takes too long, or where we ourselves are at fault."""
        try:
            return await asyncio.wait_for(question, seconds or self._rules.seconds)
        except TimeoutError:
            return None
        except Exception:  # the shell's edge: a fault of ours costs nobody's mail
            log.exception("A question about a client failed")
            return None


def _is_judged(transaction: Transaction) -> bool:
    inquiry = transaction.identity.inquiry
    return inquiry is not None and not inquiry.exempt


def _key(transaction: Transaction, slug: str, recipient: str) -> bytes:
    """What greylisting remembers of a mail: the client's network, since large senders try again
    from a neighbour, with both addresses; hashed, so that it names nobody."""
    client = transaction.identity.address
    length = 64 if isinstance(client, IPv6Address) else 24
    network = int(client) >> client.max_prefixlen - length
    facts = (
        client.version,
        network,
        transaction.sender.normalised.lower(),
        slug,
        recipient.lower(),
    )
    return sha256("\0".join(map(str, facts)).encode()).digest()[:16]
