"""The notices in words: kinds, languages, variables, and what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mailsec.gateway.policy import Language
from policies.errors import InvalidNotice, NoticeProblem
from policies.notice_texts import LONGEST_BODY, LONGEST_SUBJECT, NoticeKind
from policies.setting_words import Words

KINDS: Mapping[NoticeKind, Words] = {
    NoticeKind.HELD: Words(
        gettext_lazy("Mail is held"),
        gettext_lazy("To the sender, as soon as a hold rule has met the mail."),
    ),
    NoticeKind.REMINDER: Words(
        gettext_lazy("Reminder"),
        gettext_lazy("To the sender, when three quarters of the hold time are over."),
    ),
    NoticeKind.DISCARDED: Words(
        gettext_lazy("Mail was discarded"),
        gettext_lazy("To the sender, when somebody else or the end of the time discarded it."),
    ),
    NoticeKind.DELIVERED: Words(
        gettext_lazy("Mail was approved"),
        gettext_lazy("To the sender, when somebody else or the end of the time sent it."),
    ),
    NoticeKind.PROCESSED: Words(
        gettext_lazy("Mail was processed"),
        gettext_lazy("To the sender, when files were encrypted or recipients hidden."),
    ),
    NoticeKind.STOPPED: Words(
        gettext_lazy("Mail was stopped"),
        gettext_lazy("To the sender, when the mail went to quarantine and not to its recipients."),
    ),
    NoticeKind.PASSWORD: Words(
        gettext_lazy("Password notice"),
        gettext_lazy(
            "To the recipients outside, with the password of the ZIP file. The mail holds the "
            "texts of both languages, one below the other."
        ),
    ),
    NoticeKind.DIGEST: Words(
        gettext_lazy("Quarantine digest"),
        gettext_lazy("To each user, once a day; the list of the mails and its links follow."),
    ),
    NoticeKind.BOUNCED: Words(
        gettext_lazy("Mail could not be delivered"),
        gettext_lazy(
            "To the sender. People outside get the Japanese text if their domain ends in .jp, and "
            "else the English one."
        ),
    ),
    NoticeKind.DELAYED: Words(
        gettext_lazy("Delivery is delayed"),
        gettext_lazy("To the sender, when a mail could not be delivered for some hours."),
    ),
}
LANGUAGES: Mapping[Language, Any] = {
    Language.JAPANESE: gettext_lazy("Japanese"),
    Language.ENGLISH: gettext_lazy("English"),
}
VARIABLE_WORDS: Mapping[str, Any] = {
    "subject": gettext_lazy("Subject of the mail"),
    "sender": gettext_lazy("Address of the sender"),
    "recipients": gettext_lazy("Recipients that the notice is about, one a line"),
    "company": gettext_lazy("Name of your company"),
    "contact": gettext_lazy("Contact as set on the page “General”"),
    "sent_at": gettext_lazy("When the mail was sent"),
    "reasons": gettext_lazy("Why the mail is held or was stopped"),
    "due_at": gettext_lazy("When the hold time is over"),
    "ending": gettext_lazy("What is done with the mail then"),
    "link": gettext_lazy("Link to the page of the mail; alone in its paragraph it is a button"),
    "decided_by": gettext_lazy("Who decided on the mail"),
    "applied": gettext_lazy("What was done to the mail, one a line"),
    "archive": gettext_lazy("Name of the ZIP file"),
    "files": gettext_lazy("Names of the encrypted files, one a line"),
    "password": gettext_lazy("Password of the ZIP file"),
    "recipient": gettext_lazy("Address that the digest is for"),
    "count": gettext_lazy("How many mails it lists"),
    "days": gettext_lazy("How long mail is kept, as in “30 days”"),
    "results": gettext_lazy("The recipients, each with the reason and the server’s answer"),
    "until": gettext_lazy("How long delivery is tried"),
}
_PROBLEMS: Mapping[NoticeProblem, Any] = {
    NoticeProblem.SUBJECT: gettext_lazy("Enter one line of 1 to %(subject)s characters."),
    NoticeProblem.BODY: gettext_lazy("Enter a text of 1 to %(body)s characters."),
    NoticeProblem.CONTROL: gettext_lazy("Please take out the control characters."),
    NoticeProblem.UNKNOWN: gettext_lazy("This notice has no such variable: %(names)s"),
    NoticeProblem.BODY_ONLY: gettext_lazy("A subject cannot show this variable: %(names)s"),
    NoticeProblem.MISSING: gettext_lazy("The text must contain this variable: %(names)s"),
}


def problem_words(error: InvalidNotice) -> str:
    """What is wrong, for the person who entered it."""
    values = {
        "subject": f"{LONGEST_SUBJECT:,}",
        "body": f"{LONGEST_BODY:,}",
        "names": _(", ").join(f"{{{name}}}" for name in error.names),
    }
    return str(_PROBLEMS[error.problem]) % values
