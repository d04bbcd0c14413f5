"""Each policy setting by name: how its text is read, and within which limits (product, 15)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from mailsec.gateway.errors import InvalidPolicy
from mailsec.gateway.lists import canonical_entry
from mailsec.gateway.policy import Handling, Language, Policy, Unexamined

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Key:
    """One setting: ``read`` makes a JSON value of text; its ValueError says what it takes."""

    read: Callable[[str], Any]


def _boolean(text: str) -> bool:
    word = text.strip().lower()
    if word not in {"true", "false", "yes", "no", "on", "off"}:
        raise ValueError("takes true or false")
    return word in {"true", "yes", "on"}


def _number(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch(r"\d{1,10}", text.strip()) or not least <= int(text) <= most:
            raise ValueError(f"takes a whole number from {least} to {most}")
        return int(text)

    return read


def _choice(choices: type[StrEnum]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text.strip() not in list(choices):
            raise ValueError("takes one of " + ", ".join(choices))
        return text.strip()

    return read


def _line(text: str) -> str:
    if len(text) > 200 or not text.isprintable():
        raise ValueError("takes one line of at most 200 characters")
    return text.strip()


def _extensions(text: str) -> list[str]:
    names = [name.strip().lower().lstrip(".") for name in text.split(",") if name.strip()]
    if len(names) > 200 or not all(re.fullmatch(r"[a-z0-9_-]{1,20}", name) for name in names):
        raise ValueError("takes file name extensions, separated by commas")
    return sorted(set(names))


def _domains(text: str) -> list[str]:
    names = [canonical_entry(name) for name in text.split(",") if name.strip()]
    if len(names) > 500 or any("@" in name or "/" in name for name in names):
        raise ValueError("takes domain names, separated by commas")
    return sorted(set(names))


def _senders(text: str) -> list[str]:
    senders = [canonical_entry(name) for name in text.split(",") if name.strip()]
    if len(senders) > 500 or any("/" in sender for sender in senders):
        raise ValueError("takes mail addresses and domain names, separated by commas")
    return sorted(set(senders))


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if len(names) > 500 or not all(len(name) <= 100 and name.isprintable() for name in names):
        raise ValueError("takes names of people, separated by commas")
    return sorted(set(names))


def _tag(text: str) -> str:
    tag = text.strip()
    if not 1 <= len(tag) <= 20 or not tag.isprintable():
        raise ValueError("takes one line of at most 20 characters")
    return f"{tag} "


KEYS: Mapping[str, Key] = {
    "language": Key(_choice(Language)),
    "contact": Key(_line),
    "check_recipients": Key(_boolean),
    "message_size_bytes": Key(_number(_MIB, 100 * _MIB)),
    "virus_check": Key(_boolean),
    "file_type_check": Key(_boolean),
    "file_types": Key(_extensions),
    "file_type_exceptions": Key(_senders),
    "unexamined": Key(_choice(Unexamined)),
    "unreadable": Key(_choice(Unexamined)),
    "spam_check": Key(_boolean),
    "tag_score": Key(_number(1, 100)),
    "quarantine_score": Key(_number(1, 100)),
    "above_quarantine_score": Key(_choice(Handling)),
    "subject_tag": Key(_tag),
    "authentication_check": Key(_boolean),
    "dmarc_reject": Key(_choice(Handling)),
    "dmarc_quarantine": Key(_choice(Handling)),
    "dmarc_none": Key(_choice(Handling)),
    "spf_fail": Key(_choice(Handling)),
    "authentication_exceptions": Key(_domains),
    "arc_sealers": Key(_domains),
    "warn_suspicious": Key(_boolean),
    "protected_names": Key(_names),
    "protected_domains": Key(_domains),
    "reputation_check": Key(_boolean),
    "greylisting": Key(_boolean),
    "digest": Key(_boolean),
    "digest_hour": Key(_number(0, 23)),
    "user_release": Key(_boolean),
    "user_lists": Key(_boolean),
    "quarantine_days": Key(_number(1, 90)),
    "trace_days": Key(_number(30, 1096)),
    "bounce_after_hours": Key(_number(1, 240)),
    "delay_notice_hours": Key(_number(1, 72)),
}


_WORDS: Mapping[str, type[StrEnum]] = {
    "language": Language,
    "unexamined": Unexamined,
    "unreadable": Unexamined,
    "above_quarantine_score": Handling,
    "dmarc_reject": Handling,
    "dmarc_quarantine": Handling,
    "dmarc_none": Handling,
    "spf_fail": Handling,
}


def read(key: str, text: str) -> Any:
    """The JSON value of one setting; InvalidPolicy names the setting and what it takes."""
    if key not in KEYS:
        raise InvalidPolicy(key, "is no setting; there are " + ", ".join(sorted(KEYS)))
    try:
        return KEYS[key].read(text)
    except ValueError as error:
        raise InvalidPolicy(key, str(error)) from None
    except InvalidPolicy as error:
        raise InvalidPolicy(key, error.problem) from None


def build(version: int, values: Mapping[str, Any]) -> Policy:
    """The frozen policy from what a version stores."""
    chosen = {key: value for key, value in values.items() if key in KEYS}
    for key, kind in _WORDS.items():
        if key in chosen:
            chosen[key] = kind(chosen[key])
    for key, value in chosen.items():
        if isinstance(value, list):
            chosen[key] = tuple(value)
    return Policy(version=version, **chosen)
