"""What is suspicious about a mail, as one sentence for each sign, in Japanese and English."""

from __future__ import annotations

import re
from collections.abc import Mapping

from mailsec.gateway.verdict import Finding

_WORDS: Mapping[str, tuple[str, str]] = {
    "impersonated-name": (
        "差出人名「{shown}」は社内などの方のお名前ですが、アドレス {address} はその方のものとして"
        "登録されていません。",
        "“{shown}” is the name of a person you know, but {address} is not registered as an "
        "address of that person.",
    ),
    "address-in-name": (
        "差出人名にアドレス {shown} と書かれていますが、実際のアドレスは {address} です。",
        "The sender's name shows the address {shown}, but the real address is {address}.",
    ),
    "lookalike-domain": (
        "ドメイン {domain} は {resembles} に似せたものと思われます。",
        "The domain {domain} looks like {resembles}, but is a different one.",
    ),
    "brand-name": (
        "差出人は「{brand}」を名乗っていますが、アドレス {address} は同社のものと確認できません。",
        "The sender claims to be {brand}, but {address} is not known as an address of theirs.",
    ),
    "brand-unproved": (
        "差出人は「{brand}」を名乗っていますが、アドレス {address} が本物であることを"
        "確認できません。",
        "The sender claims to be {brand}, but it is not proved that {address} sent this message.",
    ),
    "reply-to-elsewhere": (
        "返信すると、差出人 {address} とは別の宛先 {reply_to} に送られます。",
        "Answers do not go to the sender {address}, but to {reply_to}.",
    ),
    "link-mismatch": (
        "リンクの表示は {shown} ですが、実際には {target} につながります。",
        "A link shows {shown}, but leads to {target}.",
    ),
    "link-script": (
        "リンクにウェブサイトのアドレスではなくプログラムが書かれています。",
        "A link holds a program instead of the address of a website.",
    ),
    "link-userinfo": (
        "リンクが {shown} のサイトに見えるように書かれていますが、実際には {target} に"
        "つながります。",
        "A link is written to look like {shown}, but leads to {target}.",
    ),
    "link-ip-address": (
        "リンクの接続先がサイト名ではなく番号（{target}）で書かれています。",
        "A link leads to a bare number ({target}) instead of a named website.",
    ),
    "link-scripts": (
        "リンクの接続先 {shown} に、見分けのつかない別の文字が使われています。",
        "The website {shown} of a link is spelled with look-alike letters.",
    ),
    "hidden-text": (
        "本文に、読む人には見えないように隠された文字（約{letters}文字）があります。",
        "The text holds about {letters} letters that are hidden from the reader.",
    ),
    "direction-override": (
        "件名または差出人名に、文字の並びを逆にする制御文字が含まれています。",
        "The subject or the sender's name holds characters that turn the order of letters.",
    ),
    "split-words": (
        "言葉の途中に、目に見えない文字が挟み込まれています。",
        "Invisible characters are put between the letters of words.",
    ),
    "money-request": (
        "これまでやり取りのない差出人から、お金やアカウントに関わる急ぎまたは内密の依頼が"
        "書かれています（「{asks}」「{presses}」）。",
        "A sender who never wrote before asks urgently or secretly for money or access "
        "(“{asks}”, “{presses}”).",
    ),
}
CODES = tuple(_WORDS)
_OTHER = ("なりすましや詐欺の疑いがあります。", "It may be forged or fraudulent.")
# Mail programs make links of whatever looks like a host: the warning must not lead to what a
# sender wrote. Mail addresses stay as they are, since they have to be compared.
_GENUINE = "resembles"
_DOT = re.compile(r"(?<=\w)\.(?=\w)")
_WORD = re.compile(r"\S+")
_ADDRESS = re.compile(r"[^@/\\]+@[^@/\\]+")


def words(finding: Finding) -> tuple[str, str]:
    """The sentence for one suspicious finding in Japanese and in English."""
    japanese, english = _WORDS.get(finding.code, _OTHER)
    values = _Values({name: _unlinked(name, text) for name, text in finding.detail.items()})
    return japanese.format_map(values), english.format_map(values)


def _unlinked(name: str, text: str) -> str:
    if name == _GENUINE:
        return text
    return _WORD.sub(lambda word: _broken(word[0]), text.replace("://", "[://]"))


def _broken(word: str) -> str:
    return word if _ADDRESS.fullmatch(word) else _DOT.sub("[.]", word)


class _Values(dict[str, str]):
    """What a finding leaves out is a dash."""

    def __missing__(self, key: str) -> str:
        return "-"
