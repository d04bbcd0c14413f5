"""Judges the clients of the inbound listener: lists, block lists, names, rates, greylisting.

Questions about a client begin when it connects and are awaited at its first recipient, so that they
cost a patient client nothing. A refusal waits for the recipient too: only then is it known whose
mail it was, and the tenant can find it.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from hashlib import sha256
from ipaddress import IPv6Address
from typing import TYPE_CHECKING

from mailsec.gateway.lists import Standing
from mailsec.gateway.reputation.points import Measure, Point
from workers.smtpd import replies
from workers.smtpd.address import Path
from workers.smtpd.limits import RateLimit, client_key
from workers.smtpd.ports import Address, TenantRoute
from workers.smtpd.replies import Refused
from workers.smtpd.reputation_inquiry import Inquirer, Inquiry
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

_REPLIES = {450: replies.TOO_MUCH_MAIL, 451: replies.COME_AGAIN, 554: replies.UNWANTED}


@dataclass(frozen=True, slots=True)
class Helpers:
    """Whom the guard asks and tells."""

    lists: ListSource
    refusals: RefusalLog
    greylist: Greylist
    inquirer: Inquirer


class Guard:
    """The judgement of one listener."""

    def __init__(self, rules: Rules, helpers: Helpers) -> None:
        self._rules = rules
        self._ask = helpers
        self._mails = RateLimit(rules.mails_per_minute)
        self._recipients = RateLimit(rules.recipients_per_minute)

    def begin(self, client: Address, our_address: str) -> Inquiry:
        """Ask about a client that has just connected, in the background."""
        return self._ask.inquirer.begin(client, our_address)

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
            turned = self._turned(transaction, route.slug, path.normalised)
            raise self._noted(replace(turned, code=450, reason="rate"))
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
            raise self._noted(replace(turned, reason=said.source, entry=said.entry))
        if said.standing is Standing.NONE and route.reputation_check:
            doubts = await self._doubts(transaction, route, path)
        if transaction.count and bool(doubts) is not bool(transaction.doubts):
            raise Refused(replies.APART)
        return doubts

    async def _doubts(
        self, transaction: Transaction, route: TenantRoute, path: Path
    ) -> tuple[Point, ...]:
        points = await self._ask.inquirer.points(transaction)
        measure = self._rules.thresholds.measure(points)
        if measure is Measure.REFUSE:
            turned = self._turned(transaction, route.slug, path.normalised)
            raise self._noted(replace(turned, reason="reputation", points=points))
        if measure is Measure.TAKE or not route.greylisting:
            return ()
        return () if await self._ask.inquirer.proved_by_spf(transaction) else points

    def _noted(self, turned: Turned) -> Refused:
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
        return Refused(f"{_REPLIES[turned.code]} (reference {turned.reference})")

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

    async def message(self, transaction: Transaction, header: bytes, raw: bytes) -> None:
        """Ask a client in doubt to come again, unless its mail is signed or came again already."""
        if not transaction.doubts:
            return
        if await self._ask.inquirer.proved_by_dkim(header, raw):
            return
        keys = _keys(transaction)
        try:
            if await self._ask.greylist.passed(tuple(keys.values())):
                return
        except GreylistUnavailable:
            log.warning("Greylisting has no memory at this moment; mail passes without it")
            return
        refusals = []
        for (slug, to), points in transaction.doubts.items():
            turned = self._turned(transaction, slug, to)
            turned = replace(turned, code=451, reason="greylisted", points=points)
            refusals.append(self._noted(replace(turned, grey_key=keys[slug, to])))
        raise refusals[0]

    def taken(self, transaction: Transaction) -> None:
        """The mail is stored: what was put off of it has come."""
        for (slug, _), key in _keys(transaction).items():
            self._ask.refusals.taken(slug, key)


def _is_judged(transaction: Transaction) -> bool:
    inquiry = transaction.identity.inquiry
    return inquiry is not None and not inquiry.exempt


def _keys(transaction: Transaction) -> dict[tuple[str, str], bytes]:
    return {(slug, to): _key(transaction, slug, to) for slug, to in transaction.doubts}


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
