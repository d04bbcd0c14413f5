"""What changes the words of a tenant's notices."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet

from accounts.services import SHELL, record
from mailsec.gateway.policy import Language
from policies.models import OwnNoticeText
from policies.notice_texts import NoticeKind, NoticeText, checked
from tenants.models import Tenant
from tenants.scope import scoped


@scoped
def set_notice_text(
    tenant: Tenant,
    kind: NoticeKind,
    language: Language,
    subject: str,
    body: str,
    *,
    author: str = SHELL,
    address: str | None = None,
) -> NoticeText:
    """Use these words from now on; InvalidNotice names what cannot be taken."""
    text = checked(kind, subject, body)
    with transaction.atomic():
        before = _own(kind, language).values("subject", "body").first()
        OwnNoticeText.objects.update_or_create(
            kind=kind.value,
            language=language.value,
            defaults={"subject": text.subject, "body": text.body, "author": author[:254]},
        )
        record(
            actor=author[:254],
            action="notice.change",
            subject=f"{kind} {language}",
            address=address,
            before=dict(before or {}),
            after={"subject": text.subject, "body": text.body},
        )
    return text


@scoped
def reset_notice_text(
    tenant: Tenant,
    kind: NoticeKind,
    language: Language,
    *,
    author: str = SHELL,
    address: str | None = None,
) -> bool:
    """Use the product's words again; False where they are in use already."""
    with transaction.atomic():
        own = _own(kind, language)
        before = own.values("subject", "body").first()
        if before is None:
            return False
        own.delete()
        record(
            actor=author[:254],
            action="notice.reset",
            subject=f"{kind} {language}",
            address=address,
            before=dict(before),
        )
    return True


def _own(kind: NoticeKind, language: Language) -> QuerySet[OwnNoticeText]:
    return OwnNoticeText.objects.filter(kind=kind.value, language=language.value)
