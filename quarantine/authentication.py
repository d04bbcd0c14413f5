"""The sender's authentication as a JSON value, so that a decision can be made again from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from mailsec.gateway.authentication import Arc, Authentication, Dkim, Dmarc, Result, Spf
from quarantine.cleaning import clean

_NOTHING = Authentication()
_MOST_SIGNATURES = 10


def as_json(found: Authentication) -> dict[str, Any]:
    """A value for the database, empty where nothing was checked; texts are cleaned."""
    if found == _NOTHING:
        return {}
    values = asdict(found)
    values["dkim"] = values["dkim"][:_MOST_SIGNATURES]
    return {
        name: [_cleaned(each) for each in value] if name == "dkim" else _cleaned(value)
        for name, value in values.items()
    }


def _cleaned(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: clean(value, 255) if isinstance(value, str) else value
        for name, value in values.items()
    }


def from_json(values: Mapping[str, Any]) -> Authentication:
    """The same value again."""
    if not values:
        return _NOTHING
    return Authentication(
        spf=Spf(**_with_result(values["spf"])),
        dkim=tuple(Dkim(**_with_result(each)) for each in values["dkim"]),
        dmarc=Dmarc(**_with_result(values["dmarc"])),
        arc=Arc(**_with_result(values["arc"])),
    )


def _with_result(values: Mapping[str, Any]) -> dict[str, Any]:
    return {**values, "result": Result(values["result"])}
