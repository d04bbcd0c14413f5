"""What the edits of one message are to do, as one value."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from mailsec.gateway.authentication import Authentication
from mailsec.gateway.dkim.signing import SigningKey
from mailsec.gateway.envelope import Envelope
from mailsec.gateway.policy import Policy
from mailsec.gateway.verdict import Decision
from mailsec.gateway.zipping.selection import Selection
from mailsec.gateway.zipping.writer import Archive


@dataclass(frozen=True, slots=True)
class Trace:
    """One reception.

    ``by_host`` is our own name, by which our loop detection knows its fields again; ``queue_id``
    the message's id with us; ``received_at`` aware. ``authenticated`` says that the client proved
    a user. ``authentication`` is what was found of the sender, None where nobody looks (outbound);
    ``arc_key`` seals what is changed, where the service has a key of its own.
    """

    by_host: str
    queue_id: str
    received_at: datetime
    envelope: Envelope
    authenticated: bool = False
    authentication: Authentication | None = None
    arc_key: SigningKey | None = None

    @property
    def protocol(self) -> str:
        """The registered name of the transmission type (RFC 3848, RFC 6531 section 4.3)."""
        name = "UTF8SMTP" if self.envelope.smtputf8 else "ESMTP"
        return (
            name + ("S" if self.envelope.client.tls else "") + ("A" if self.authenticated else "")
        )


@dataclass(frozen=True, slots=True)
class Outbound:
    """What one form of an outbound mail is made of.

    ``hidden`` are the recipients that no copy may name, None where all see each other; ``to``
    stands in To then. ``archive`` takes the place of the files of ``selection``. ``key`` signs for
    the author's domain.
    """

    hidden: tuple[str, ...] | None = None
    to: str = ""
    selection: Selection = field(default_factory=Selection)
    archive: Archive | None = None
    key: SigningKey | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """``when`` is aware and in the tenant's zone; ``trace`` is None where no header is added.

    ``received`` are the bytes before all edits, for those that depend on whether anything changed.
    """

    decision: Decision
    policy: Policy
    when: datetime
    trace: Trace | None = None
    received: bytes | None = None
    outbound: Outbound | None = None
