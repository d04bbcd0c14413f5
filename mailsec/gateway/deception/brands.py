"""Well-known names with the domains they really write from."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from mailsec.gateway.deception import confusables, data, domains

_NOISE = re.compile(r"[\s!.,_・･'\"“”「」<>＜＞()\[\]［］【】:：|/*★☆■◆●]+")
# What stands in front of a name without being a part of it.
_LEAD = re.compile(
    r"(?:\s|【[^】]{0,20}】(?=.)|\[[^\]]{0,20}\](?=.)|株式会社|[「『“\"'(<【\[★☆■◆●])+"
)
# Kanji and kana of one shape: カ一ド is no カード.
_KANA = str.maketrans("一力口二工卜八夕ﾛ", "ーカロニエトハタロ")
# Words in front of a brand's name that say who is writing, not who is written about.
_SPEAKER = re.compile(
    r"(?:(?:the|your|team|support|service|customer|account|security|notice|notification|alert|"
    r"message|communication|news|info|mail|no-?reply|from|by|at)\b[\s:：|-]*)+(?=\S)"
)
_SERVICE = re.compile(
    r"(?i)^[\s.\-_・]*(?:\.?co\.jp|\.com|\.jp|\.ne\.jp|inc|ltd|support|service|security|team|"
    r"account|notice|notification|info|card|pay|id|prime|customer|help|express|web|online|"
    r"サポート|サービス|カスタマー|セキュリティ|アカウント|お客様|お知らせ|事務局|センター|"
    r"カード|株式会社|会員|公式|重要|ペイ|ポイント|銀行|証券|より|から|ログイン|プライム|ギフト)"
)


@dataclass(frozen=True, slots=True)
class Brand:
    """One brand. ``domains`` stand for their subdomains too, ``label.*`` for that of a country."""

    name: str
    domains: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Claim:
    """A folded name, the brand it belongs to, and whether it is an ordinary word as well."""

    key: str
    brand: Brand
    ordinary: bool


@dataclass(frozen=True, slots=True)
class Model:
    """A genuine domain that others imitate; ``spelling`` is off where only its look counts."""

    domain: str
    owner: str
    spelling: bool = True


@cache
def _rows() -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
    rows = []
    for line in data.lines_of("brands.txt"):
        names, _, hosts = line.partition("|")
        rows.append((tuple(name.strip() for name in names.split(",")), tuple(hosts.split())))
    return tuple(rows)


@cache
def known() -> tuple[Brand, ...]:
    """Every brand of the list."""
    return tuple(
        Brand(names[0].rstrip("*"), frozenset(host.rstrip("=-") for host in hosts))
        for names, hosts in _rows()
    )


@cache
def genuine() -> frozenset[str]:
    """All genuine domains of all brands."""
    return frozenset(host for brand in known() for host in brand.domains)


def is_genuine_of(domain: str, hosts: frozenset[str]) -> bool:
    """Whether a domain is one of these, below one of them, or a brand's in one country."""
    name = domains.readable(domain)
    if domains.under(name, hosts):
        return True
    return f"{domains.label(name)}.*" in hosts and domains.is_national(name)


@cache
def models() -> tuple[Model, ...]:
    """The domains that look-alikes are compared with."""
    return tuple(
        Model(host.rstrip("="), brand.name, not host.endswith("="))
        for brand, (_, hosts) in zip(known(), _rows(), strict=True)
        for host in hosts
        if not host.endswith(("-", "*"))
    )


@cache
def _claims() -> tuple[_Claim, ...]:
    """Longest first, so that 楽天カード is not taken for 楽天."""
    found = [
        _Claim(_folded(name.rstrip("*")), brand, name.endswith("*"))
        for brand, (names, _) in zip(known(), _rows(), strict=True)
        for name in names
    ]
    return tuple(sorted(found, key=lambda claim: -len(claim.key)))


@cache
def _by_start() -> dict[str, tuple[_Claim, ...]]:
    starts: dict[str, list[_Claim]] = {}
    for claim in _claims():
        starts.setdefault(claim.key[0], []).append(claim)
    return {start: tuple(claims) for start, claims in starts.items()}


def _folded(text: str) -> str:
    return confusables.latin(unicodedata.normalize("NFKC", text).casefold()).translate(_KANA)


def claimed_by(name: str, alone: bool = False) -> Brand | None:
    """The brand whose name this one is or begins with; an ordinary word needs more than that.

    With ``alone`` nothing but words of service may follow the name.

    ``Amazon.co.jp``, ``【重要】アマゾン カスタマーサービス`` and ``Apple Support`` are claims,
    ``Amazonas Tours`` and ``Apple Smith`` are none.
    """
    text = _folded(name[:200])
    lead = _LEAD.match(text)
    text = text[lead.end() :] if lead else text
    return _claim_at(text, alone) or _claim_at(_SPEAKER.sub("", text, count=1), alone)


def owning(host: str) -> Brand | None:
    """The brand that a host belongs to."""
    return next((brand for brand in known() if is_genuine(brand, host)), None)


def _claim_at(text: str, alone: bool) -> Brand | None:
    """The brand whose name a folded text begins with."""
    if not text:
        return None
    for claim in _by_start().get(text[0], ()):
        if not text.startswith(claim.key):
            continue
        rest = text[len(claim.key) :]
        if not _NOISE.sub("", rest) or _SERVICE.match(rest):
            return claim.brand
        if not (alone or claim.ordinary) and _ends_word(claim.key[-1], rest[0]):
            return claim.brand
    return None


def _ends_word(last: str, following: str) -> bool:
    """Whether the name ends here: a Latin one before anything but a Latin letter or digit."""
    if last.isascii():
        return not (following.isascii() and following.isalnum())
    return True


def is_genuine(brand: Brand, domain: str) -> bool:
    """Whether a domain is the brand's own."""
    return is_genuine_of(domain, brand.domains)
