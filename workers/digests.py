"""The users' digests of one tenant: who is due, and the mail that each gets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mailsec.gateway.notice import LOCAL_PART, build_notice
from mailsec.gateway.notice import Notice as Mail
from mailsec.gateway.policy import Policy
from policies.selectors import current_policy
from quarantine import explain, kept, services
from quarantine.identifiers import new_id
from quarantine.services import Edition, Entry, LinkAction, Notice
from tenants.models import Tenant


@dataclass(frozen=True, slots=True)
class Item:
    """One withheld mail as the digest shows it; ``links`` are pairs of words and address."""

    subject: str
    sender: str
    received_at: datetime
    reason: str
    links: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class News:
    """What a digest tells of, and the token that opens the page with all of it."""

    entries: Sequence[Entry]
    token: str


def edition_due(tenant: Tenant, policy: Policy, now: datetime) -> tuple[date, datetime] | None:
    """The day whose digests are to be sent now, and until when their news reach; None for none.

    From the tenant's hour to midnight: an hour that was missed is made up within its day.
    """
    local = now.astimezone(tenant.zone)
    due_at = datetime.combine(local.date(), time(policy.digest_hour), tenant.zone)
    return (local.date(), due_at) if policy.digest and local >= due_at else None


def send_digests(tenant: Tenant, day: date, before: datetime, now: datetime) -> list[UUID]:
    """Store the digests of this day that are not stored yet; the ids of their notices."""
    policy, sent = current_policy(tenant), []
    for recipient in kept.recipients_with_news(tenant, day, before):
        edition = Edition(recipient, day, before)

        def write(entries: Sequence[Entry], token: str, recipient: str = recipient) -> Notice:
            return digest_notice(tenant, policy, recipient, News(entries, token), now)

        notice = services.send_digest(tenant, edition, policy, now, write)
        if notice is not None:
            sent.append(notice)
    return sent


def digest_notice(
    tenant: Tenant, policy: Policy, recipient: str, news: News, now: datetime
) -> Notice:
    """The digest as a mail in the tenant's language, with the times of its zone."""
    with translation.override(policy.language.value), timezone.override(tenant.zone):
        count = len(news.entries)
        subject = ngettext(
            "%(count)d mail for you is held in quarantine",
            "%(count)d mails for you are held in quarantine",
            count,
        ) % {"count": count}
        context = {
            "subject": subject,
            "tenant": tenant,
            "recipient": recipient,
            "items": [_item(tenant, policy, entry) for entry in news.entries],
            "everything": _everything(tenant, policy, news),
            "days": policy.quarantine_days,
            "contact": policy.contact,
            "policy": policy,
            "japanese": policy.language.value == "ja",
        }
        mail = Mail(
            recipient=recipient,
            from_address=f"{LOCAL_PART}@{settings.MAIL_HOSTNAME}",
            from_name=_("%(company)s mail security") % {"company": tenant.name},
            subject=subject,
            text=render_to_string("mail/digest.txt", context),
            html=render_to_string("mail/digest.html", context),
            now=now.astimezone(tenant.zone),
            message_id=f"{new_id().hex}@{settings.MAIL_HOSTNAME}",
            language=policy.language,
        )
    ascii_only = recipient.isascii()
    return Notice(recipient, build_notice(mail), subject, None, smtputf8=not ascii_only)


def _item(tenant: Tenant, policy: Policy, entry: Entry) -> Item:
    message = entry.copy.message
    address = f"{console_address(tenant)}/quarantine/{entry.token}"
    return Item(
        subject=message.subject or _("(no subject)"),
        sender=message.header_from or message.sender or _("(no sender)"),
        received_at=message.received_at,
        reason=explain.held_because(message.verdict),
        links=tuple((words, f"{address}?do={action}") for action, words in _offers(policy)),
    )


def _everything(tenant: Tenant, policy: Policy, news: News) -> str:
    """The address of the page with all mails; empty where it would show no more than a link."""
    if len(news.entries) < 2 or not _offers(policy):
        return ""
    return f"{console_address(tenant)}/quarantine/digest/{news.token}"


def _offers(policy: Policy) -> list[tuple[LinkAction, str]]:
    offers = []
    if policy.user_release:
        offers += [(LinkAction.RELEASE, _("Deliver")), (LinkAction.NOT_SPAM, _("Not spam"))]
    if policy.user_lists:
        offers += [(LinkAction.ALLOW, _("Allow sender")), (LinkAction.BLOCK, _("Block sender"))]
    return offers


def console_address(tenant: Tenant) -> str:
    """Where the tenant's host is reached by people, without a slash at its end."""
    return settings.CONSOLE_URL.replace("{slug}", tenant.slug)
