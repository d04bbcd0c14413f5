"""What senders are told: bounces and delay notices for one attempt's results."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings

from mailsec.gateway.dsn import Origin, Report, ReportKind, build_report, should_report
from mailsec.gateway.dsn_text import Words
from mailsec.gateway.envelope import domain_of
from mailsec.gateway.message import Message
from mailsec.gateway.outbound.treatment import LOCKED_FORMS
from mailsec.gateway.policy import Language
from mailsec.gateway.retry import RetrySchedule
from policies.notice_texts import NoticeKind
from policies.selectors import current_policy, notice_text
from quarantine.choices import DeliveryState, EventKind, VerdictChoice
from quarantine.dispatch import Leaving
from quarantine.identifiers import new_id
from quarantine.services import Notice, Settlement
from tenants.models import Tenant
from tenants.selectors import domains_of

_NEVER_REPORTED = frozenset({VerdictChoice.SPAM, VerdictChoice.FORGED, VerdictChoice.BLOCKED})


def notices_for(
    tenant: Tenant,
    mail: Leaving,
    settlements: Sequence[Settlement],
    schedule: RetrySchedule,
    now: datetime,
) -> list[tuple[EventKind, Notice]]:
    """The reports that this attempt owes the sender: one for all refusals, one for all delays.

    None for spam and forged mail (product, 3): whoever is named as its sender did not write it.
    """
    if mail.verdict in _NEVER_REPORTED:
        return []
    failed = [each for each in settlements if each.state == DeliveryState.BOUNCED]
    late = [
        each
        for each in settlements
        if each.state == DeliveryState.DEFERRED
        and schedule.delay_notice_due(mail.began_at, now, each.claim.delay_told)
    ]
    wanted = (
        (ReportKind.FAILED, EventKind.BOUNCE_SENT, failed),
        (ReportKind.DELAYED, EventKind.DELAY_SENT, late),
    )
    return [
        (event, _notice(tenant, mail, kind, told, schedule, now))
        for kind, event, told in wanted
        if told and should_report(mail.sender, mail.content, kind)
    ]


def _notice(
    tenant: Tenant,
    mail: Leaving,
    kind: ReportKind,
    told: Sequence[Settlement],
    schedule: RetrySchedule,
    now: datetime,
) -> Notice:
    origin = Origin(settings.MAIL_HOSTNAME, f"mailer-daemon@{settings.MAIL_HOSTNAME}")
    subject = Message(mail.content).subject
    language = _language(tenant, mail.sender)
    report = Report(
        kind=kind,
        original=mail.content,
        sender=mail.sender,
        results=tuple(each.result for each in told),
        origin=origin,
        arrived_at=mail.received_at.astimezone(tenant.zone),
        now=now.astimezone(tenant.zone),
        message_id=f"{new_id().hex}@{settings.MAIL_HOSTNAME}",
        language=language,
        subject=subject,
        retry_until=schedule.expires_at(mail.began_at).astimezone(tenant.zone),
        words=_words(tenant, kind, language),
        locked=frozenset(each.claim.recipient for each in told if each.claim.form in LOCKED_FORMS),
    )
    return Notice(
        recipient=mail.sender,
        raw=build_report(report),
        subject=subject,
        about=mail.id,
        smtputf8=not mail.sender.isascii(),
    )


def _words(tenant: Tenant, kind: ReportKind, language: Language) -> Words:
    failed = kind is ReportKind.FAILED
    text = notice_text(tenant, NoticeKind.BOUNCED if failed else NoticeKind.DELAYED, language)
    values = {"company": tenant.name, "contact": current_policy(tenant).contact}
    return Words(text.subject, text.body, values)


def _language(tenant: Tenant, sender: str) -> Language:
    """Own people read the tenant's language; outside, a Japanese domain says enough."""
    domain = domain_of(sender)
    if domain in domains_of(tenant):
        return current_policy(tenant).language
    return Language.JAPANESE if domain.endswith(".jp") else Language.ENGLISH
