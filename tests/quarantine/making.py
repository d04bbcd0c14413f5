"""Messages for the tests of this folder, made through the services."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from uuid import UUID

from mailsec.gateway.envelope import Client, Direction, Envelope
from mailsec.gateway.hops import Outcome as Attempt
from mailsec.gateway.hops import Result
from mailsec.gateway.verdict import Decision, Disposition, Finding, Label, Severity, Verdict
from quarantine import services
from quarantine.choices import HoldEnding
from quarantine.services import (
    Arrival,
    Claimed,
    HoldTerms,
    Outcome,
    Settlement,
    TreatedCopy,
    Treatment,
)
from tenants.models import Tenant

NOW = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)
RAW = (
    b"From: a@example.net\r\nSubject: hello\r\n\r\n"
    b"Thanks for the minutes of the meeting. I will send the updated draft tomorrow.\r\n"
)
NOTHING: Mapping[int, Finding] = MappingProxyType({})


def arrive(
    tenant: Tenant,
    *recipients: str,
    raw: bytes = RAW,
    sender: str = "a@example.net",
    now: datetime = NOW,
) -> UUID:
    """A message in the state RECEIVED."""
    envelope = Envelope(
        Direction.INBOUND,
        Client("192.0.2.1", "mx.example.net"),
        sender,
        recipients or ("b@alpha.example.jp",),
    )
    return services.receive(tenant, [Arrival(envelope, raw)], now)[0]


def outcome(
    disposition: Disposition = Disposition.DELIVER,
    *findings: Finding,
    outgoing: bytes | None = None,
    keep_original: bool = False,
    remove: Mapping[int, Finding] = NOTHING,
) -> Outcome:
    """What an examination came to."""
    return Outcome(
        verdict=Verdict(findings),
        decision=Decision(
            disposition,
            label=_label(findings),
            reasons=findings,
            remove=remove,
            keep_original=keep_original,
            restricted=bool(remove),
        ),
        trace_header=b"Received: from here\r\n",
        outgoing=outgoing,
        policy_version=3,
        subject="hello",
        header_from="a@example.net",
        message_id="1@example.net",
    )


def _label(findings: tuple[Finding, ...]) -> Label:
    labels = {"malicious": Label.MALICIOUS, "forbidden": Label.FORBIDDEN}
    return labels.get(findings[0].severity, Label.UNEXAMINED) if findings else Label.CLEAN


VIRUS = Finding("virus", "virus", Severity.MALICIOUS, 1, {"name": "a.exe", "virus": "Test"})


def ready(tenant: Tenant, *recipients: str, now: datetime = NOW) -> UUID:
    """A message in the state READY."""
    message_id = arrive(tenant, *recipients, now=now)
    assert services.record_outcome(tenant, message_id, outcome(), now)
    return message_id


def stripped(tenant: Tenant, *recipients: str, now: datetime = NOW, raw: bytes = RAW) -> UUID:
    """A message that was delivered without its virus; the original is kept."""
    message_id = arrive(tenant, *recipients, now=now, raw=raw)
    result = outcome(
        Disposition.DELIVER, VIRUS, outgoing=b"changed", keep_original=True, remove={1: VIRUS}
    )
    assert services.record_outcome(tenant, message_id, result, now)
    claims = services.claim_deliveries(tenant, message_id, now)
    services.settle_deliveries(tenant, message_id, [settlement(each) for each in claims], now)
    return message_id


def treated(
    tenant: Tenant,
    *recipients: str,
    held: bool = False,
    hidden: bool = False,
    locked: bool = False,
    now: datetime = NOW,
) -> UUID:
    """An examined mail to outside, to which this was done."""
    sender, everyone = "sender@alpha.example.jp", recipients or ("a@example.com", "b@example.net")
    envelope = Envelope(Direction.OUTBOUND, Client("192.0.2.1"), sender, everyone)
    (message_id,) = services.receive(tenant, [Arrival(envelope, RAW)], now)
    due = now + timedelta(days=7)
    terms = HoldTerms(("all",), False, due, due, HoldEnding.DISCARD) if held else None
    copies = [TreatedCopy(each, "changed", held) for each in everyone]
    treatment = Treatment(sender, copies, {"changed": RAW}, terms, hidden=hidden, locked=locked)
    result = replace(outcome(), treatment=treatment)
    assert services.record_outcome(tenant, message_id, result, now)
    return message_id


def settlement(
    claim: Claimed, attempt: Attempt = Attempt.DELIVERED, retry_at: datetime | None = None
) -> Settlement:
    """One copy's result."""
    code = {Attempt.DELIVERED: 250, Attempt.DEFERRED: 451, Attempt.REFUSED: 550}[attempt]
    return Settlement(claim, Result(claim.recipient, attempt, code, "", "words", "mx"), retry_at)
