"""Phrases with which strangers ask for money or secrets, in Japanese and English.

A kind of plea is what is asked for, together with what presses the reader to give it: either alone
stands in ordinary letters. Texts are compared in NFKC and lower case.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

_LONGEST = 8_000  # characters; who wants money comes to the point


class Kind(StrEnum):
    """What is asked for."""

    ACCOUNT_CHANGE = "account-change"
    GIFT_CARD = "gift-card"
    EXTORTION = "extortion"
    CREDENTIALS = "credentials"
    TRANSFER = "transfer"


@dataclass(frozen=True, slots=True)
class Plea:
    """What is asked for, and the words that ask and press, as they were written."""

    kind: Kind
    asks: str
    presses: str


def _any(*phrases: str) -> re.Pattern[str]:
    return re.compile("|".join(phrases))


# Weak words are left out: every footer is confidential, and asks to be told of errors immediately.
_HASTE = (
    r"大?至急|緊急(?!連絡|時|事態|対応|地震|停止)|(?:お|大)急ぎで|本日中に|今日中に|早急に|一刻も早く",
    r"\burgent(?:ly)?\b|\basap\b|\bright away\b|\bas soon as possible\b|\bwithout delay\b",
    r"\bby (?:the )?(?:end|close) of (?:the )?(?:day|business)\b|\btime[- ]sensitive\b",
    r"\bwithin (?:the next )?(?:12|24|48|72) ?(?:hours|hrs)\b",
)
_SECRECY = (
    r"秘密(?!保持|情報|厳守|鍵)|内密に|極秘|他言(?:無用|しない)",
    r"口外(?:しない|せず)|誰にも(?:言わ|話さ|知らせ)|内々に",
    r"\b(?:strictly|keep (?:this|it)|remain|highly|very|utmost) "
    r"(?:confidential(?:ity)?|quiet|private)\b",
    r"\bconfidential (?:matter|transaction|deal|task|business|request|project)\b",
    r"\bdiscreet(?:ly)?\b|\b(?:absolute|utmost) secrecy\b",
    r"\bkeep (?:this|it) (?:a )?secret\b|\bbetween (?:us|you and me)\b",
    r"\b(?:do not|don'?t) "
    r"(?:tell anyone|discuss (?:this|it)|share this with|mention (?:this|it))\b",
)
_OUT_OF_REACH = (
    r"会議中|電話に出られ|電話はでき|手が離せ",
    r"\bin a meeting\b|\b(?:can'?t|cannot|unable to) (?:talk|take calls|call)\b|\bon my behalf\b",
)
_PRESSURE = _any(*_HASTE, *_SECRECY, *_OUT_OF_REACH)


def _words(*lines: str) -> tuple[str, ...]:
    return tuple(word for line in lines for word in line.split())


@dataclass(frozen=True, slots=True)
class _Rule:
    """What asks, what presses, and words of which every text that asks has one.

    Looking for the words first is what makes it quick: the expressions try each of their phrases at
    every character.
    """

    kind: Kind
    words: tuple[str, ...]
    asks: re.Pattern[str]
    presses: re.Pattern[str]


_RULES: tuple[_Rule, ...] = (
    _Rule(
        Kind.EXTORTION,
        _words("bitcoin btc usdt monero ビットコイン 仮想通貨 暗号資産"),
        _any(r"\bbitcoins?\b|\bbtc\b|\busdt\b|\bmonero\b|ビットコイン|仮想通貨|暗号資産"),
        _any(
            r"ウェブカメラ|webカメラ|録画|盗撮|自慰|わいせつ|ばら(?:撒|ま)|連絡先(?:全員|すべて|に送)",
            r"ハッキングし|乗っ取り",
            r"\bwebcam\b|\bmasturbat|\bporn|\bransom\b|\bembarrassing\b|\bi recorded\b",
            r"\byour (?:device|computer) (?:was|has been|got) (?:hacked|infected)",
            r"\bhacked (?:you|your|into your)\b|\b(?:all )?your contacts\b|\bleak(?:ed)? your\b",
        ),
    ),
    _Rule(
        Kind.GIFT_CARD,
        _words(
            "card voucher webmoney カード 券 ギフト プリペイド", "ビットキャッシュ ウェブマネー"
        ),
        _any(
            r"(?:ギフト|プリペイド)(?:カード|券|コード)",
            r"(?:itunes|google ?play|apple|アマゾン|amazon) ?(?:ギフト)?(?:カード|券)",
            r"ビットキャッシュ|ウェブマネー|webmoney",
            r"\b(?:gift|itunes|google play|steam|amazon|apple|ebay) ?"
            r"(?:gift )?(?:cards?|vouchers?)\b",
        ),
        _PRESSURE,
    ),
    _Rule(
        Kind.ACCOUNT_CHANGE,
        _words("bank payment account payroll deposit", "口座 振込先 送金先 入金先 支払先 支払い先"),
        _any(
            r"(?:振込先|振込口座|送金先|送金口座|入金先|支払い?先|受取口座|銀行口座|口座情報|給与口座)"
            r"[^。\n]{0,15}?(?:変更|変わ|新し|更新)|新しい(?:振込先|銀行口座|口座)|口座変更",
            r"\b(?:new|updated|changed|different|alternate|alternative) "
            r"(?:bank(?:ing)?|payment|account) (?:account|details|information|instructions?)\b",
            r"\bbank(?:ing)? (?:account|details|information)[^.\n]{0,20}"
            r"\b(?:changed|updated|under audit)\b",
            r"\b(?:change|update|switch)[^.\n]{0,20}"
            r"\b(?:direct deposit|payroll|bank(?:ing)? (?:account|details))\b",
        ),
        _PRESSURE,
    ),
    _Rule(
        Kind.TRANSFER,
        _words("transfer payment 振込 振り込 送金 入金 支払"),
        _any(
            r"(?:振り?込み?|送金|入金|お?支払い?)(?:の?手続き?)?(?:を|の)?[^。\n]{0,6}?"
            r"(?:お願い|して(?:ください|下さい|いただ|頂|もら|ほし|欲し)|手配|済ませ)",
            r"\b(?:wire|bank) transfers?\b",
            r"\btransfer (?:of )?(?:the |some |this )?(?:funds?|money|amount|sum)\b",
            r"\b(?:process|make|handle|initiate|complete) (?:a|an|the|this|one)? ?"
            r"(?:urgent |wire |outstanding )?payment\b",
        ),
        _PRESSURE,
    ),
    _Rule(
        Kind.CREDENTIALS,
        _words(
            "verify confirm validate update activate restore",
            "アカウント パスワード メールボックス 本人 個人情報 カード情報 会員情報",
        ),
        _any(
            r"(?:アカウント|パスワード|メールボックス|ご?本人様?|個人情報|カード情報|会員情報)[^。\n]{0,15}?"
            r"(?:確認|更新|認証|再設定|入力)",
            r"\b(?:verify|confirm|validate|update|re-?activate|restore)[^.\n]{0,25}"
            r"\b(?:account|password|mailbox|identity|credentials|e-?mail|log-?in)\b",
        ),
        _any(
            r"(?:アカウント|サービス|ご?利用|メール(?:ボックス)?|カード)[^。\n]{0,12}?"
            r"(?:停止|失効|制限|凍結|閉鎖|無効|削除)(?:され|いたし|致し|させ|し|と|に)",
            r"\b(?:account|mailbox|access|service|e-?mail)[^.\n]{0,40}"
            r"\b(?:suspend|terminat|deactivat|clos|lock|block|disabl|restrict|limit|delet|expir)(?:e|ed|ion|ated|ing|s)?\b",
        ),
    ),
)


def plea_in(text: str) -> Plea | None:
    """The first kind of plea that a text makes, the gravest first."""
    text = unicodedata.normalize("NFKC", text[:_LONGEST]).lower()
    for rule in _RULES:
        if not any(word in text for word in rule.words):
            continue
        asked = rule.asks.search(text)
        pressed = rule.presses.search(text) if asked else None
        if asked and pressed:
            return Plea(rule.kind, asked[0], pressed[0])
    return None
