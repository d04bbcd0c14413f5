"""What the benchmarks print and keep."""

from __future__ import annotations

import json
from pathlib import Path

from bench.report import Figure, table, write

FIGURES = (
    Figure("accept 10 kB", 1234.5, "mails/s", 1000.0, 1.23),
    Figure("memory smtpd", 99.6, "MB"),
)


def test_the_table_shows_both_sides_and_the_ratio() -> None:
    """A figure without a peer shows a dash, not a zero."""
    lines = table("Accepts", FIGURES, ("limited by the disk",)).splitlines()
    assert lines[0] == "Accepts"
    (first,) = [line for line in lines if line.startswith("accept")]
    assert first.split()[3:] == ["1,234", "1,000", "mails/s", "1.23"]
    (second,) = [line for line in lines if line.startswith("memory")]
    assert second.split()[2:] == ["99.60", "-", "MB", "-"]
    assert lines[-1] == "limited by the disk"


def test_the_file_keeps_names_values_peers_and_versions(tmp_path: Path) -> None:
    """Enough to compare with another day's run."""
    path = write(tmp_path, "accept", FIGURES, {"postfix": "3"})
    kept = json.loads(path.read_text(encoding="utf-8"))
    assert kept["versions"] == {"postfix": "3"}
    assert kept["figures"][0] == {
        "name": "accept 10 kB",
        "value": 1234.5,
        "unit": "mails/s",
        "peer": 1000.0,
        "ratio": 1.23,
    }
