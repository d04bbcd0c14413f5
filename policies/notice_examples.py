"""What a notice would look like: its words filled with the values of a mail that never was."""

from __future__ import annotations

from collections.abc import Mapping

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mailsec.gateway.dsn_text import WORDINGS, results_text
from mailsec.gateway.hops import Outcome, Result
from mailsec.gateway.policy import Language
from mailsec.gateway.variables import filled
from policies.notice_texts import VARIABLES, NoticeKind, NoticeText


def example_of(
    kind: NoticeKind, language: Language, text: NoticeText, company: str, contact: str
) -> NoticeText:
    """Subject and whole text of the mail, as the text form of the notice shows them."""
    with translation.override(language.value):
        values = {**_values(company, contact), **_values_of(kind, language)}
        known = {name: values[name] for name in VARIABLES[kind]}
        # Readers outside are not told the contact, as they are not in the real mail.
        context = {"body": filled(text.body, known), "contact": known.get("contact", "")}
        body = render_to_string("mail/notice.txt", context).strip("\n")
    return NoticeText(filled(text.subject, known), body)


_PERSON, _HOST = "sales@example.com", "mx.example.com"
_REFUSED = Result(_PERSON, Outcome.REFUSED, 550, "5.1.1", "550 5.1.1 no such user here", _HOST)
_DEFERRED = Result(_PERSON, Outcome.DEFERRED, 450, "4.2.2", "450 4.2.2 mailbox full", _HOST)


def _values_of(kind: NoticeKind, language: Language) -> Mapping[str, str]:
    """Those that are this notice's alone, or mean something else in it."""
    if kind is NoticeKind.STOPPED:
        return {"reasons": _("It was judged to be spam.")}
    result = _DEFERRED if kind is NoticeKind.DELAYED else _REFUSED
    return {"results": results_text((result,), WORDINGS[language])}


def _values(company: str, contact: str) -> Mapping[str, str]:
    """Of the variables of several notices, in the language that is active."""
    return {
        "subject": _("Your quotation"),
        "sender": "user@example.jp",
        "recipients": "  sales@example.com\n  office@example.net",
        "company": company,
        "contact": contact,
        "sent_at": "2026-12-01 10:00 (JST)",
        "reasons": _("rule “%(name)s”") % {"name": _("Mail with attachments")},
        "due_at": "2026-12-01 14:00 (JST)",
        "ending": _("it is discarded"),
        "link": "https://console.example.jp/mail/example",
        "decided_by": "manager@example.jp",
        "applied": "  " + _("The attachments were put into an encrypted ZIP file."),
        "archive": "attachments.zip",
        "files": "  " + _("quotation.pdf"),
        "password": "Example-2345",
        "recipient": "user@example.jp",
        "count": "3",
        "days": ngettext("%(count)d day", "%(count)d days", 30) % {"count": 30},
        "until": "2026-12-06 10:00",
    }
