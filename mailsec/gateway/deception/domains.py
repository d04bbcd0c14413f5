"""Host and domain names as people and programs read them. Nothing here raises."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from urllib.parse import unquote

import idna
from publicsuffixlist import PublicSuffixList

_LONGEST = 253  # octets of a name (RFC 1035 section 2.3.4)
# Of a web address browsers take any number of slashes, none too.
_AUTHORITY = re.compile(
    r"\s*(?:https?:[/\\]*|[a-z][a-z0-9+.-]*:[/\\]{2,})([^/\\?#]{0,2000})", re.IGNORECASE
)
# What a name is mapped to before it is looked up (UTS 46): these are left out, and this is a dot.
_LEFT_OUT = dict.fromkeys(
    map(ord, "\u00ad\u034f\u180b\u180c\u180d\u200b\u200c\u200d\u200e\u200f\u2060\ufeff")
)
_FULL_STOP = "。"
# What people put around a link's text.
_FRAME = " <>()[]{}【】「」『』〈〉《》〔〕«»\"'“”‘’*|・:,、。!▶►▷→⇒➡★☆■□◆◇●○※"
_PORT = re.compile(r":\d*$")
# Country domains that are file extensions as well: README.md is a file, not a host.
_FILES = frozenset(
    "ai app bb bz cc cab cpp java js md mov ml pl pm ps pub py rs sh so st ps zip".split()
)
_SOLD_TO_ALL = frozenset(
    "ai am bz cc cf co fm ga gg gq im io la ly me ml nu pw sh st su tk to tv vc vg ws".split()
)
_PLAIN_HOST = re.compile(r"[^\W_](?:[\w-]{0,61}[^\W_])?(?:\.[^\W_](?:[\w-]{0,61}[^\W_])?){1,10}")
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Target:
    """Where a URL leads: its host in lower case, and what stands before an ``@`` in front of it."""

    host: str
    userinfo: str = ""


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


@lru_cache(maxsize=8192)
def registrable(name: str) -> str:
    """The part of a name that somebody registered, as Unicode; the name itself where none is."""
    name = readable(name)
    if is_address(name):
        return name
    found = _suffixes().privatesuffix(_ascii(name))
    # As many labels of the readable name as the registrable part of its ASCII form has.
    return ".".join(name.split(".")[-(found.count(".") + 1) :]) if found else name


@lru_cache(maxsize=8192)
def label(name: str) -> str:
    """The one label under the public suffix: ``example`` of ``www.example.co.jp``."""
    return registrable(name).partition(".")[0]


def is_national(name: str) -> bool:
    """Whether a name stands under the domain of a country, and of none that is sold to all."""
    country = readable(name).rpartition(".")[2]
    return len(country) == 2 and country not in _SOLD_TO_ALL


@lru_cache(maxsize=8192)
def readable(name: str) -> str:
    """Lower case, without a final dot, A-labels (RFC 5890) as the characters they stand for."""
    name = mapped(name.strip()[:_LONGEST]).strip(" .").lower()[:_LONGEST]
    if "xn--" not in name:
        return name
    return ".".join(_u_label(part) for part in name.split("."))


def mapped(name: str) -> str:
    """A name in any width, with any full stop and what nobody sees, as it is looked up (UTS 46)."""
    if name.isascii():
        return name
    name = unicodedata.normalize("NFKC", name.translate(_LEFT_OUT))
    return name.replace(_FULL_STOP, ".")


def _u_label(part: str) -> str:
    if not part.startswith("xn--") or not part.isascii():
        return part
    try:
        return idna.decode(part)
    except (idna.IDNAError, UnicodeError, ValueError, IndexError):
        pass
    try:
        return part[4:].encode("ascii").decode("punycode").lower() or part
    except (UnicodeError, ValueError, OverflowError):
        return part


def _ascii(name: str) -> str:
    if name.isascii():
        return name
    labels = []
    for part in name.split("."):
        try:
            labels.append(part if part.isascii() else "xn--" + part.encode("punycode").decode())
        except UnicodeError:
            labels.append(part)
    return ".".join(labels)


def under(name: str, parents: frozenset[str]) -> bool:
    """Whether a name is one of these or below one of them."""
    while name:
        if name in parents:
            return True
        name = name.partition(".")[2]
    return False


def same_owner(one: str, other: str) -> bool:
    """Whether two names were registered by the same hand."""
    return bool(one) and registrable(one) == registrable(other)


def target_of(url: str) -> Target:
    """The host a browser would connect to, by the rules of the WHATWG URL standard."""
    match = _AUTHORITY.match(url)
    if match is None:
        return Target("")
    userinfo, _, host = match[1].rpartition("@")
    host = unquote(_PORT.sub("", host), errors="replace") if not host.startswith("[") else host
    host = host.partition("]")[0].removeprefix("[") if host.startswith("[") else host
    host = mapped(host.strip()).strip(".").lower()
    return Target(host[:_LONGEST], userinfo[:_LONGEST])


def is_address(host: str) -> bool:
    """Whether a host is an IP address in any form browsers take: 0xC0000201 is 192.0.2.1."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        parts = host.split(".")
        return 1 <= len(parts) <= 4 and all(_NUMBER.fullmatch(part) for part in parts)
    return True


def host_in(text: str) -> str:
    """The host of a text that is itself a URL or a host name; empty where it is anything else.

    Brackets, arrows and the like around it do not count, as readers pass over them.
    """
    text = mapped(text[:2001]).strip().strip(_FRAME)
    if not text or len(text) > 2000 or " " in text or "@" in text:
        return ""
    if "://" in text:
        host = readable(target_of(text).host)
    else:
        host = readable(re.split(r"[/?#:]", text, maxsplit=1)[0])
        if not host.startswith("www.") and host.rpartition(".")[2] in _FILES:
            return ""
    if not _PLAIN_HOST.fullmatch(host) or is_address(host):
        return ""
    return host if _suffixes().publicsuffix(_ascii(host), accept_unknown=False) else ""
