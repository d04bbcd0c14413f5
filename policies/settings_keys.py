"""Each policy setting by name: how its text is read, and within which limits (product, 15)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from mailsec.gateway.errors import InvalidPolicy
from mailsec.gateway.lists import canonical_entry
from mailsec.gateway.policy import (
    Handling,
    HiddenTo,
    HoldExpiry,
    Language,
    Policy,
    Unexamined,
    ZipCipher,
    ZipNames,
)

_MIB = 1024 * 1024
MOST_EXTENSIONS = 200
MOST_NAMES = 500


@dataclass(frozen=True, slots=True)
class Key:
    """One setting: ``read`` makes a JSON value of text; its ValueError says what it takes."""

    read: Callable[[str], Any]


def boolean(text: str) -> bool:
    """Reads yes or no, in the words that people use for them."""
    word = text.strip().lower()
    if word not in {"true", "false", "yes", "no", "on", "off"}:
        raise ValueError("takes true or false")
    return word in {"true", "yes", "on"}


@dataclass(frozen=True, slots=True)
class Number:
    """Reads a whole number within limits, both included."""

    least: int
    most: int

    def __call__(self, text: str) -> int:
        number = text.strip()
        # Other scripts' digits are digits too, and no number that JSON has.
        if not re.fullmatch(r"[0-9]{1,10}", number) or not self.least <= int(number) <= self.most:
            raise ValueError(f"takes a whole number from {self.least} to {self.most}")
        return int(number)


@dataclass(frozen=True, slots=True)
class Choice:
    """Reads one of these words."""

    words: type[StrEnum]

    def __call__(self, text: str) -> str:
        if text.strip() not in list(self.words):
            raise ValueError("takes one of " + ", ".join(self.words))
        return text.strip()


def _line(text: str) -> str:
    if len(text) > 200 or not text.isprintable():
        raise ValueError("takes one line of at most 200 characters")
    return text.strip()


def _extensions(text: str) -> list[str]:
    names = [name.strip().lower().lstrip(".") for name in text.split(",") if name.strip()]
    proper = all(re.fullmatch(r"[a-z0-9_-]{1,20}", name) for name in names)
    if len(names) > MOST_EXTENSIONS or not proper:
        raise ValueError("takes file name extensions, separated by commas")
    return sorted(set(names))


def _domains(text: str) -> list[str]:
    names = [canonical_entry(name) for name in text.split(",") if name.strip()]
    if len(names) > MOST_NAMES or any("@" in name or "/" in name for name in names):
        raise ValueError("takes domain names, separated by commas")
    return sorted(set(names))


def _senders(text: str) -> list[str]:
    senders = [canonical_entry(name) for name in text.split(",") if name.strip()]
    if len(senders) > MOST_NAMES or any("/" in sender for sender in senders):
        raise ValueError("takes mail addresses and domain names, separated by commas")
    return sorted(set(senders))


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    proper = all(len(name) <= 100 and name.isprintable() for name in names)
    if len(names) > MOST_NAMES or not proper:
        raise ValueError("takes names of people, separated by commas")
    return sorted(set(names))


def _tag(text: str) -> str:
    tag = text.strip()
    if not 1 <= len(tag) <= 20 or not tag.isprintable():
        raise ValueError("takes one line of at most 20 characters")
    return f"{tag} "


def _mark(text: str) -> str:
    mark = text.strip()
    if len(mark) > 40 or not mark.isprintable():
        raise ValueError("takes one line of at most 40 characters")
    return mark


KEYS: Mapping[str, Key] = {
    "language": Key(Choice(Language)),
    "contact": Key(_line),
    "check_recipients": Key(boolean),
    "message_size_bytes": Key(Number(_MIB, 100 * _MIB)),
    "virus_check": Key(boolean),
    "file_type_check": Key(boolean),
    "file_types": Key(_extensions),
    "file_type_exceptions": Key(_senders),
    "unexamined": Key(Choice(Unexamined)),
    "unreadable": Key(Choice(Unexamined)),
    "spam_check": Key(boolean),
    "tag_score": Key(Number(1, 100)),
    "quarantine_score": Key(Number(1, 100)),
    "above_quarantine_score": Key(Choice(Handling)),
    "subject_tag": Key(_tag),
    "authentication_check": Key(boolean),
    "dmarc_reject": Key(Choice(Handling)),
    "dmarc_quarantine": Key(Choice(Handling)),
    "dmarc_none": Key(Choice(Handling)),
    "spf_fail": Key(Choice(Handling)),
    "authentication_exceptions": Key(_domains),
    "arc_sealers": Key(_domains),
    "warn_suspicious": Key(boolean),
    "protected_names": Key(_names),
    "protected_domains": Key(_domains),
    "reputation_check": Key(boolean),
    "greylisting": Key(boolean),
    "digest": Key(boolean),
    "digest_hour": Key(Number(0, 23)),
    "user_release": Key(boolean),
    "user_lists": Key(boolean),
    "quarantine_days": Key(Number(1, 90)),
    "trace_days": Key(Number(30, 1096)),
    "bounce_after_hours": Key(Number(1, 240)),
    "delay_notice_hours": Key(Number(1, 72)),
    "hold": Key(boolean),
    "hold_minutes": Key(Number(5, 7 * 24 * 60)),
    "hold_expiry": Key(Choice(HoldExpiry)),
    "bcc": Key(boolean),
    "bcc_recipients": Key(Number(2, 1000)),
    "bcc_to": Key(Choice(HiddenTo)),
    "bcc_exceptions": Key(_senders),
    "zip": Key(boolean),
    "zip_cipher": Key(Choice(ZipCipher)),
    "zip_names": Key(Choice(ZipNames)),
    "zip_legacy_domains": Key(_domains),
    "zip_exceptions": Key(_senders),
    "zip_sender_exceptions": Key(_senders),
    "zip_subject_mark": Key(_mark),
    "zip_note": Key(boolean),
    "password_length": Key(Number(8, 64)),
    "password_after_minutes": Key(Number(0, 7 * 24 * 60)),
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
    "hold_expiry": HoldExpiry,
    "bcc_to": HiddenTo,
    "zip_cipher": ZipCipher,
    "zip_names": ZipNames,
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
    return Policy(version=version, **_typed(values))


def with_changes(policy: Policy, changes: Mapping[str, str]) -> Policy:
    """The policy as it would be with these settings changed; InvalidPolicy as ``read``."""
    return replace(policy, **_typed({key: read(key, text) for key, text in changes.items()}))


def _typed(values: Mapping[str, Any]) -> dict[str, Any]:
    chosen = {key: value for key, value in values.items() if key in KEYS}
    for key, kind in _WORDS.items():
        if key in chosen:
            chosen[key] = kind(chosen[key])
    for key, value in chosen.items():
        if isinstance(value, list):
            chosen[key] = tuple(value)
    return chosen
