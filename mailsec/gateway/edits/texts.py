"""The words that the service puts into a mail, in both languages of the product.

They do not go through Django's catalogues: the core knows no Django, and the reader's language is
the tenant's choice, not a web session's. Each text stands in Japanese and English, the tenant's
language first, since an inside reader may read either.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from mailsec.gateway.edits import suspicions
from mailsec.gateway.policy import Language
from mailsec.gateway.verdict import Finding, Severity

_LISTED = 20
_RULE = "-" * 60

_REASONS: dict[str, tuple[str, str]] = {
    "virus": ("ウイルスを検出しました（{}）", "a virus was found ({})"),
    "file-type": (
        "受信を許可していない種類のファイルです（{}）",
        "files of this type are not accepted ({})",
    ),
    "encrypted": ("パスワードで保護されています", "it is protected by a password"),
    "damaged": ("ファイルが壊れています", "it is damaged"),
    "over-budget": ("検査できる大きさを超えています", "it is too large to be examined"),
    "unsupported": (
        "この形式のファイルの中は検査できません",
        "the inside of files of this type cannot be examined",
    ),
    "too-deep": ("メールの構造が深すぎます", "the structure of this mail is too deep"),
    "too-many-parts": ("メールの構成要素が多すぎます", "this mail has too many parts"),
}
# What is said of a whole message, to those who ask about it.
_JUDGEMENTS: dict[str, tuple[str, str]] = {
    "spam": ("迷惑メールの可能性", "how much it is like spam"),
    "spam-words-body": ("迷惑メールに多い本文の表現", "wording of the body as in spam"),
    "spam-words-subject": ("迷惑メールに多い件名の表現", "wording of the subject as in spam"),
    "spam-sender": ("迷惑メールに多い差出人の形", "a sender as in spam"),
    "spam-links": ("迷惑メールに多いリンクの形", "links as in spam"),
    "spam-structure": ("迷惑メールに多いメールの構造", "a structure as in spam"),
    "spam-attachment": ("迷惑メールに多い添付ファイル", "attachments as in spam"),
    "spam-headers": ("迷惑メールに多いヘッダー", "header fields as in spam"),
    "spam-language": ("迷惑メールに多い言語", "a language as in spam"),
    "spam-learned": ("学習した迷惑メールとの類似", "like what was learned to be spam"),
    "spam-rspamd": ("Rspamdの検出項目", "found by Rspamd"),
    "allowed": ("許可リストに該当", "on an allow list"),
    "blocked": ("拒否リストに該当", "on a block list"),
    "protected": (
        "署名または暗号化されているため変更できません",
        "signed or encrypted, so nothing is altered",
    ),
    "letter-protected": (
        "署名または暗号化されているため、警告は件名に付けます",
        "signed or encrypted, so the warning stands before the subject",
    ),
    "several-authors": ("差出人が複数あります", "it names several authors"),
    "several-subjects": ("件名が複数あります", "it has several subjects"),
    "dmarc-fail": ("差出人のドメインを確認できません（DMARC）", "DMARC failed"),
    "spf-fail": ("許可されていない送信元です（SPF）", "SPF failed"),
    "forwarded": ("信頼する転送元が確認済み", "proved to a trusted forwarder"),
}
_OTHER_REASON = ("検査を完了できませんでした", "the examination was not completed")


@dataclass(frozen=True, slots=True)
class Notice:
    """All that the text at the head of a changed mail says."""

    removed: tuple[Finding, ...]
    warned: tuple[Finding, ...]
    when: datetime
    contact: str
    language: Language

    @property
    def suspicious(self) -> tuple[Finding, ...]:
        """What the reader should beware of, though it was examined."""
        return tuple(f for f in self.warned if f.severity is Severity.SUSPICIOUS)

    @property
    def unexamined(self) -> tuple[Finding, ...]:
        """What nobody looked into."""
        return tuple(f for f in self.warned if f.severity is not Severity.SUSPICIOUS)


def notice_text(notice: Notice) -> str:
    """The whole notice as plain text with a line of dashes above and below."""
    japanese, english = list(_japanese(notice)), list(_english(notice))
    if notice.language is Language.ENGLISH:
        japanese, english = english, japanese
    return "\n".join([_RULE, *japanese, "", *english, _RULE])


def ascii_notice_text(notice: Notice) -> str:
    """The English notice in ASCII alone, for mails whose own character code nobody can tell."""
    text = "\n".join([_RULE, *_english(notice), _RULE])
    return text.encode("ascii", "replace").decode("ascii")


def _japanese(notice: Notice) -> Iterator[str]:
    yield "【メールセキュリティからのお知らせ】"
    if notice.removed:
        yield "このメールから、次の添付ファイルを取り除きました。"
        yield from _files(notice.removed, "ファイル名：", "　理由：", 0)
        yield "元のメールは隔離して保管しています。必要な場合はお問い合わせください。"
    if notice.unexamined:
        yield "次の内容は検査できませんでした。お心当たりのない場合は開かないでください。"
        yield from _files(notice.unexamined, "対象：", "　理由：", 0)
    if notice.suspicious:
        yield "このメールには不審な点があります。"
        yield from _suspicions(notice.suspicious, "・", 0)
        yield (
            "リンクや添付ファイルを開いたり、返信や送金をしたりする前に、電話など別の方法で"
            "差出人にご確認ください。"
        )
    yield f"処理日時：{notice.when:%Y年%m月%d日 %H:%M}（UTC{notice.when:%z}）"
    if notice.contact:
        yield f"お問い合わせ先：{notice.contact}"


def _english(notice: Notice) -> Iterator[str]:
    yield "[Notice from mail security]"
    if notice.removed:
        yield "The following attachments were removed from this message."
        yield from _files(notice.removed, "File: ", "  Reason: ", 1)
        yield "The original message is kept in quarantine. Please ask if you need it."
    if notice.unexamined:
        yield "The following could not be examined. Do not open it unless you expected it."
        yield from _files(notice.unexamined, "Item: ", "  Reason: ", 1)
    if notice.suspicious:
        yield "There is something suspicious about this message."
        yield from _suspicions(notice.suspicious, "- ", 1)
        yield (
            "Before you open links or files, answer, or pay, ask the sender in another way, "
            "by telephone for instance."
        )
    yield f"Time: {notice.when:%Y-%m-%d %H:%M} (UTC{notice.when:%z})"
    if notice.contact:
        yield f"Contact: {notice.contact}"


def _files(findings: Iterable[Finding], label: str, reason: str, language: int) -> Iterator[str]:
    lines = list(dict.fromkeys((_item(f, language), _reason(f, language)) for f in findings))
    for name, why in lines[:_LISTED]:
        yield f"{label}{name}"
        yield f"{reason}{why}"
    if len(lines) > _LISTED:
        rest = len(lines) - _LISTED
        yield (f"ほか{rest}件", f"and {rest} more")[language]


def _suspicions(findings: Iterable[Finding], bullet: str, language: int) -> Iterator[str]:
    lines = list(dict.fromkeys(suspicions.words(finding)[language] for finding in findings))
    for line in lines[:_LISTED]:
        yield f"{bullet}{line}"
    if len(lines) > _LISTED:
        rest = len(lines) - _LISTED
        yield (f"ほか{rest}件", f"and {rest} more")[language]


def _item(finding: Finding, language: int) -> str:
    name = finding.detail.get("name", "")
    if finding.part is None:
        return ("メール全体", "the whole message")[language]
    shown = name or ("（名前なし）", "(no name)")[language]
    inside = finding.detail.get("inside", "")
    # A sender's words must not become a link of the notice.
    return (f"{shown} ({inside})" if inside else shown).replace("://", "[://]")


def _reason(finding: Finding, language: int) -> str:
    words = _REASONS.get(finding.code, _OTHER_REASON)[language]
    return words.format(finding.detail.get("virus") or finding.detail.get("type") or "-")


def finding_text(finding: Finding, language: Language) -> str:
    """What was found as one line, also for what no mail is ever told of."""
    column = 1 if language is Language.ENGLISH else 0
    if finding.code in suspicions.CODES:
        return suspicions.words(finding)[column]
    if finding.code in _REASONS:
        return f"{_item(finding, column)}: {_reason(finding, column)}"
    words = _JUDGEMENTS.get(finding.code, ("検査の結果", "a result of the examination"))[column]
    detail = ", ".join(f"{key} {value}" for key, value in finding.detail.items() if value)
    return f"{words} ({detail})" if detail else words


def removed_text(finding: Finding) -> str:
    """One line in both languages in the place of a part that could not simply be left out."""
    return "\n".join(
        (
            f"[取り除きました：{_item(finding, 0)}　理由：{_reason(finding, 0)}]",
            f"[Removed: {_item(finding, 1)}. Reason: {_reason(finding, 1)}]",
        )
    )


_ENCLOSED = {
    Language.JAPANESE: "【添付ファイルの暗号化について】\n"
    "添付ファイルは、パスワード付きZIPファイル（{}）にまとめてお送りしています。"
    "パスワードは別のメールでお知らせいたします。",
    Language.ENGLISH: "[Attachments encrypted]\n"
    "The attachments are in a password-protected ZIP file ({}). "
    "The password follows in a separate message.",
}


def enclosed_text(archive_name: str, language: Language) -> str:
    """What tells the reader of an encrypted archive; both languages, the tenant's first."""
    languages = sorted(_ENCLOSED, key=lambda each: each is not language)
    return "\n\n".join(_ENCLOSED[each].format(archive_name) for each in languages)


def ascii_enclosed_text(archive_name: str) -> str:
    """The same in ASCII alone."""
    return _ENCLOSED[Language.ENGLISH].format(archive_name)
