"""The mail's way through the core: look, decide, change.

``examine`` finds facts, ``decide`` weighs them and touches nothing, ``prepare`` makes the outgoing
form. The shell stores what each returns; see ``docs/architecture.md``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from mailsec.gateway.authentication import Authentication
from mailsec.gateway.case import Case
from mailsec.gateway.contents import contents
from mailsec.gateway.decision import (
    CONDEMNING,
    LETTER_PROTECTED,
    decide,
    decide_original,
    decide_released,
)
from mailsec.gateway.edits import EDITS, bare_cr, letter
from mailsec.gateway.edits.order import Order, Outbound, Trace
from mailsec.gateway.envelope import Direction, Envelope
from mailsec.gateway.filters import CONTENT_FILTERS, FILTERS, structure
from mailsec.gateway.message import Message
from mailsec.gateway.policy import Policy
from mailsec.gateway.ports import Services
from mailsec.gateway.unpack import unpack
from mailsec.gateway.verdict import Decision, Disposition, Finding, Severity, Verdict

__all__ = ["Services", "decide", "decide_original", "decide_released", "examine", "prepare"]

# More findings than this say nothing new, and each is a row in the database.
_MAX_FINDINGS = 200
_MAX_ALIKE = 5


def examine(message: Message, envelope: Envelope, policy: Policy, services: Services) -> Verdict:
    """All that the filters find.

    ``ScannerUnavailable`` passes through: the shell defers the message, which is never clean then.
    """
    case = _case(message, envelope, policy, services)
    findings = [finding for look in FILTERS for finding in look(case)]
    for content in contents(message, opener=services.unpack or unpack):
        for look_at in CONTENT_FILTERS:
            findings.extend(look_at(content, case))
    findings.extend(_untouchable(message, findings))
    suspicious = any(finding.severity is Severity.SUSPICIOUS for finding in findings)
    if suspicious and not letter.can_be_headed(message):
        findings.append(Finding(structure.CHECK, LETTER_PROTECTED, Severity.NOTE))
    return Verdict(
        _worst_first(findings),
        spam_score=case.spam.score if case.spam else None,
        authentication=case.authentication,
    )


def _case(message: Message, envelope: Envelope, policy: Policy, services: Services) -> Case:
    """The message with what is asked of services once, for all filters.

    Our own notices are not classified, and who sends is proved by the connector on the way out.
    """
    inbound = envelope.direction is Direction.INBOUND
    ours = envelope.direction is Direction.NOTICE
    authenticator = services.authenticator if inbound and policy.authentication_check else None
    classifier = services.classifier if policy.spam_check and not ours else None
    return Case(
        message,
        envelope,
        policy,
        services,
        authenticator.check(message, envelope) if authenticator else Authentication(),
        classifier.score(message, envelope) if classifier else None,
    )


def _untouchable(message: Message, findings: Iterable[Finding]) -> list[Finding]:
    """A note for each condemned part that is signed or encrypted, which ``decide`` must know."""
    condemned = sorted(
        {
            finding.part
            for finding in findings
            if finding.severity in CONDEMNING and finding.part is not None
        }
    )
    return [
        Finding(structure.CHECK, "protected", Severity.NOTE, part)
        for part in condemned
        if message.parts[part].is_protected
    ]


def _worst_first(findings: list[Finding]) -> tuple[Finding, ...]:
    """The worst finding of every part, then the others, as many as the limits leave room for.

    Notes always stay, since a decision may hang on them.
    """
    alike: Counter[tuple[str, str, int | None]] = Counter()
    order = list(Severity)
    ranked = sorted(findings, key=lambda finding: -order.index(finding.severity))
    notes = [finding for finding in ranked if finding.severity is Severity.NOTE]
    seen: set[int | None] = set()
    first: list[Finding] = []
    rest: list[Finding] = []
    for finding in ranked[: len(ranked) - len(notes)]:
        kind = (finding.check, finding.code, finding.part)
        alike[kind] += 1
        if alike[kind] > _MAX_ALIKE:
            continue
        (rest if finding.part in seen else first).append(finding)
        seen.add(finding.part)
    return (*first, *rest[: max(0, _MAX_FINDINGS - len(first))], *notes)


def prepare(
    message: Message,
    decision: Decision,
    policy: Policy,
    when: datetime,
    trace: Trace | None = None,
    outbound: Outbound | None = None,
) -> bytes:
    """An outgoing form. Without a change that is the trace block and the raw bytes, untouched.

    ``outbound`` says what this form of an outbound mail is made of.

    ``when`` is aware and in the tenant's time zone, since the text in the mail shows it.
    ``EditRefused`` means that a condemned part could not be taken out: nothing may be sent then,
    and the caller puts the message into quarantine (``refused`` makes that decision).
    """

    def change(received: Message) -> Message:
        order = Order(decision, policy, when, trace, received.raw, outbound)
        for edit in EDITS:
            received = edit(received, order)
        return received

    return bare_cr.edited(message, change).raw


def refused(decision: Decision) -> Decision:
    """The decision that takes the place of one whose changes ``prepare`` refused to make."""
    return Decision(
        Disposition.QUARANTINE,
        label=decision.label,
        keep_original=True,
        reasons=decision.reasons,
        restricted=decision.restricted,
    )
