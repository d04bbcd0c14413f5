"""What is asked about a client while its session goes on, and what the answers come to."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from mailsec.gateway.clients.async_dns import AsyncDns
from mailsec.gateway.clients.dnsbl import Blocklists
from mailsec.gateway.clients.sender_proof import dkim_passes, keys_for, signatures_of, spf_passes
from mailsec.gateway.reputation.points import Point
from mailsec.gateway.reputation.sanity import Greeting, ReverseNames, points_against
from workers.smtpd.ports import Address
from workers.smtpd.reputation_ports import Rules

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
    """What is being asked about one client; ``facts`` is None where nothing is.

    ``exempt`` clients are held to no rate either. ``reference`` stands in each refusal that the
    client hears.
    """

    exempt: bool
    our_address: str
    facts: asyncio.Task[Facts] | None = None
    reference: str = field(default_factory=lambda: secrets.token_hex(5))

    def end(self) -> None:
        """The client left: nobody waits for the answers any more."""
        if self.facts is not None:
            self.facts.cancel()


class Inquirer:
    """Asks. Without ``names`` it asks nothing, and knows nothing against anybody."""

    def __init__(
        self, rules: Rules, names: AsyncDns | None = None, blocklists: Blocklists | None = None
    ) -> None:
        self._rules = rules
        self._names = names
        self._blocklists = blocklists

    def begin(self, client: Address, our_address: str) -> Inquiry:
        """Ask about a client that has just connected, in the background."""
        exempt = any(client in network for network in self._rules.exempt)
        inquiry = Inquiry(exempt, our_address)
        if not exempt and self._names is not None:
            loop = asyncio.get_running_loop()
            inquiry.facts = loop.create_task(self._inquire(client, self._names))
        return inquiry

    async def _inquire(self, client: Address, names: AsyncDns) -> Facts:
        """All questions at once; what has no answer in time is not held against the client."""
        reverse = asyncio.create_task(self._in_time(names.reverse_names(str(client))))
        try:
            listed: tuple[Point, ...] = ()
            if self._blocklists is not None:
                asked = self._blocklists.points(client, self._rules.seconds)
                listed = await self._in_time(asked, self._rules.seconds + _MARGIN) or ()
            return Facts(listed, await reverse or ReverseNames(known=False))
        finally:
            reverse.cancel()

    async def points(self, transaction: Transaction) -> tuple[Point, ...]:
        """All that speaks against the client, once the answers are there."""
        identity = transaction.identity
        inquiry = identity.inquiry
        if inquiry is None or inquiry.facts is None:
            return ()
        facts = await asyncio.shield(inquiry.facts)
        greeting = Greeting(
            identity.helo,
            str(identity.address),
            self._rules.our_names,
            frozenset({inquiry.our_address}),
        )
        return (*facts.listed, *points_against(greeting, facts.reverse))

    async def proved_by_spf(self, transaction: Transaction) -> bool:
        """Whether the envelope's sender passes SPF; asked once a mail."""
        if transaction.spf_passes is None:
            transaction.spf_passes = False
            if self._names is not None:
                identity, seconds = transaction.identity, self._rules.seconds
                sender, client = transaction.sender.normalised, str(identity.address)
                asked = spf_passes(self._names, client, sender, identity.helo, seconds)
                transaction.spf_passes = bool(await self._in_time(asked))
        return transaction.spf_passes

    async def proved_by_dkim(self, header: bytes, raw: bytes) -> bool:
        """Whether one of the mail's signatures holds."""
        found = signatures_of(header)
        if self._names is None or not found:
            return False
        keys = await self._in_time(keys_for(self._names, found))
        if not keys:
            return False
        if len(raw) > LARGEST_VERIFIED:
            return True
        return bool(
            await self._in_time(asyncio.to_thread(dkim_passes, raw, found, keys, datetime.now(UTC)))
        )

    async def _in_time(self, asked: Coroutine[Any, Any, R], seconds: float = 0.0) -> R | None:
        """The answer; None where it takes too long, or where we ourselves are at fault."""
        try:
            return await asyncio.wait_for(asked, seconds or self._rules.seconds)
        except TimeoutError:
            return None
        except Exception:  # the shell's edge: a fault of ours costs nobody's mail
            log.exception("A question about a client failed")
            return None
