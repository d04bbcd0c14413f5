"""What all sessions of one listener share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mailsec.gateway.envelope import Direction
from workers.smtpd.authorise import Gate, InboundGate, OutboundGate
from workers.smtpd.limits import ByteLedger, ConnectionLedger, RateLimit
from workers.smtpd.ports import Directory, Intake, Listener
from workers.smtpd.reputation import Guard

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
    guard: Guard | None = None


def open_desk(
    listener: Listener, directory: Directory, intake: Intake, guard: Guard | None = None
) -> Desk:
    """A desk with fresh counters by the listener's limits; only inbound clients have a guard."""
    limits = listener.limits
    gate: Gate
    if listener.direction is Direction.OUTBOUND:
        gate, guard = OutboundGate(directory, listener.hostname), None
    else:
        gate = InboundGate(directory, listener.hostname, guard)
    return Desk(
        listener=listener,
        intake=intake,
        gate=gate,
        connections=ConnectionLedger(limits.connections, limits.connections_per_ip),
        rate=RateLimit(limits.connections_per_minute_per_ip),
        failed_logins=RateLimit(limits.failed_logins_per_minute_per_ip),
        bytes_in_flight=ByteLedger(limits.bytes_in_flight),
        guard=guard,
    )
