"""What a filter is handed: one message under examination, and whom it may ask."""

from __future__ import annotations

from dataclasses import dataclass, field

from mailsec.gateway.authentication import Authentication
from mailsec.gateway.envelope import Envelope
from mailsec.gateway.message import Message
from mailsec.gateway.policy import Policy
from mailsec.gateway.ports import Services, SpamScore


@dataclass(frozen=True, slots=True)
class Case:
    """The facts that all filters of one message share.

    ``authentication`` and ``spam`` are worked out before the filters run; they are empty where the
    policy does not ask for them or no service gives them.
    """

    message: Message
    envelope: Envelope
    policy: Policy
    services: Services
    authentication: Authentication = field(default_factory=Authentication)
    spam: SpamScore | None = None
