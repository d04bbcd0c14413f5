"""What all sessions of one listener share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mailsec.gateway.envelope import Direction
from workers.smtpd.authorise import Gate, InboundGate, OutboundGate
from workers.smtpd.limits import ByteLedger, ConnectionLedger, RateLimit
from workers.smtpd.ports import Directory, Intake, Listener

if TYPE_CHECKING:
    from workers.smtpd.connection import Connection


@dataclass(slots=True, eq=False)
class Desk:
    """One listener at work: its rules, its counters and its open sessions."""

    listener: Listener
    intake: Intake
    gate: Gate
    connections: ConnectionLedger
    rate: RateLimit
    failed_logins: RateLimit
    bytes_in_flight: ByteLedger
    sessions: set[Connection] = field(default_factory=set)
    stopping: bool = False


def open_desk(listener: Listener, directory: Directory, intake: Intake) -> Desk:
    """A desk with fresh counters by the listener's limits."""
    limits = listener.limits
    gate: Gate
    if listener.direction is Direction.OUTBOUND:
        gate = OutboundGate(directory)
    else:
        gate = InboundGate(directory, listener.hostname)
    return Desk(
        listener=listener,
        intake=intake,
        gate=gate,
        connections=ConnectionLedger(limits.connections, limits.connections_per_ip),
        rate=RateLimit(limits.connections_per_minute_per_ip),
        failed_logins=RateLimit(limits.failed_logins_per_minute_per_ip),
        bytes_in_flight=ByteLedger(limits.bytes_in_flight),
    )
