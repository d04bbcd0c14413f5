"""Everything that the page of an outbound mail shows, as one value that templates lay out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mailsec.gateway.hops import may_refuse_content
from mailsec.gateway.message import Message
from mailsec.gateway.outbound import risks
from mailsec.gateway.outbound.recipients import is_outside, outside
from mailsec.gateway.outbound.risks.facts import Risk, dispatch
from mailsec.gateway.outbound.treatment import LOCKED_FORMS
from quarantine import hold_explain, trace
from quarantine.choices import DeliveryState, EventKind
from quarantine.errors import ContentGone
from quarantine.explain import Badge
from quarantine.hold_words import RiskWords, risk_words
from quarantine.holds import EarlierMail, hold_of, processing_of
from quarantine.models import Delivery, StoredMessage
from quarantine.preview import Preview
from quarantine.selectors import CONDEMNED, original
from tenants.models import Tenant

_LONGEST = 4_000  # characters of a header field that are shown
_DECIDED = (EventKind.HELD, EventKind.APPROVED, EventKind.DISCARDED, EventKind.REMINDED)
_WAITING = frozenset((DeliveryState.PENDING, DeliveryState.HELD))
_GIVEN_UP = frozenset((DeliveryState.DISCARDED, DeliveryState.WITHHELD, DeliveryState.BOUNCED))


@dataclass(frozen=True, slots=True)
class RecipientLine:
    """One envelope recipient: where the copy stands, and what is risky about the address.

    ``field`` is the header field that shows the address, empty where none does.
    """

    copy: Delivery
    outside: bool
    field: str
    badge: Badge
    risks: tuple[RiskWords, ...]

    @property
    def is_waiting(self) -> bool:
        """Whether somebody still has to decide on it."""
        return self.copy.state == DeliveryState.HELD

    @property
    def is_locked(self) -> bool:
        """Whether its files leave in an archive."""
        return self.copy.form in LOCKED_FORMS

    @property
    def was_refused_locked(self) -> bool:
        """Whether the server may have refused it because it does not take encrypted archives."""
        copy = self.copy
        refused = copy.state == DeliveryState.BOUNCED and self.is_locked
        return refused and may_refuse_content(copy.remote_code, copy.remote_status)


@dataclass(frozen=True, slots=True)
class HoldPage:
    """One outbound mail before and after its release.

    ``decisions`` are the steps of holding and deciding, each with the recipients it was about.
    ``fields`` are the header fields with recipients as they were written, ``applied`` says what is
    done to the copies that leave the company. ``preview`` is None where the content is not kept any
    more, or is not for this reader; ``due_at`` where nothing waits.
    """

    message: StoredMessage
    recipients: tuple[RecipientLine, ...]
    fields: tuple[tuple[str, str], ...]
    because: str
    applied: tuple[str, ...]
    ending: str
    due_at: datetime | None
    risks: tuple[RiskWords, ...]
    decisions: tuple[tuple[trace.Step, tuple[str, ...]], ...]
    has_content: bool
    preview: Preview | None

    @property
    def waiting(self) -> tuple[RecipientLine, ...]:
        """The copies on which somebody still has to decide."""
        return tuple(line for line in self.recipients if line.is_waiting)

    @property
    def outside_count(self) -> int:
        """How many recipients are outside the company."""
        return sum(line.outside for line in self.recipients)

    @property
    def locked_copies_go(self) -> bool:
        """Whether a copy with an archive is on its way or there: somebody needs the password."""
        return bool(self._locked_states - _WAITING - _GIVEN_UP)

    @property
    def locked_copies_bounced(self) -> bool:
        """Whether such copies left, but no server took any: nobody is told the password."""
        return DeliveryState.BOUNCED in self._locked_states <= _GIVEN_UP

    @property
    def _locked_states(self) -> frozenset[str]:
        return frozenset(line.copy.state for line in self.recipients if line.is_locked)


def hold_page(
    tenant: Tenant, message: StoredMessage, own_domains: Sequence[str], *, with_bodies: bool = True
) -> HoldPage:
    """The page of a mail as ``holds.outbound_mail`` reads it; ``with_bodies`` where the reader may.

    Risks are facts of an open decision: they are looked for while the content is there.
    """
    hold, copies = hold_of(message), list(message.deliveries.all())
    preview = preview_of(tenant, message)
    found = _risks(tenant, message, copies, preview, own_domains)
    is_open = hold is not None and hold.ended_at is None
    steps = [event for event in message.events.all() if event.kind in _DECIDED]
    return HoldPage(
        message=message,
        recipients=_lines(copies, preview, found, own_domains, was_held=hold is not None),
        fields=_fields(preview.message) if preview else (),
        because=hold_explain.why(hold.rules, unreadable=hold.unreadable) if hold else "",
        applied=hold_explain.applied(processing_of(message)),
        ending=hold_explain.ending(hold.ending) if hold and is_open else "",
        due_at=hold.due_at if hold and is_open else None,
        risks=tuple(risk_words(each.code, each.detail) for each in found if not each.recipient),
        decisions=tuple(
            (trace.step(message, event), tuple(event.data.get("recipients", ()))) for event in steps
        ),
        has_content=preview is not None,
        preview=preview if with_bodies else None,
    )


def preview_of(tenant: Tenant, message: StoredMessage) -> Preview | None:
    """The mail as its sender wrote it, None where the content is not kept any more."""
    condemned = {row.part for row in message.findings.all() if row.severity in CONDEMNED}
    try:
        return Preview(original(tenant, message.id), condemned)
    except ContentGone:
        return None


def _risks(
    tenant: Tenant,
    message: StoredMessage,
    copies: Sequence[Delivery],
    preview: Preview | None,
    own_domains: Sequence[str],
) -> tuple[Risk, ...]:
    if preview is None:
        return ()
    written = [copy.recipient for copy in copies]
    earlier = EarlierMail(tenant, message.id, written)
    far = outside(written, own_domains)
    return risks.find(dispatch(preview.message, far, tuple(own_domains), earlier))


def _lines(
    copies: Sequence[Delivery],
    preview: Preview | None,
    found: Sequence[Risk],
    own_domains: Sequence[str],
    *,
    was_held: bool,
) -> tuple[RecipientLine, ...]:
    """Those on whom somebody has to decide first, then the others outside, then the colleagues."""
    shown = _shown_in(preview.message) if preview else {}
    lines = []
    for copy in copies:
        address = copy.recipient.strip().lower()
        far = is_outside(copy.recipient, own_domains)
        facts = tuple(
            risk_words(each.code, each.detail) for each in found if each.recipient == address
        )
        badge = hold_explain.state(copy.state, may_wait=far and was_held)
        lines.append(RecipientLine(copy, far, shown.get(address, ""), badge, facts))
    lines.sort(key=lambda line: (not line.is_waiting, not line.outside))
    return tuple(lines)


def _shown_in(message: Message) -> dict[str, str]:
    """The header field in which each address (lower case) stands."""
    fields = (("Cc", message.cc), ("To", message.to))
    return {each.address.strip().lower(): name for name, found in fields for each in found}


def _fields(message: Message) -> tuple[tuple[str, str], ...]:
    """To, Cc and Bcc as written; To always, since a mail without one is worth a look."""
    found = [
        (name, ", ".join(header.decoded for header in message.all(name.lower()))[:_LONGEST])
        for name in ("To", "Cc", "Bcc")
    ]
    return tuple((name, text) for name, text in found if text or name == "To")
