"""Processor time by kind of process: the profile that tells where the next mail's time goes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def trees(roots: Mapping[str, int]) -> dict[str, list[int]]:
    """Each root with all its descendants, by name."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found = {}
    for name, root in roots.items():
        members = [root]
        for pid in members:
            members += children.get(pid, [])
        found[name] = members
    return found


def seconds(roots: Mapping[str, int]) -> dict[str, float]:
    """Processor seconds that each tree has used, children that have ended included."""
    return {name: sum(_used(pid) for pid in pids) / _TICKS for name, pids in trees(roots).items()}


def parent(pid: int) -> int:
    """The process that started this one."""
    return int(_stat(pid)[1])


def resident_bytes(pid: int) -> int:
    """The memory of one process, shared pages included."""
    fields = _stat(pid)
    return int(fields[21]) * _PAGE if fields else 0


def _used(pid: int) -> int:
    fields = _stat(pid)
    # utime, stime, and both of the children that were waited for (proc(5)).
    return sum(int(field) for field in fields[11:15]) if fields else 0


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on; empty where the process is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return text.rpartition(")")[2].split()
