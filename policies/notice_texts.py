"""The words of the service's notices: ours, unless the tenant has written others.

A text is plain; ``{name}`` stands for a value of the mail, and only the names of ``VARIABLES`` are
known. It is data in every way: nothing that a tenant or a sender writes is ever run.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from mailsec.gateway.dsn_text import WORDINGS
from mailsec.gateway.policy import Language
from mailsec.gateway.variables import VARIABLE
from policies.errors import InvalidNotice, NoticeProblem

# A mistyped name is told to whoever writes the text, not sent to readers as it stands.
_BRACED = re.compile(r"\{([^{}\n]{0,40})\}")
# Controls, lone surrogates, and separators of lines that not every program breaks at.
_CONTROLS = frozenset({"Cc", "Cs", "Zl", "Zp"})
LONGEST_SUBJECT, LONGEST_BODY = 200, 5_000


class NoticeKind(StrEnum):
    """What is told."""

    HELD = "held"
    REMINDER = "reminder"
    DISCARDED = "discarded"
    DELIVERED = "delivered"
    PROCESSED = "processed"
    STOPPED = "stopped"
    PASSWORD = "password"  # noqa: S105 - the kind of a notice
    DIGEST = "digest"
    BOUNCED = "bounced"
    DELAYED = "delayed"


@dataclass(frozen=True, slots=True)
class NoticeText:
    """One notice in one language."""

    subject: str
    body: str


_MAIL = ("subject", "sender", "recipients", "company", "contact", "sent_at")
VARIABLES: Mapping[NoticeKind, tuple[str, ...]] = {
    NoticeKind.HELD: (*_MAIL, "reasons", "due_at", "ending", "link"),
    NoticeKind.REMINDER: (*_MAIL, "reasons", "due_at", "ending", "link"),
    NoticeKind.DISCARDED: (*_MAIL, "decided_by", "link"),
    NoticeKind.DELIVERED: (*_MAIL, "decided_by", "link"),
    NoticeKind.PROCESSED: (*_MAIL, "applied", "archive", "files", "password", "link"),
    NoticeKind.STOPPED: (*_MAIL, "reasons"),
    NoticeKind.PASSWORD: ("subject", "sender", "recipients", "company", "archive", "password"),
    NoticeKind.DIGEST: ("recipient", "count", "days", "company", "contact"),
    NoticeKind.BOUNCED: ("subject", "sent_at", "results", "company", "contact"),
    NoticeKind.DELAYED: ("subject", "sent_at", "results", "until", "company", "contact"),
}
# Without these a notice would not do what it is for.
REQUIRED: Mapping[NoticeKind, tuple[str, ...]] = {
    NoticeKind.HELD: ("link",),
    NoticeKind.REMINDER: ("link",),
    NoticeKind.DISCARDED: (),
    NoticeKind.DELIVERED: (),
    NoticeKind.PROCESSED: ("link",),
    NoticeKind.STOPPED: (),
    NoticeKind.PASSWORD: ("password",),
    NoticeKind.DIGEST: (),
    NoticeKind.BOUNCED: ("results",),
    NoticeKind.DELAYED: ("results",),
}
# Several lines, or secrets: whoever sees the list of mails sees the subject.
BODY_ONLY = frozenset({"recipients", "results", "applied", "files", "password", "link"})

_DEFAULTS: Mapping[tuple[NoticeKind, Language], NoticeText] = {
    (NoticeKind.HELD, Language.JAPANESE): NoticeText(
        "【送信保留】{subject}",
        "お送りになったメールは、社外宛のため送信を保留しています。\n"
        "宛先と内容をご確認のうえ、送信または破棄をお選びください。\n\n"
        "{link}\n\n"
        "件名：{subject}\n送信日時：{sent_at}\n保留中の宛先：\n{recipients}\n\n"
        "保留の理由：{reasons}\n期限：{due_at}（期限を過ぎた場合：{ending}）",
    ),
    (NoticeKind.HELD, Language.ENGLISH): NoticeText(
        "[On hold] {subject}",
        "Your mail to recipients outside the company has not been sent yet.\n"
        "Please check the recipients and the content, and choose to send or to discard it.\n\n"
        "{link}\n\n"
        "Subject: {subject}\nSent: {sent_at}\nRecipients on hold:\n{recipients}\n\n"
        "Why it is held: {reasons}\nUntil: {due_at} (afterwards: {ending})",
    ),
    (NoticeKind.REMINDER, Language.JAPANESE): NoticeText(
        "【送信保留・期限間近】{subject}",
        "次のメールはまだ送信されていません。期限までに送信または破棄をお選びください。\n\n"
        "{link}\n\n"
        "件名：{subject}\n送信日時：{sent_at}\n保留中の宛先：\n{recipients}\n\n"
        "期限：{due_at}（期限を過ぎた場合：{ending}）",
    ),
    (NoticeKind.REMINDER, Language.ENGLISH): NoticeText(
        "[On hold, time is running out] {subject}",
        "This mail has still not been sent. Please choose to send or to discard it in time.\n\n"
        "{link}\n\n"
        "Subject: {subject}\nSent: {sent_at}\nRecipients on hold:\n{recipients}\n\n"
        "Until: {due_at} (afterwards: {ending})",
    ),
    (NoticeKind.DISCARDED, Language.JAPANESE): NoticeText(
        "【送信取消】{subject}",
        "次のメールは送信されず、破棄されました。\n\n"
        "件名：{subject}\n送信日時：{sent_at}\n破棄された宛先：\n{recipients}\n\n"
        "破棄した方：{decided_by}\n必要な場合は、あらためてお送りください。\n\n{link}",
    ),
    (NoticeKind.DISCARDED, Language.ENGLISH): NoticeText(
        "[Not sent] {subject}",
        "This mail was discarded and has not been sent.\n\n"
        "Subject: {subject}\nSent: {sent_at}\nDiscarded for:\n{recipients}\n\n"
        "Decided by: {decided_by}\nPlease send it again if it is still needed.\n\n{link}",
    ),
    (NoticeKind.DELIVERED, Language.JAPANESE): NoticeText(
        "【送信済み】{subject}",
        "保留中だった次のメールの送信が承認されました。\n\n"
        "件名：{subject}\n送信日時：{sent_at}\n宛先：\n{recipients}\n\n"
        "承認した方：{decided_by}\n\n{link}",
    ),
    (NoticeKind.DELIVERED, Language.ENGLISH): NoticeText(
        "[Sent] {subject}",
        "This mail was on hold and has been approved for sending.\n\n"
        "Subject: {subject}\nSent: {sent_at}\nRecipients:\n{recipients}\n\n"
        "Approved by: {decided_by}\n\n{link}",
    ),
    (NoticeKind.PROCESSED, Language.JAPANESE): NoticeText(
        "【送信処理のお知らせ】{subject}",
        "お送りになったメールに、次の処理を行いました。\n{applied}\n\n"
        "件名：{subject}\n社外の宛先：\n{recipients}\n\n"
        "ZIPファイル：{archive}\nパスワード：{password}\n添付ファイル：\n{files}\n\n"
        "宛先をご確認のうえ、次のページからパスワードを通知してください。\n\n{link}",
    ),
    (NoticeKind.PROCESSED, Language.ENGLISH): NoticeText(
        "[Processed] {subject}",
        "This was done to your mail before it left:\n{applied}\n\n"
        "Subject: {subject}\nRecipients outside:\n{recipients}\n\n"
        "ZIP file: {archive}\nPassword: {password}\nAttachments:\n{files}\n\n"
        "Please check the recipients and tell them the password from this page.\n\n{link}",
    ),
    (NoticeKind.STOPPED, Language.JAPANESE): NoticeText(
        "【送信停止】{subject}",
        "お送りになった次のメールは、検査の結果により送信を停止し、隔離しました。\n"
        "宛先には届いておりません。\n\n"
        "件名：{subject}\n送信日時：{sent_at}\n届いていない宛先：\n{recipients}\n\n"
        "停止の理由：{reasons}\n\n"
        "送信が必要な場合は、管理者へお問い合わせください。",
    ),
    (NoticeKind.STOPPED, Language.ENGLISH): NoticeText(
        "[Stopped] {subject}",
        "This mail was stopped when it was examined and is kept in quarantine.\n"
        "It has not reached its recipients.\n\n"
        "Subject: {subject}\nSent: {sent_at}\nNot delivered to:\n{recipients}\n\n"
        "Why it was stopped: {reasons}\n\n"
        "If it has to be sent, please ask your administrator.",
    ),
    (NoticeKind.PASSWORD, Language.JAPANESE): NoticeText(
        "【パスワードのお知らせ】{subject}",
        "{sender} よりお送りした添付ファイルのパスワードをお知らせいたします。\n\n"
        "件名：{subject}\nファイル名：{archive}\nパスワード：{password}",
    ),
    (NoticeKind.PASSWORD, Language.ENGLISH): NoticeText(
        "[Password] {subject}",
        "This is the password of the file that {sender} has sent you.\n\n"
        "Subject: {subject}\nFile: {archive}\nPassword: {password}",
    ),
    (NoticeKind.DIGEST, Language.JAPANESE): NoticeText(
        "【隔離のお知らせ】{count}件のメールを隔離しています",
        "{company} のメールセキュリティサービスが、次のアドレス宛のメールを隔離しています。\n"
        "{recipient}\n\n"
        "お心当たりのないメールについては、何もしていただく必要はありません。\n"
        "隔離したメールは、受信から{days}後に自動で削除されます。",
    ),
    (NoticeKind.DIGEST, Language.ENGLISH): NoticeText(
        "Mail held in quarantine for you: {count}",
        "The mail security service of {company} holds mail for this address:\n"
        "{recipient}\n\n"
        "If you are not expecting any of these, there is nothing to do.\n"
        "Each is removed by itself after {days}.",
    ),
} | {
    (kind, language): NoticeText(words.subject, words.text)
    for language, wording in WORDINGS.items()
    for kind, words in (
        (NoticeKind.BOUNCED, wording.failed),
        (NoticeKind.DELAYED, wording.delayed),
    )
}


def default_text(kind: NoticeKind, language: Language) -> NoticeText:
    """The text that the product ships with."""
    return _DEFAULTS[kind, language]


def checked(kind: NoticeKind, subject: str, body: str) -> NoticeText:
    """A tenant's own text; InvalidNotice says what is wrong with it, and in which field."""
    subject = " ".join(subject.split())
    body = body.replace("\r\n", "\n").replace("\r", "\n").rstrip().lstrip("\n")
    if not subject or len(subject) > LONGEST_SUBJECT:
        raise InvalidNotice("subject", NoticeProblem.SUBJECT)
    if not body or len(body) > LONGEST_BODY:
        raise InvalidNotice("body", NoticeProblem.BODY)
    for field, text in (("subject", subject), ("body", body)):
        if any(_is_control(character) for character in text):
            raise InvalidNotice(field, NoticeProblem.CONTROL)
        unknown = {*_BRACED.findall(text)} - {*VARIABLES[kind]}
        if unknown:
            raise InvalidNotice(field, NoticeProblem.UNKNOWN, sorted(unknown))
    misplaced = {*VARIABLE.findall(subject)} & BODY_ONLY
    if misplaced:
        raise InvalidNotice("subject", NoticeProblem.BODY_ONLY, sorted(misplaced))
    missing = {*REQUIRED[kind]} - {*VARIABLE.findall(body)}
    if missing:
        raise InvalidNotice("body", NoticeProblem.MISSING, sorted(missing))
    return NoticeText(subject, body)


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in _CONTROLS and character not in "\n\t"
