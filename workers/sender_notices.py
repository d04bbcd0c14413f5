"""The mails about outbound mail: to its sender what became of it, to its readers the password."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from encryption.selectors import locked_files, mails_to_tell_passwords_of
from encryption.services import secret_of, send_password_mails
from mailsec.gateway.notice import LOCAL_PART, build_notice
from mailsec.gateway.notice import Notice as Mail
from mailsec.gateway.outgoing import Secret
from mailsec.gateway.policy import Language
from mailsec.gateway.variables import filled
from policies.notice_texts import VARIABLES, NoticeKind
from policies.selectors import current_policy, groups, notice_text
from quarantine.choices import HoldEnding
from quarantine.explain import stopped_because
from quarantine.permissions import TIME
from quarantine.services import News, Notice, Told, give_link, tell, untold
from tenants.models import Tenant
from workers.digests import console_address
from workers.resting import Resting

# What cannot be made now, cannot in five seconds: it would fill the log and every sweep's share.
_failed = Resting(seconds=900)
_SHOWN = 30  # recipients and files that a notice lists
_KINDS = {
    News.HELD: NoticeKind.HELD,
    News.REMINDER: NoticeKind.REMINDER,
    News.STOPPED: NoticeKind.STOPPED,
}


@dataclass(slots=True)
class Telling:
    """How many news count as told now, and the notices that were stored for them."""

    news: int = 0
    notices: list[UUID] = field(default_factory=list)


def tell_senders(tenant: Tenant, now: datetime, ids: Collection[UUID] | None = None) -> Telling:
    """Store what is due to the senders of these mails, or of all."""
    telling = Telling()
    for message_id, news in untold(tenant, now, ids, _failed.of(tenant.slug)):
        with _failed.alone(tenant.slug, message_id):
            made = _tell_sender(tenant, message_id, news, now)
            if made is not None:
                telling.news += 1
                telling.notices += made
    return telling


def tell_readers(tenant: Tenant, now: datetime, ids: Collection[UUID] | None = None) -> list[UUID]:
    """Store the password mails that are due of these mails, or of all; returns their ids."""
    made: list[UUID] = []
    for message_id in mails_to_tell_passwords_of(tenant, now, ids, _failed.of(tenant.slug)):
        with _failed.alone(tenant.slug, message_id):
            made += _tell_passwords(tenant, message_id, now)
    return made


def _tell_sender(tenant: Tenant, message_id: UUID, news: News, now: datetime) -> list[UUID] | None:
    """Store this news to the sender of one mail; None where it is not due any more."""

    def write(news: News, told: Told) -> Sequence[Notice]:
        return [
            _to_sender(tenant, kind, part, person, now)
            for part in _parts(news, told)
            for kind in _kinds(news, part)
            for person in _persons(tenant, told.message.sender)
        ]

    return tell(tenant, message_id, news, write, now)


def _parts(news: News, told: Told) -> Sequence[Told]:
    """The mail as each notice speaks of it: decisions on some copies are told one by one."""
    if news is not News.PARTLY:
        return (told,)
    return [
        replace(
            told,
            going=each.recipients if each.approved else (),
            discarded=() if each.approved else each.recipients,
            decided_by=each.by,
        )
        for each in told.decisions
    ]


def _kinds(news: News, told: Told) -> tuple[NoticeKind, ...]:
    """Which notice the news come in; none of what the sender has just done."""
    if news is News.PROCESSED:
        return (NoticeKind.PROCESSED,) if told.going else ()
    if news in _KINDS:
        return (_KINDS[news],)
    if told.decided_by.lower() == told.message.sender.lower():
        return ()
    both = ((NoticeKind.DISCARDED, told.discarded), (NoticeKind.DELIVERED, told.going))
    return tuple(kind for kind, recipients in both if recipients)


def _persons(tenant: Tenant, sender: str) -> tuple[str, ...]:
    """The sender, and whoever shares that mailbox: any of them may decide."""
    members = groups(tenant).get(sender.strip().lower(), frozenset())
    return (sender, *sorted(members - {sender.strip().lower()}))


def _to_sender(tenant: Tenant, kind: NoticeKind, told: Told, person: str, now: datetime) -> Notice:
    message, language = told.message, current_policy(tenant).language
    token = give_link(tenant, message.id, person, now) if "link" in VARIABLES[kind] else ""
    with translation.override(language.value), timezone.override(tenant.zone):
        values = _values(tenant, kind, told)
        values["link"] = f"{console_address(tenant)}/mail/{token}" if token else ""
        values |= _secrets(tenant, message.id) if kind is NoticeKind.PROCESSED else {}
    text = notice_text(tenant, kind, language)
    # Two notices about one mail are two mails: the token tells them apart, or the kind does.
    distinct = token or f"{kind} {message.id.hex} {person}"
    mark = hashlib.sha256(distinct.encode()).hexdigest()[:32]
    mail = _mail(tenant, person, language, (text.subject, text.body), values, now, mark)
    return Notice(person, mail, filled(text.subject, values), message.id, not person.isascii())


def _values(tenant: Tenant, kind: NoticeKind, told: Told) -> dict[str, str]:
    message, hold, processing = told.message, told.hold, told.processing
    listed = {
        NoticeKind.HELD: told.waiting,
        NoticeKind.REMINDER: told.waiting,
        NoticeKind.DISCARDED: told.discarded,
        NoticeKind.STOPPED: told.stopped,
    }.get(kind, told.going)
    values = {
        "subject": message.subject or _("(no subject)"),
        "sender": message.sender,
        "recipients": _lines(listed),
        "company": tenant.name,
        "contact": current_policy(tenant).contact,
        "sent_at": _time(tenant, message.received_at),
    }
    if hold is not None:
        values |= {
            "reasons": _(", ").join(_reasons(hold.rules, hold.unreadable)),
            "due_at": _time(tenant, hold.due_at),
            "ending": _ending(hold.ending),
            "decided_by": _("the end of the time") if told.decided_by == TIME else told.decided_by,
        }
    if kind is NoticeKind.STOPPED:
        values["reasons"] = stopped_because(message.verdict)
    if processing is not None:
        values["applied"] = _lines(_applied(processing.hidden, processing.locked))
    return values


def _reasons(rules: Sequence[str], unreadable: bool) -> list[str]:
    said = [_("the mail could not be read completely")] if unreadable else []
    return [*said, *(_("rule “%(name)s”") % {"name": name} for name in rules)]


def _ending(ending: str) -> str:
    return {
        HoldEnding.DISCARD: _("it is discarded"),
        HoldEnding.DELIVER: _("it is sent"),
        HoldEnding.KEEP: _("it stays on hold"),
    }[HoldEnding(ending)]


def _applied(hidden: bool, locked: bool) -> list[str]:
    done = []
    if hidden:
        done.append(_("The recipients are hidden from each other (forced Bcc)."))
    if locked:
        done.append(_("The attachments were put into an encrypted ZIP file."))
    return done


def _secrets(tenant: Tenant, message_id: UUID) -> dict[str, str]:
    secret = secret_of(tenant, message_id)
    if secret is None:
        return {"archive": "", "password": "", "files": ""}
    return {
        "archive": secret.archive_name,
        "password": secret.password,
        "files": _lines(locked_files(tenant, message_id)),
    }


def _lines(items: Sequence[str]) -> str:
    shown = [f"  {item}" for item in items[:_SHOWN]]
    if len(items) > _SHOWN:
        shown.append("  " + _("and %(count)d more") % {"count": len(items) - _SHOWN})
    return "\n".join(shown)


def _time(tenant: Tenant, moment: datetime) -> str:
    return f"{moment.astimezone(tenant.zone):%Y-%m-%d %H:%M (%Z)}"


def _tell_passwords(tenant: Tenant, message_id: UUID, now: datetime) -> list[UUID]:
    """Store the password mails to those whose servers have the mail and who were not told yet."""

    def write(secret: Secret, recipient: str, sender: str, subject: str) -> Notice:
        language = current_policy(tenant).language
        values = {
            "subject": subject,
            "sender": sender,
            "recipients": f"  {recipient}",
            "company": tenant.name,
            "contact": "",
            "sent_at": "",
            "archive": secret.archive_name,
            "password": secret.password,
        }
        # Nobody knows which language is read at the other company.
        first = notice_text(tenant, NoticeKind.PASSWORD, language)
        other = Language.ENGLISH if language is Language.JAPANESE else Language.JAPANESE
        second = notice_text(tenant, NoticeKind.PASSWORD, other)
        texts = (first.subject, f"{first.body}\n\n---\n\n{second.body}")
        mark = hashlib.sha256(f"{message_id.hex} {recipient}".encode()).hexdigest()[:32]
        mail = _mail(tenant, recipient, language, texts, values, now, mark)
        shown = filled(first.subject, values)
        return Notice(recipient, mail, shown, message_id, smtputf8=not recipient.isascii())

    return send_password_mails(tenant, message_id, write, now)


def _mail(
    tenant: Tenant,
    recipient: str,
    language: Language,
    texts: tuple[str, str],
    values: Mapping[str, str],
    now: datetime,
    mark: str,
) -> bytes:
    subject, body = (filled(text, values) for text in texts)
    link = values.get("link", "")
    with translation.override(language.value):
        context = {
            "subject": subject,
            "language": language.value,
            "blocks": [_block(block, link) for block in body.split("\n\n")],
            "contact": values["contact"],
        }
        return build_notice(
            Mail(
                recipient=recipient,
                from_address=f"{LOCAL_PART}@{settings.MAIL_HOSTNAME}",
                from_name=_("%(company)s mail security") % {"company": tenant.name},
                subject=subject,
                text=render_to_string("mail/notice.txt", context | {"body": body}),
                html=render_to_string("mail/notice.html", context),
                now=now.astimezone(tenant.zone),
                message_id=f"{mark}@{settings.MAIL_HOSTNAME}",
                language=language,
            )
        )


def _block(block: str, link: str) -> Mapping[str, object]:
    """A paragraph by its lines, or the button that stands in the place of the bare link."""
    lines = block.split("\n")
    return {"link": link if link and block.strip() == link else "", "lines": lines}
