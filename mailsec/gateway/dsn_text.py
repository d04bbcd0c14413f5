"""What a delivery report says to people, in the languages of the product."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from mailsec.gateway.hops import Result, may_refuse_content
from mailsec.gateway.policy import Language


@dataclass(frozen=True, slots=True)
class Wording:
    """Every sentence of a report in one language; ``{...}`` are filled in."""

    failed_subject: str
    delayed_subject: str
    failed_opening: str
    delayed_opening: str
    retry_until: str
    subject: str
    arrived: str
    failed_list: str
    delayed_list: str
    reason: str
    reply: str
    ambiguous: str
    locked: str
    closing: str
    no_subject: str
    date: str
    reasons: Mapping[str, str]


ENGLISH = Wording(
    failed_subject="Your mail could not be delivered: {subject}",
    delayed_subject="Your mail is delayed: {subject}",
    failed_opening=(
        "We are sorry that the mail below could not be delivered to the recipients listed here.\n"
        "Please check the addresses and send it again if it is still needed."
    ),
    delayed_opening=(
        "The mail below has not reached the recipients listed here yet.\n"
        "We keep trying; there is no need to send it again."
    ),
    retry_until="We will go on trying until {until} and tell you if we do not succeed.",
    subject="Subject: {subject}",
    arrived="Received: {arrived}",
    failed_list="Not delivered to:",
    delayed_list="Delayed for:",
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
    failed_subject="メールをお届けできませんでした: {subject}",
    delayed_subject="メールの配送が遅れています: {subject}",
    failed_opening=(
        "お送りいただいた下記のメールは、次の宛先へお届けできませんでした。\n"
        "お手数をおかけいたしますが、宛先をご確認のうえ、必要に応じてあらためてお送りくださいますよう\n"
        "お願い申し上げます。"
    ),
    delayed_opening=(
        "お送りいただいた下記のメールは、次の宛先へまだお届けできておりません。\n"
        "引き続き配送を試みておりますので、再度お送りいただく必要はございません。"
    ),
    retry_until="{until} まで配送を試み、お届けできなかった場合はあらためてお知らせいたします。",
    subject="件名: {subject}",
    arrived="受付日時: {arrived}",
    failed_list="お届けできなかった宛先:",
    delayed_list="配送が遅れている宛先:",
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


def human_text(wording: Wording, facts: Facts, failed: bool) -> str:
    """The part for people: what happened, to which mail, for whom, why, and what to do."""
    lines = [wording.failed_opening if failed else wording.delayed_opening]
    if not failed and facts.retry_until:
        lines.append(wording.retry_until.format(until=facts.retry_until.strftime(wording.date)))
    subject = facts.subject or wording.no_subject
    lines += ["", wording.subject.format(subject=subject)]
    lines += [wording.arrived.format(arrived=facts.arrived_at.strftime(wording.date)), ""]
    lines.append(wording.failed_list if failed else wording.delayed_list)
    for result in facts.results:
        lines += _about(wording, result, result.recipient in facts.locked)
    return "\n".join([*lines, "", wording.closing, facts.signature, ""])


def _about(wording: Wording, result: Result, locked: bool) -> list[str]:
    lines = ["", f"  {result.recipient}"]
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
