"""What must hold for any bytes: look, decide and change neither raise nor damage."""

from __future__ import annotations

import functools
import random
from dataclasses import replace
from datetime import UTC, datetime

from mailsec.gateway.checks.authenticator import SenderAuthenticator
from mailsec.gateway.edits.trace import Trace
from mailsec.gateway.envelope import Client, Direction, Envelope
from mailsec.gateway.errors import EditRefused
from mailsec.gateway.inspect import describe
from mailsec.gateway.jail.opener import Jail
from mailsec.gateway.message import Message
from mailsec.gateway.pipeline import decide, examine, prepare
from mailsec.gateway.policy import Handling, Policy
from mailsec.gateway.ports import Services
from mailsec.gateway.signatures.engine import BuiltinScanner
from mailsec.gateway.spam.classifier import BaseClassifier
from mailsec.gateway.verdict import Disposition, Severity
from tests.gateway.checks.making import Known, arc_key

_ENVELOPE = Envelope(
    Direction.INBOUND, Client("192.0.2.1", "mail.example.net"), "a@example.net", ("b@example.com",)
)
_WHEN = datetime(2024, 4, 1, 10, 0, tzinfo=UTC)
_TRACE = Trace("gateway.example.org", "0" * 32, _WHEN, _ENVELOPE)
_DEFAULT = Policy(own_domains=("example.com",))
# One that changes nearly everything, so that the edits are tried on what they seldom meet.
_STRICT = replace(_DEFAULT, tag_score=1, above_quarantine_score=Handling.TAG)


@functools.cache
def services() -> Services:
    """All that an examination has, but for the network and the tenant's records."""
    authenticator = SenderAuthenticator(Known(), lambda: _WHEN, lambda: 0.0)
    return Services(
        BuiltinScanner(),
        classifier=BaseClassifier(),
        authenticator=authenticator,
        unpack=Jail(),
    )


def check(raw: bytes, number: int) -> None:
    """Raise where something does not hold for this message."""
    message = Message(raw)
    describe(message)
    policy = _STRICT if number % 2 else _DEFAULT
    verdict = examine(message, _ENVELOPE, policy, services())
    decision = decide(verdict, _ENVELOPE, policy)
    condemned = any(
        finding.severity in (Severity.MALICIOUS, Severity.FORBIDDEN) for finding in verdict.findings
    )
    if decision.disposition is not Disposition.DELIVER:
        return
    if condemned and not decision.remove:
        raise AssertionError("a condemned message is delivered whole")
    if random.Random(number).random() < 0.2:
        decision = replace(decision, subject_prefix="[SPAM] ")
    try:
        trace = replace(_TRACE, authentication=verdict.authentication, arc_key=arc_key())
        outgoing = prepare(message, decision, policy, _WHEN, trace)
    except EditRefused:
        return
    # Results that were forged in our name are taken out of any message.
    forged = bool(message.all("authentication-results"))
    _check_outgoing(message, outgoing, decision.changes_message or forged)


def _check_outgoing(message: Message, outgoing: bytes, changed: bool) -> None:
    begins_with_a_field = bool(message.headers) and message.headers[0].start == 0
    if begins_with_a_field and not outgoing.startswith(b"Received:"):
        raise AssertionError("the trace field is not on top")
    raw = message.raw
    long_line = max(map(len, raw.split(b"\n"))) > 998
    if begins_with_a_field and not changed and not long_line and not outgoing.endswith(raw):
        raise AssertionError("an unchanged message has lost a byte")
    describe(Message(outgoing))
