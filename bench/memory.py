"""Resident memory of each process, after it has worked."""

from __future__ import annotations

from collections.abc import Mapping

from bench import cpu
from bench.report import Figure


def figures(roots: Mapping[str, int]) -> list[Figure]:
    """One figure for each process: the main one by its name, its children by number."""
    found = []
    for name, members in cpu.trees(roots).items():
        for number, pid in enumerate(members):
            shown = f"{name}, child {number}" if number else name
            found.append(Figure(f"memory {shown}", round(cpu.resident_bytes(pid) / 2**20, 1), "MB"))
    return found
