"""Look, decide, change: what the examine task does with one message."""

from __future__ import annotations

import functools
from dataclasses import replace
from types import MappingProxyType

from django.conf import settings

from mailsec.gateway.clients.clamd import ClamdAddress, ClamdScanner
from mailsec.gateway.edits.trace import Trace, trace_block
from mailsec.gateway.envelope import Direction, Envelope
from mailsec.gateway.errors import EditRefused
from mailsec.gateway.jail.opener import Jail
from mailsec.gateway.message import Message
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
from quarantine.services import Before, Examining, Outcome
from tenants.models import Tenant
from threats.selectors import blocked_files
from workers.classifying import classifier
from workers.relations import TenantRelations
from workers.senders import arc_key, authenticator

# Containers are opened outside of this process; its helper starts with the first of them.
_JAIL = Jail()


def outcome_of(tenant: Tenant, claimed: Examining, raw: bytes, policy: Policy) -> Outcome:
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
    trace = Trace(
        by_host=settings.MAIL_HOSTNAME,
        queue_id=claimed.queue_id,
        received_at=claimed.received_at.astimezone(tenant.zone),
        envelope=envelope,
        authenticated=bool(envelope.client.connector),
        authentication=verdict.authentication if inbound else None,
        arc_key=arc_key() if inbound else None,
    )
    trace_header, outgoing = trace_block(trace), None
    if decision.disposition is Disposition.DELIVER:
        try:
            outgoing = prepare(message, decision, policy, trace.received_at, trace)
        except EditRefused:
            decision = refused(decision)
    return Outcome(
        verdict=verdict,
        decision=decision,
        trace_header=trace_header,
        # Most mail leaves as it came: then only our block is stored, not the bytes a second time.
        outgoing=None if outgoing == trace_header + raw else outgoing,
        policy_version=policy.version,
        subject=message.subject,
        header_from=message.text_of("From"),
        message_id=message.message_id,
        released=claimed.before is not None,
        is_original=claimed.before is not None and claimed.before.is_original,
    )


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
