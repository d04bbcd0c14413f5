"""DECIDE: what becomes of a message, from what was found and what the tenant wants."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType

from mailsec.gateway.authentication import Authentication, Failure
from mailsec.gateway.envelope import Direction, Envelope
from mailsec.gateway.filters import structure
from mailsec.gateway.policy import Handling, Language, Policy, Unexamined
from mailsec.gateway.verdict import Decision, Disposition, Finding, Label, Severity, Verdict

CONDEMNING = (Severity.MALICIOUS, Severity.FORBIDDEN)
# A note of the pipeline's: no warning can be put into this letter.
LETTER_PROTECTED = "letter-protected"
WARNING_TAGS = {Language.JAPANESE: "[要注意] ", Language.ENGLISH: "[Suspicious] "}
# Their unwanted findings are judged by a list, a matrix and a threshold of their own.
_JUDGED_APART = frozenset(("listed", "authentication", "spam"))
# Codes of the filter ``listed``: the lists speak for the whole message.
ALLOWED, BLOCKED = "allowed", "blocked"
# The filter whose findings say that the message itself could not be read.
UNREADABLE_CHECK = structure.CHECK
# The note on a condemned part that is signed or encrypted, so that nothing can be taken out of it.
PROTECTED = "protected"


def decide(verdict: Verdict, envelope: Envelope, policy: Policy) -> Decision:
    """What becomes of the message; depends on nothing but its arguments.

    Contents come first, in every direction, whoever the sender is:

    ============================================  =======================  ====================
    found                                         inbound                  outbound, notice
    ============================================  =======================  ====================
    malicious or forbidden, in a part             the part is removed,     quarantine
                                                  the original is kept
    the same in a signed or encrypted part,       quarantine               quarantine
    or not tied to a part
    the message itself could not be read          ``policy.unreadable``    held for its sender
    an archive could not be looked into           ``policy.unexamined``    ``policy.unexamined``
    nothing of these                              deliver                  deliver
    ============================================  =======================  ====================

    Then, for inbound mail of senders that no allow list holds, the strictest of what the block
    lists, the sender's authentication, forged authorship and the spam score ask for; see
    ``unwanted``. Suspicious mail that is delivered gets a warning at the head of the body.

    "Deliver" for what was not looked into means with a warning at the head of the body; outbound
    mail gets none, since a company's letter to its partner is sent whole or not at all. Outbound
    mail over the quarantine threshold is kept: its sender's account may be in other hands.
    """
    decision = _by_contents(verdict, envelope, policy)
    if envelope.direction is not Direction.INBOUND:
        return _outbound(decision, verdict, envelope, policy)
    if decision.disposition is Disposition.QUARANTINE or _allowed(verdict):
        return decision
    handling, label, reasons = unwanted(verdict, policy)
    if handling in (Handling.QUARANTINE, Handling.REJECT):
        return replace(
            _quarantine(_worse(decision.label, label), (*reasons, *decision.reasons)),
            restricted=handling is Handling.REJECT or bool(decision.remove),
        )
    if handling is Handling.TAG:
        decision = replace(
            decision,
            label=_worse(decision.label, label),
            subject_prefix=policy.subject_tag,
            reasons=(*decision.reasons, *reasons),
        )
    return _warned(decision, verdict, policy)


def _outbound(decision: Decision, verdict: Verdict, envelope: Envelope, policy: Policy) -> Decision:
    score = verdict.spam_score
    if envelope.direction is not Direction.OUTBOUND or score is None:
        return decision
    if decision.disposition is Disposition.QUARANTINE or score < policy.quarantine_score:
        return decision
    spam = tuple(finding for finding in verdict.findings if finding.code == "spam")
    return _quarantine(_worse(decision.label, Label.SPAM), (*decision.reasons, *spam))


def decide_released(
    verdict: Verdict, envelope: Envelope, policy: Policy, *, files_allowed: bool = False
) -> Decision:
    """What becomes of a message that a person let out of quarantine.

    That person answers for who wrote it, how it scored and what could not be looked into, so the
    message leaves as it came. For viruses nobody can, and for forbidden files only an administrator
    who let them through (``files_allowed``): else they are judged as in any mail. The original
    stays in quarantine.
    """
    kept = (*CONDEMNING, Severity.NOTE)
    found = tuple(finding for finding in verdict.findings if finding.severity in kept)
    allowed = tuple(f for f in found if files_allowed and f.severity is Severity.FORBIDDEN)
    findings = tuple(finding for finding in found if finding not in allowed)
    decision = _by_contents(replace(verdict, findings=findings), envelope, policy)
    return replace(
        decision,
        label=_worse(decision.label, _label(allowed)),
        reasons=decision.reasons + allowed,
        restricted=decision.restricted or bool(allowed),
        keep_original=True,
    )


def decide_original(
    verdict: Verdict, envelope: Envelope, policy: Policy, *, files_allowed: bool = False
) -> Decision:
    """What becomes of an original that goes out after the mail that lacked a part of it.

    It leaves whole or not at all: quarantine means that nothing is sent. The tag is put on it where
    the first mail was to have it; warnings are not, as on everything that a person let go.
    """
    decision = decide_released(verdict, envelope, policy, files_allowed=files_allowed)
    if decision.remove or decision.disposition is Disposition.QUARANTINE:
        return replace(_quarantine(decision.label, decision.reasons), restricted=True)
    # The first message keeps it.
    decision = replace(decision, keep_original=False, restricted=True)
    if envelope.direction is not Direction.INBOUND or _allowed(verdict):
        return decision
    handling, label, reasons = unwanted(verdict, policy)
    if handling is not Handling.TAG:
        return decision
    return replace(
        decision,
        label=_worse(decision.label, label),
        subject_prefix=policy.subject_tag,
        reasons=(*decision.reasons, *reasons),
    )


def _by_contents(verdict: Verdict, envelope: Envelope, policy: Policy) -> Decision:
    condemning = tuple(f for f in verdict.findings if f.severity in CONDEMNING)
    unexamined = tuple(f for f in verdict.findings if f.severity is Severity.UNEXAMINED)
    reasons = condemning + unexamined
    label = _label(reasons)
    inbound = envelope.direction is Direction.INBOUND
    if condemning and (not inbound or _whole_message_condemned(verdict, condemning)):
        return replace(_quarantine(label, reasons), restricted=True)
    remove = _removals(condemning)
    # What is taken out need not be looked into any more.
    left = tuple(finding for finding in unexamined if finding.part not in remove)
    if any(_choice(finding, policy, inbound) is Unexamined.QUARANTINE for finding in left):
        return replace(_quarantine(label, reasons), restricted=bool(condemning))
    if not inbound:
        return Decision(Disposition.DELIVER, label=label, reasons=reasons)
    return Decision(
        Disposition.DELIVER,
        label=label,
        remove=MappingProxyType(remove),
        keep_original=bool(remove),
        reasons=reasons,
        banner=left,
        # The kept original still holds what was taken out.
        restricted=bool(remove),
    )


def _label(reasons: tuple[Finding, ...]) -> Label:
    severities = {finding.severity for finding in reasons}
    if Severity.MALICIOUS in severities:
        return Label.MALICIOUS
    if Severity.FORBIDDEN in severities:
        return Label.FORBIDDEN
    return Label.UNEXAMINED if Severity.UNEXAMINED in severities else Label.CLEAN


def _worse(one: Label, other: Label) -> Label:
    order = list(Label)
    return max(one, other, key=order.index)


def _quarantine(label: Label, reasons: tuple[Finding, ...]) -> Decision:
    return Decision(Disposition.QUARANTINE, label=label, keep_original=True, reasons=reasons)


def _whole_message_condemned(verdict: Verdict, condemning: tuple[Finding, ...]) -> bool:
    protected = {f.part for f in verdict.findings if f.code == PROTECTED}
    return any(finding.part is None or finding.part in protected for finding in condemning)


def _choice(finding: Finding, policy: Policy, inbound: bool) -> Unexamined:
    if finding.check != structure.CHECK:
        return policy.unexamined
    # Outbound it is held, whatever the rules say (``outbound.treatment``).
    return policy.unreadable if inbound else Unexamined.DELIVER


def _removals(condemning: tuple[Finding, ...]) -> dict[int, Finding]:
    """Each condemned part with the worst that was found in it."""
    remove: dict[int, Finding] = {}
    for finding in condemning:
        if finding.part is not None:
            remove.setdefault(finding.part, finding)
    return remove


def _allowed(verdict: Verdict) -> bool:
    return any(finding.code == ALLOWED for finding in verdict.findings)


def unwanted(verdict: Verdict, policy: Policy) -> tuple[Handling, Label, tuple[Finding, ...]]:
    """The strictest handling that lists, authentication and score ask for, and what asks for it."""
    order = list(Handling)
    asked = [one for one in _asked(verdict, policy) if one[0] is not Handling.DELIVER]
    if not asked:
        return Handling.DELIVER, Label.CLEAN, ()
    handling, label, _ = max(asked, key=lambda one: order.index(one[0]))
    reasons = tuple(finding for _, _, finding in asked if finding is not None)
    return handling, label, reasons


def _asked(verdict: Verdict, policy: Policy) -> Iterator[tuple[Handling, Label, Finding | None]]:
    found = {finding.code: finding for finding in verdict.findings}
    if BLOCKED in found:
        yield Handling.QUARANTINE, Label.BLOCKED, found[BLOCKED]
    for finding in verdict.findings:
        if finding.severity is Severity.UNWANTED and finding.check not in _JUDGED_APART:
            yield Handling.TAG, Label.FORGED, finding
    forged = by_authentication(verdict.authentication, policy)
    reason = next((f for f in verdict.findings if f.check == "authentication"), None)
    yield forged, Label.FORGED, reason
    if verdict.spam_score is not None:
        yield by_score(verdict.spam_score, policy), Label.SPAM, found.get("spam")


def by_score(score: float, policy: Policy) -> Handling:
    """What the tenant's thresholds say of a spam score."""
    if score >= policy.quarantine_score:
        return policy.above_quarantine_score
    return Handling.TAG if score >= policy.tag_score else Handling.DELIVER


def by_authentication(found: Authentication, policy: Policy) -> Handling:
    """The result matrix.

    =========================================  ===========================
    result                                     handling
    =========================================  ===========================
    the author's domain is among the tenant's  deliver
    exceptions, or the envelope's is, and SPF
    passes or is all that fails
    DMARC pass, or an aligned SPF or DKIM      deliver
    pass without a DMARC policy
    DMARC fail, but a trusted ARC sealer       deliver
    saw it pass
    DMARC fail, the owner asks for reject      ``policy.dmarc_reject``
    DMARC fail, … for quarantine               ``policy.dmarc_quarantine``
    DMARC fail, … for nothing                  ``policy.dmarc_none``
    no DMARC policy, SPF fail                  ``policy.spf_fail``
    anything else, errors of the domain name   deliver
    system included
    =========================================  ===========================
    """
    failure = found.failure(policy.authentication_exceptions, policy.arc_sealers)
    if failure is Failure.DMARC:
        return {
            "reject": policy.dmarc_reject,
            "quarantine": policy.dmarc_quarantine,
        }.get(found.dmarc.policy, policy.dmarc_none)
    return policy.spf_fail if failure is Failure.SPF else Handling.DELIVER


def _warned(decision: Decision, verdict: Verdict, policy: Policy) -> Decision:
    """With the warning at the head of the body; a letter that may not be altered has it before its
    subject, or whoever signs a mail, or writes so, would go without one."""
    suspicious = tuple(f for f in verdict.findings if f.severity is Severity.SUSPICIOUS)
    if not suspicious:
        return decision
    decision = replace(
        decision,
        label=_worse(decision.label, Label.SUSPICIOUS),
        reasons=(*decision.reasons, *suspicious),
    )
    if not policy.warn_suspicious:
        return decision
    prefix = decision.subject_prefix
    if any(finding.code == LETTER_PROTECTED for finding in verdict.findings):
        prefix = prefix or WARNING_TAGS[policy.language]
    return replace(decision, subject_prefix=prefix, banner=(*decision.banner, *suspicious))
