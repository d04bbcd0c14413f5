"""What a finding tells its reader, as plain strings that are safe to show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from mailsec.gateway.file_names import clean_name

_MOST = 10


def cleaned(**values: str) -> Mapping[str, str]:
    """Each value as one short line without control or direction characters."""
    return MappingProxyType({name: clean_name(value) for name, value in values.items()})


def listed(values: Iterable[str]) -> str:
    """Several values as one, without doubles."""
    found = list(dict.fromkeys(filter(None, map(clean_name, values))))
    return ", ".join(found[:_MOST]) + (", …" if len(found) > _MOST else "")
