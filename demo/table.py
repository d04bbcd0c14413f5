"""Plain tables for a terminal; Japanese characters count as two columns."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence


def width(text: str) -> int:
    """The columns that the text takes."""
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Cf", "Cc"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def shorten(text: str, columns: int) -> str:
    """The text, cut to so many columns; an ellipsis marks the cut."""
    if width(text) <= columns:
        return text
    kept = ""
    for character in text:
        if width(kept + character) > columns - 1:
            break
        kept += character
    return kept + "…"


def render(
    head: Sequence[str], rows: Sequence[Sequence[str]], limits: Sequence[int] | None = None
) -> str:
    """Lines of aligned columns below a ruled head; control characters do not reach the terminal.

    ``limits`` are the most columns of the screen that each column of the table may take.
    """
    limits = limits or [64] * len(head)
    cleaned = [
        [shorten(_printable(cell), most) for cell, most in zip(row, limits, strict=True)]
        for row in [head, *rows]
    ]
    widths = [max(width(row[column]) for row in cleaned) for column in range(len(head))]
    lines = ["  ".join(_padded(cell, w) for cell, w in zip(row, widths, strict=True)).rstrip()
             for row in cleaned]  # fmt: skip
    rule = "  ".join("─" * w for w in widths)
    return "\n".join([lines[0], rule, *lines[1:]])


def _padded(cell: str, columns: int) -> str:
    return cell + " " * (columns - width(cell))


def _printable(cell: str) -> str:
    return "".join(" " if unicodedata.category(c) == "Cc" else c for c in cell)
