"""The mail with the code that opens the page of all one's held mails."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from mailsec.gateway.notice import Notice as Mail
from mailsec.gateway.notice import build_notice
from policies.selectors import current_policy
from quarantine.identifiers import new_id
from quarantine.services import Notice
from tenants.models import Tenant


def code_mail(tenant: Tenant, address: str, code: str, now: datetime) -> Notice:
    """The notice, in the tenant's language. The subject holds no code: previews show subjects."""
    policy = current_policy(tenant)
    with translation.override(policy.language.value), timezone.override(tenant.zone):
        subject = _("Your code for held mail")
        paragraphs = [
            _("The code is %(code)s. It works once, for 10 minutes.") % {"code": code},
            _("Enter it on the page where you asked for it, to see the mails that wait for you."),
            _("If you did not ask for a code, you need not do anything. Tell it to nobody."),
        ]
        context = {
            "subject": subject,
            "language": policy.language.value,
            "blocks": [{"link": "", "lines": [each]} for each in paragraphs],
            "body": "\n\n".join(paragraphs),
            "contact": policy.contact,
        }
        mail = Mail(
            recipient=address,
            from_address=f"notice@{settings.MAIL_HOSTNAME}",
            from_name=_("%(company)s mail security") % {"company": tenant.name},
            subject=subject,
            text=render_to_string("mail/notice.txt", context),
            html=render_to_string("mail/notice.html", context),
            now=now.astimezone(tenant.zone),
            message_id=f"{new_id().hex}@{settings.MAIL_HOSTNAME}",
            language=policy.language,
        )
    return Notice(address, build_notice(mail), subject, None, smtputf8=not address.isascii())
