"""Each policy setting by name: how its text is read, and within which limits (product, 15)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from mailsec.gateway.errors import InvalidPolicy
from mailsec.gateway.policy import Language, Policy, Unexamined

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


KEYS: Mapping[str, Key] = {
    "language": Key(_choice(Language)),
    "contact": Key(_line),
    "check_recipients": Key(_boolean),
    "message_size_bytes": Key(_number(_MIB, 100 * _MIB)),
    "virus_check": Key(_boolean),
    "file_type_check": Key(_boolean),
    "file_types": Key(_extensions),
    "unexamined": Key(_choice(Unexamined)),
    "unreadable": Key(_choice(Unexamined)),
    "quarantine_days": Key(_number(1, 90)),
    "trace_days": Key(_number(30, 1096)),
    "bounce_after_hours": Key(_number(1, 240)),
    "delay_notice_hours": Key(_number(1, 72)),
}


def read(key: str, text: str) -> Any:
    """The JSON value of one setting; InvalidPolicy names the setting and what it takes."""
    if key not in KEYS:
        raise InvalidPolicy(key, "is no setting; there are " + ", ".join(sorted(KEYS)))
    try:
        return KEYS[key].read(text)
    except ValueError as error:
        raise InvalidPolicy(key, str(error)) from None


def build(version: int, values: Mapping[str, Any]) -> Policy:
    """The frozen policy from what a version stores."""
    known = {field.name for field in fields(Policy)}
    chosen = {key: value for key, value in values.items() if key in known}
    if "file_types" in chosen:
        chosen["file_types"] = tuple(chosen["file_types"])
    if "language" in chosen:
        chosen["language"] = Language(chosen["language"])
    for key in ("unexamined", "unreadable"):
        if key in chosen:
            chosen[key] = Unexamined(chosen[key])
    return Policy(version=version, **chosen)
