"""Domain names of senders: how they are spelled, and whose they are."""

from __future__ import annotations

import functools
import re

from publicsuffixlist import PublicSuffixList

_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{2,63}")


def canonical(domain: str) -> str:
    """A-labels in lower case without a final dot; empty where it is no domain of the mail."""
    name = domain.strip().rstrip(".").lower()
    if not name.isascii():
        try:
            name = name.encode("idna").decode("ascii")
        except UnicodeError:
            return ""
    return name if len(name) <= 253 and _NAME.fullmatch(name) else ""


@functools.lru_cache(maxsize=10_000)
def organisation(domain: str) -> str:
    """The organisational domain (RFC 7489 section 3.2) by the public suffix list; itself where it
    is a public suffix."""
    return _suffixes().privatesuffix(domain) or domain


@functools.cache
def _suffixes() -> PublicSuffixList:
    # Lists only change with a release, so that the same mail is judged alike everywhere.
    return PublicSuffixList()


def aligned(domain: str, author: str, strict: bool = False) -> bool:
    """Whether a proved domain speaks for the author's (RFC 7489 section 3.1)."""
    if not domain or not author:
        return False
    return domain == author or (not strict and organisation(domain) == organisation(author))
