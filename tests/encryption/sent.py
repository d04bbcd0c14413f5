"""Outbound mail as the tests of its pages need it: held, locked up, with a link."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from encryption.services import Locked, keep_secret
from mailsec.gateway.envelope import Client, Direction, Envelope
from mailsec.gateway.hops import Outcome as Attempt
from mailsec.gateway.hops import Result
from mailsec.gateway.outgoing import Secret
from quarantine import selectors, services
from quarantine.choices import HoldEnding
from quarantine.services import Arrival, HoldTerms, Settlement, TreatedCopy, Treatment
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.quarantine.making import outcome

SENDER = "sender@alpha.example.jp"
COLLEAGUE, ONE, OTHER = "colleague@alpha.example.jp", "a@example.com", "b@example.net"
ARCHIVE, PASSWORD = "enc1234567.zip", "Ab2#efghjkmnpq"
LETTER = (
    "From: 送信者 <sender@alpha.example.jp>\r\nTo: A <a@example.com>, b@example.net\r\n"
    "Cc: colleague@alpha.example.jp\r\nSubject: 見積書\r\n"
    'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="x"\r\n\r\n'
    "--x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>田中様</p><p>the letter itself</p>\r\n"
    "--x\r\nContent-Type: application/pdf\r\n"
    "Content-Disposition: attachment; filename*=utf-8''%E8%A6%8B%E7%A9%8D.pdf\r\n"
    "Content-Transfer-Encoding: base64\r\n\r\n"
    + base64.b64encode(b"%PDF the estimate").decode()
    + "\r\n--x--\r\n"
).encode()


@dataclass(frozen=True, slots=True)
class Hold:
    """How a mail is held."""

    rules: tuple[str, ...] = ("to outside",)
    unreadable: bool = False
    due: timedelta = timedelta(hours=24)


def sent(
    tenant: Tenant,
    *recipients: str,
    raw: bytes = LETTER,
    hold: Hold | None = Hold(),  # frozen
    locked: bool = True,
    now: datetime | None = None,
    subject: str = "見積書",
    sender: str = SENDER,
) -> UUID:
    """An examined mail to a colleague and to others, whose copies wait where ``hold`` is given."""
    now = now or timezone.now()
    everyone = (COLLEAGUE, *(recipients or (ONE, OTHER)))
    envelope = Envelope(Direction.OUTBOUND, Client("192.0.2.1"), sender, everyone)
    (message_id,) = services.receive(tenant, [Arrival(envelope, raw)], now)
    form = "aes-256" if locked else ""
    copies = [
        TreatedCopy(each, *(("", False) if each == COLLEAGUE else (form, hold is not None)))
        for each in everyone
    ]
    terms = None
    if hold is not None:
        due = now + hold.due
        terms = HoldTerms(hold.rules, hold.unreadable, due, due, HoldEnding.DISCARD)
    forms = {form: b"Received: x\r\n\r\nthe archive"} if locked else {}
    treatment = Treatment(sender, copies, forms, terms, locked=locked)
    result = replace(outcome(), treatment=treatment, subject=subject, header_from=sender)
    assert services.record_outcome(tenant, message_id, result, now)
    if locked:
        secret = Secret(ARCHIVE, PASSWORD)
        keep_secret(tenant, message_id, Locked(sender, secret, ("見積.pdf",)), now, None)
    return message_id


def link(tenant: Tenant, message_id: UUID, person: str = SENDER) -> str:
    """The path that a notice leads to."""
    return "/mail/" + services.give_link(tenant, message_id, person, timezone.now())


def deliver(tenant: Tenant, message_id: UUID, *refused: str) -> list[str]:
    """Send what is due, refused by these recipients' servers; whose copies a server has taken."""
    now = timezone.now() + timedelta(seconds=1)
    claims = services.claim_deliveries(tenant, message_id, now)
    settled = [
        Settlement(
            claim,
            Result(claim.recipient, Attempt.REFUSED, 552, "5.7.0", "no archives", "mx.example.com")
            if claim.recipient in refused
            else Result(claim.recipient, Attempt.DELIVERED, 250, "", "taken it", "mx.example.com"),
            None,
        )
        for claim in claims
    ]
    if settled:
        services.settle_deliveries(tenant, message_id, settled, now)
    return [claim.recipient for claim in claims if claim.recipient not in refused]


def states(tenant: Tenant, message_id: UUID) -> dict[str, str]:
    """Where each copy is."""
    found = selectors.message_with(tenant, message_id)
    assert found is not None
    with tenant_scope(tenant):
        return {copy.recipient: copy.state for copy in found.deliveries.all()}
