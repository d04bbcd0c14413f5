"""What a delivery report says to people, in the languages of the product."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from mailsec.gateway.hops import Result, may_refuse_content
from mailsec.gateway.policy import Language
from mailsec.gateway.variables import filled


@dataclass(frozen=True, slots=True)
class Words:
    """Subject and text of a report, with ``{subject}``, ``{sent_at}``, ``{results}``, ``{until}``.

    ``values`` are more that whoever wrote the text may use. What closes a report follows by itself.
    """

    subject: str
    text: str
    values: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Wording:
    """What a report says in one language: the product's own words, and how results are told."""

    failed: Words
    delayed: Words
    reason: str
    reply: str
    ambiguous: str
    locked: str
    closing: str
    no_subject: str
    date: str
    reasons: Mapping[str, str]


ENGLISH = Wording(
    failed=Words(
        "Your mail could not be delivered: {subject}",
        "We are sorry that the mail below could not be delivered to the recipients listed here.\n"
        "Please check the addresses and send it again if it is still needed.\n\n"
        "Subject: {subject}\nReceived: {sent_at}\n\nNot delivered to:\n\n{results}",
    ),
    delayed=Words(
        "Your mail is delayed: {subject}",
        "The mail below has not reached the recipients listed here yet.\n"
        "We keep trying; there is no need to send it again.\n"
        "We will go on trying until {until} and tell you if we do not succeed.\n\n"
        "Subject: {subject}\nReceived: {sent_at}\n\nDelayed for:\n\n{results}",
    ),
    reason="Reason: {reason} ({status})",
    reply="Answer of the server {host}: {reply}",
    ambiguous="The connection broke at the very end, so the mail may have arrived all the same.",
    locked=(
        "The attachments went out in an encrypted ZIP file, which this server may not take.\n"
        "Please ask the recipient how files can be sent, or ask your administrator whether they\n"
        "may go to this address in another form. No password is sent to this recipient."
    ),
    closing="This message was made automatically. Answers to it are not read.",
    no_subject="(no subject)",
    date="%Y-%m-%d %H:%M (%z)",
    reasons={
        "1.1": "The address does not exist.",
        "1": "There is something wrong with the address or its domain.",
        "2.2": "The mailbox is full.",
        "2.3": "The mail is larger than the recipient accepts.",
        "2": "The mailbox does not take the mail.",
        "3.4": "The mail is larger than the server accepts.",
        "4": "The server could not be reached, or the connection broke.",
        "6.7": "The server does not support addresses that are not plain ASCII.",
        "7": "The server refused the mail for reasons of security or policy.",
        "": "The server did not take the mail.",
    },
)

JAPANESE = Wording(
    failed=Words(
        "メールをお届けできませんでした: {subject}",
        "お送りいただいた下記のメールは、次の宛先へお届けできませんでした。\n"
        "お手数をおかけいたしますが、宛先をご確認のうえ、必要に応じてあらためてお送りくださいますよう\n"
        "お願い申し上げます。\n\n"
        "件名: {subject}\n受付日時: {sent_at}\n\nお届けできなかった宛先:\n\n{results}",
    ),
    delayed=Words(
        "メールの配送が遅れています: {subject}",
        "お送りいただいた下記のメールは、次の宛先へまだお届けできておりません。\n"
        "引き続き配送を試みておりますので、再度お送りいただく必要はございません。\n"
        "{until} まで配送を試み、お届けできなかった場合はあらためてお知らせいたします。\n\n"
        "件名: {subject}\n受付日時: {sent_at}\n\n配送が遅れている宛先:\n\n{results}",
    ),
    reason="理由: {reason} ({status})",
    reply="相手先サーバー {host} からの応答: {reply}",
    ambiguous="送信の最後に接続が切れたため、メールが届いている可能性もございます。",
    locked=(
        "添付ファイルは暗号化ZIPファイルにしてお送りしましたが、相手先サーバーが暗号化されたファイルを\n"
        "受け付けていない可能性がございます。ファイルの受け渡し方法を宛先の方にご確認いただくか、\n"
        "この宛先へ別の形式で送信できるかどうかを、管理者にご相談ください。\n"
        "この宛先にパスワードは通知されません。"
    ),
    closing="このメールは自動で送信しております。ご返信いただいてもお答えいたしかねますので、ご了承ください。",
    no_subject="(件名なし)",
    date="%Y年%m月%d日 %H:%M (%z)",
    reasons={
        "1.1": "宛先のメールアドレスが存在しません。",
        "1": "宛先のメールアドレス、またはそのドメインに誤りがあります。",
        "2.2": "宛先のメールボックスの容量がいっぱいです。",
        "2.3": "メールの大きさが、宛先で受け取れる上限を超えています。",
        "2": "宛先のメールボックスがメールを受け付けませんでした。",
        "3.4": "メールの大きさが、相手先サーバーで受け取れる上限を超えています。",
        "4": "相手先サーバーに接続できない、または通信が途中で切れました。",
        "6.7": "相手先サーバーが、英数字以外を含むメールアドレスに対応していません。",
        "7": "相手先サーバーが、セキュリティまたは運用上の理由により受信を拒否しました。",
        "": "相手先サーバーがメールを受け付けませんでした。",
    },
)

WORDINGS = {Language.ENGLISH: ENGLISH, Language.JAPANESE: JAPANESE}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the human part states; ``retry_until`` is None in a report of final failure.

    ``locked`` are recipients whose copies had their files in an encrypted archive.
    """

    subject: str
    arrived_at: datetime
    results: tuple[Result, ...]
    signature: str
    retry_until: datetime | None = None
    locked: frozenset[str] = frozenset()


def written(wording: Wording, facts: Facts, words: Words) -> tuple[str, str]:
    """Subject and text for people: what happened, to which mail, for whom, why, and what to do."""
    until = facts.retry_until
    values = {
        **words.values,
        "subject": facts.subject or wording.no_subject,
        "sent_at": facts.arrived_at.strftime(wording.date),
        "results": results_text(facts.results, wording, facts.locked),
        "until": until.strftime(wording.date) if until else "",
    }
    closing = "\n".join((wording.closing, facts.signature, ""))
    return filled(words.subject, values), f"{filled(words.text, values)}\n\n{closing}"


def results_text(results: Iterable[Result], wording: Wording, locked: Collection[str] = ()) -> str:
    """Each recipient with the reason; ``locked`` had their files in an encrypted archive."""
    told = (_about(wording, result, result.recipient in locked) for result in results)
    return "\n\n".join("\n".join(lines) for lines in told)


def _about(wording: Wording, result: Result, locked: bool) -> list[str]:
    lines = [f"  {result.recipient}"]
    reason = _reason(wording, result.enhanced)
    lines.append("    " + wording.reason.format(reason=reason, status=result.enhanced or "-"))
    if result.code and result.reply:
        lines.append("    " + wording.reply.format(host=result.host, reply=result.reply))
    if result.ambiguous:
        lines.append("    " + wording.ambiguous)
    if locked and may_refuse_content(result.code, result.enhanced):
        lines += ["    " + line for line in wording.locked.split("\n")]
    return lines


def _reason(wording: Wording, status: str) -> str:
    """The words for an RFC 3463 status: for its detail, else its subject, else in general."""
    detail = status.partition(".")[2]
    subject = detail.partition(".")[0]
    return wording.reasons.get(detail) or wording.reasons.get(subject) or wording.reasons[""]
