"""Handing one message to the first of several hops that takes it, with one result per recipient.

Fail-over follows RFC 5321 section 5.1: the next hop is tried, within the same attempt, when a hop
cannot be reached, is not ready for mail (whatever code its greeting has), gives no TLS where it
must, closes with 421, or is lost before it had the whole content. Two things stop it:

- a reply to MAIL, RCPT or DATA is an answer for the recipient, permanent or temporary. Postfix also
  carries temporary ones to the next host at once; here they wait for the schedule, whose first step
  is a minute, so that a backup server does not collect what the first one is still greylisting;
- once the whole content is sent and the answer is lost, that server may have the mail. Another hop
  would make a second copy, so the recipient is deferred and the result says ``ambiguous``.

Where every hop is out of reach, recipients are deferred even if the greetings were 5xx: a server
that refuses to talk says nothing about the recipient (so does Postfix: ``smtp_skip_5xx_greeting``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from mailsec.gateway.errors import HopFailed
from mailsec.gateway.hops import Hop, Outcome, Parcel, Result, TlsMode
from mailsec.gateway.smtp.connections import ConnectionPool, Connector, TlsTrust
from mailsec.gateway.smtp.conversation import Conversation, Deadline, Timeouts
from mailsec.gateway.smtp.transaction import Ledger, Transaction
from mailsec.gateway.smtp.wire import Load, has_bare_line_ends, is_sendable

__all__ = [
    "ConnectionPool",
    "Connector",
    "Courier",
    "Hop",
    "Outcome",
    "Parcel",
    "Result",
    "Timeouts",
    "TlsMode",
    "TlsTrust",
]

RECIPIENTS_PER_TRANSACTION = 100  # what every server must take (RFC 5321 section 4.5.3.1.8)


NO_HOP = Result("", Outcome.DEFERRED, 0, "4.4.4", "There is no hop to deliver to")
OUT_OF_TIME = Result("", Outcome.DEFERRED, 0, "4.4.5", "There was no time left for this attempt")


@dataclass(frozen=True, slots=True)
class _Job:
    """What one delivery carries from hop to hop."""

    sender: str
    load: Load
    ledger: Ledger
    deadline: Deadline


class Courier:
    """Delivers parcels over connections of one pool; safe to share between threads."""

    def __init__(
        self,
        connections: ConnectionPool,
        shuffle: Random,
        recipients_per_transaction: int = RECIPIENTS_PER_TRANSACTION,
    ) -> None:
        self._connections = connections
        self._shuffle = shuffle
        self._limit = recipients_per_transaction

    def deliver(
        self, parcel: Parcel, hops: Sequence[Hop], seconds: float = 240
    ) -> tuple[Result, ...]:
        """One result for each recipient, within ``seconds``, whatever the network does."""
        ledger = Ledger(list(dict.fromkeys(parcel.recipients)))
        _refuse_unsendable(parcel, ledger)
        failure = self._carry(parcel, hops, ledger, seconds) if ledger.open else NO_HOP
        for recipient in list(ledger.open):
            ledger.settle(replace(failure, recipient=recipient))
        return tuple(ledger.results[recipient] for recipient in parcel.recipients)

    def _carry(self, parcel: Parcel, hops: Sequence[Hop], ledger: Ledger, seconds: float) -> Result:
        """Go from hop to hop; returns the last failure, for those whom no hop gave an answer."""
        deadline = Deadline(self._connections.connector.clock, seconds)
        job = _Job(parcel.sender, Load.of(parcel), ledger, deadline)
        failure = OUT_OF_TIME if deadline.passed() else NO_HOP
        for hop in self._in_order(hops):
            if not ledger.open or deadline.passed():
                break
            try:
                self._try(hop, job)
            except HopFailed as lost:
                failure = Result(
                    "", Outcome.DEFERRED, lost.code, lost.enhanced, lost.text, hop.host
                )
        return failure

    def _in_order(self, hops: Sequence[Hop]) -> list[Hop]:
        """By priority; equal ones in random order, to spread the load (RFC 5321 section 5.1)."""
        shuffled = list(hops)
        self._shuffle.shuffle(shuffled)
        return sorted(shuffled, key=lambda hop: hop.priority)

    def _try(self, hop: Hop, job: _Job) -> None:
        before = len(job.ledger.open)
        reused = False
        try:
            with self._connections.lend(hop, job.deadline) as conversation:
                reused = conversation.transactions > 0
                self._transact(conversation, hop, job)
        except HopFailed:
            if not reused or len(job.ledger.open) < before or job.deadline.passed():
                raise
            # A kept connection had died meanwhile, which says nothing about the server.
            with self._connections.lend(hop, job.deadline, fresh=True) as conversation:
                self._transact(conversation, hop, job)

    def _transact(self, conversation: Conversation, hop: Hop, job: _Job) -> None:
        while job.ledger.open:
            recipients = job.ledger.open[: self._limit]
            Transaction(conversation, hop.host, job.sender, job.load, job.ledger, recipients).run()


def _refuse_unsendable(parcel: Parcel, ledger: Ledger) -> None:
    """Settle what no server should ever see: it would break the protocol or smuggle commands."""
    reason = ""
    if has_bare_line_ends(parcel.content):
        reason, enhanced = "The message has bare CR or LF characters", "5.6.0"
    elif parcel.sender and not is_sendable(parcel.sender):
        reason, enhanced = "The sender's address is malformed", "5.1.7"
    for recipient in list(ledger.open):
        if reason:
            ledger.settle(Result(recipient, Outcome.REFUSED, 0, enhanced, reason))
        elif not is_sendable(recipient):
            text = "The recipient's address is malformed"
            ledger.settle(Result(recipient, Outcome.REFUSED, 0, "5.1.3", text))
