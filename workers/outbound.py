"""What outbound mail needs on top: rules, keys and secrets of its tenant, fetched for the core."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache, partial
from uuid import UUID

from django.utils import timezone

from encryption.selectors import signing_key
from encryption.services import Locked, secret_of
from mailsec.gateway.dkim.signing import SigningKey
from mailsec.gateway.envelope import domain_of
from mailsec.gateway.message import Message
from mailsec.gateway.outbound import rules
from mailsec.gateway.outbound.recipients import outside
from mailsec.gateway.outbound.treatment import Copy
from mailsec.gateway.outgoing import Examined, outgoing
from mailsec.gateway.policy import Policy
from policies.selectors import groups, hold_rules
from quarantine.choices import HoldEnding
from quarantine.services import HoldTerms, TreatedCopy, Treatment
from tenants.models import Tenant

_REMIND_AFTER = 0.75  # of the hold time (product, 6)


@dataclass(frozen=True, slots=True)
class Made:
    """The form of the copies that nothing is done to, None where there are none; and the others."""

    plain: bytes | None = None
    treatment: Treatment | None = None
    locked: Locked | None = None


def make_outgoing(tenant: Tenant, message_id: UUID, mail: Examined) -> Made:
    """Treat an outbound mail by its tenant's rules; ``EditRefused`` where a form cannot be made."""
    mail = replace(mail, key=_key_of(tenant, mail.message))
    matches = cache(partial(_matches, tenant, mail))
    known = cache(partial(secret_of, tenant, message_id))

    def rule_for(recipient: str) -> str | None:
        rule = matches().get(recipient.strip().lower())
        return rule.name if rule is not None and rule.action is rules.RuleAction.HOLD else None

    made = outgoing(mail, rule_for, mail.trace.received_at, known)
    forms = {name: form for name, form in made.forms.items() if name}
    treated = bool(forms) or any(copy.held for copy in made.copies)
    sender = mail.envelope.sender
    return Made(
        plain=made.forms.get(""),
        treatment=_treatment(made.copies, forms, mail.policy, sender) if treated else None,
        locked=Locked(sender, made.secret, made.files) if made.secret and not known() else None,
    )


def _key_of(tenant: Tenant, message: Message) -> SigningKey | None:
    """The key of the author's domain: what DMARC compares with."""
    author = message.from_[0].address if message.from_ else ""
    return signing_key(tenant, domain_of(author)) if author else None


def _matches(tenant: Tenant, mail: Examined) -> Mapping[str, rules.HoldRule | None]:
    held_by = hold_rules(tenant)
    if not held_by:
        return {}
    envelope = mail.envelope
    far = outside(envelope.recipients, mail.policy.own_domains)
    seen = rules.outgoing(mail.message, envelope.sender, far, groups(tenant))
    return rules.first_matches(held_by, seen)


def _treatment(
    copies: Sequence[Copy], forms: Mapping[str, bytes], policy: Policy, sender: str
) -> Treatment:
    held = [copy.held for copy in copies if copy.held is not None]
    now, minutes = timezone.now(), policy.hold_minutes
    terms = HoldTerms(
        rules=tuple(dict.fromkeys(each.rule for each in held if each.rule)),
        unreadable=any(each.unreadable for each in held),
        due_at=now + timedelta(minutes=minutes),
        remind_at=now + timedelta(minutes=minutes * _REMIND_AFTER),
        ending=HoldEnding(policy.hold_expiry.value),
    )
    treated = [
        TreatedCopy(copy.recipient, copy.form.name, copy.held is not None) for copy in copies
    ]
    return Treatment(
        sender=sender,
        copies=treated,
        forms=forms,
        hold=terms if held else None,
        hidden=any(copy.form.hidden for copy in copies),
        locked=any(copy.form.cipher for copy in copies),
    )
