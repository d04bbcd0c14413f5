"""Look, decide, change: what the examine task does with one message."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from uuid import UUID

from django.conf import settings
from django.db import transaction

from encryption.services import Locked, keep_secret
from mailsec.gateway.clients.clamd import ClamdAddress, ClamdScanner
from mailsec.gateway.edits.order import Trace
from mailsec.gateway.edits.trace import trace_block
from mailsec.gateway.envelope import Direction, Envelope
from mailsec.gateway.errors import EditRefused
from mailsec.gateway.jail.opener import Jail
from mailsec.gateway.message import Message
from mailsec.gateway.outbound.treatment import is_automatic
from mailsec.gateway.outgoing import Examined
from mailsec.gateway.pipeline import (
    Services,
    decide,
    decide_original,
    decide_released,
    examine,
    prepare,
    refused,
)
from mailsec.gateway.policy import Policy
from mailsec.gateway.ports import VirusScanner
from mailsec.gateway.signatures.engine import BuiltinScanner, load_definitions
from mailsec.gateway.verdict import Decision, Disposition, Label, Verdict
from policies.selectors import current_policy
from quarantine.services import Before, Examining, Outcome, record_outcome
from tenants.models import Tenant
from tenants.service_key import service_key
from threats.selectors import blocked_files
from workers.classifying import classifier
from workers.outbound import Made, make_outgoing
from workers.relations import TenantRelations
from workers.senders import authenticator

# Containers are opened outside of this process; its helper starts with the first of them.
_JAIL = Jail()


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one message; ``locked`` where its files leave in an archive."""

    outcome: Outcome
    locked: Locked | None = None


def result_of(tenant: Tenant, claimed: Examining, raw: bytes, policy: Policy) -> Result:
    """All that is found, decided and changed; ScannerUnavailable where no scanner answers."""
    envelope = claimed.envelope
    message = Message(raw)
    services = Services(
        scanner=scanner(),
        classifier=classifier(tenant),
        authenticator=authenticator(),
        relations=TenantRelations(tenant),
        unpack=_JAIL,
    )
    verdict = examine(message, envelope, policy, services)
    if claimed.before is None:
        decision = decide(verdict, envelope, policy)
    else:
        verdict, decision = _of_released(claimed.before, verdict, envelope, policy)
    inbound = envelope.direction is Direction.INBOUND
    outbound = envelope.direction is Direction.OUTBOUND
    trace = Trace(
        by_host=settings.MAIL_HOSTNAME,
        queue_id=claimed.queue_id,
        received_at=claimed.received_at.astimezone(tenant.zone),
        envelope=envelope,
        authenticated=bool(envelope.client.connector),
        authentication=verdict.authentication if inbound else None,
        arc_key=service_key() if inbound else None,
    )
    made = Made()
    if decision.disposition is Disposition.DELIVER:
        try:
            if outbound:
                mail = Examined(message, envelope, verdict, decision, policy, trace)
                made = make_outgoing(tenant, claimed.id, mail)
            else:
                made = Made(prepare(message, decision, policy, trace.received_at, trace))
        except EditRefused:
            decision = refused(decision)
    on_top, outgoing = _as_stored(made.plain, raw)
    outcome = Outcome(
        verdict=verdict,
        decision=decision,
        trace_header=trace_block(trace) if on_top is None else on_top,
        outgoing=outgoing,
        policy_version=policy.version,
        subject=message.subject,
        header_from=message.text_of("From"),
        message_id=message.message_id,
        released=claimed.before is not None,
        treatment=made.treatment,
        tells_sender=outbound
        and decision.disposition is Disposition.QUARANTINE
        and claimed.before is None
        and not is_automatic(message, envelope),
        is_original=claimed.before is not None and claimed.before.is_original,
    )
    return Result(outcome, made.locked)


def _as_stored(plain: bytes | None, raw: bytes) -> tuple[bytes | None, bytes | None]:
    """What stands on top of a mail that leaves as it came, else the whole mail.

    Most leave so: then only our block is stored, not the bytes a second time.
    """
    if plain is None:
        return None, None
    if plain.endswith(raw):
        return plain[: len(plain) - len(raw)], None
    return None, plain


def record(tenant: Tenant, message_id: UUID, result: Result, now: datetime) -> bool:
    """Store all of it or nothing; False where another worker had already done so."""
    if result.locked is None:
        return record_outcome(tenant, message_id, result.outcome, now)
    with transaction.atomic():
        if not record_outcome(tenant, message_id, result.outcome, now):
            return False
        minutes = current_policy(tenant).password_after_minutes
        notify_at = now + timedelta(minutes=minutes) if minutes else None
        keep_secret(tenant, message_id, result.locked, now, notify_at)
    return True


def _of_released(
    before: Before, verdict: Verdict, envelope: Envelope, policy: Policy
) -> tuple[Verdict, Decision]:
    """The decision, with what the message was called before: its other copies stay under that.

    An original that follows its mail has copies of its own, and is called what it is found to be.
    """
    files_allowed = before.files_allowed
    if before.is_original:
        return verdict, decide_original(verdict, envelope, policy, files_allowed=files_allowed)
    decision = decide_released(verdict, envelope, policy, files_allowed=files_allowed)
    labels = list(Label)
    label = Label(before.verdict) if before.verdict in labels else Label.CLEAN
    score = verdict.spam_score if before.spam_score is None else before.spam_score
    return replace(verdict, spam_score=score), replace(
        decision,
        label=max(label, decision.label, key=labels.index),
        restricted=before.restricted or decision.restricted,
    )


def scanner() -> VirusScanner:
    """The installation's scanner, made anew when the operator's list of files changes."""
    kind, _, address = settings.SCANNER.partition(":")
    if kind == "clamd":
        return _clamd(address)
    return _builtin(tuple(sorted(blocked_files().items())))


@functools.lru_cache(maxsize=1)
def _builtin(blocked: tuple[tuple[str, str], ...]) -> VirusScanner:
    definitions = load_definitions()
    hashes = MappingProxyType({**definitions.hashes, **dict(blocked)})
    return BuiltinScanner(replace(definitions, hashes=hashes))


@functools.lru_cache(maxsize=1)
def _clamd(address: str) -> VirusScanner:
    return ClamdScanner(ClamdAddress.of(address))
