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
from mailsec.gateway.variables import filled
from policies.notice_texts import NoticeKind
from policies.selectors import current_policy, notice_text
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
        subject, opening = _words(tenant, policy, recipient, len(news.entries))
        context = {
            "subject": subject,
            "opening": opening,
            "blocks": [block.split("\n") for block in opening.split("\n\n")],
            "items": [_item(tenant, policy, entry) for entry in news.entries],
            "everything": _everything(tenant, policy, news),
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


def _words(tenant: Tenant, policy: Policy, recipient: str, count: int) -> tuple[str, str]:
    """Subject, and what stands above the list."""
    text, days = notice_text(tenant, NoticeKind.DIGEST, policy.language), policy.quarantine_days
    values = {
        "recipient": recipient,
        "count": str(count),
        "days": ngettext("%(count)d day", "%(count)d days", days) % {"count": days},
        "company": tenant.name,
        "contact": policy.contact,
    }
    return filled(text.subject, values), filled(text.body, values)


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
