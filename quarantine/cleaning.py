"""Texts for the database: what PostgreSQL can hold, cut to the column."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping


def clean(text: str, most: int) -> str:
    """One line of at most ``most`` characters; controls and lone surrogates show as U+FFFD."""
    shown = "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(char) in {"Cc", "Cs"} else char
        for char in text[:most]
    )
    return shown.strip()


def clean_detail(detail: Mapping[str, str]) -> dict[str, str]:
    """A finding's details, each value cleaned."""
    return {key: clean(value, 500) for key, value in detail.items()}
