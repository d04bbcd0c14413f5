"""Ends what an earlier demo of this checkout left running after it was killed itself."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from demo.place import command_of, write_private

NOTE = "processes.json"


def note(folder: Path, pids: Mapping[str, int]) -> None:
    """Remember the process groups that run now."""
    write_private(folder / NOTE, json.dumps(dict(pids)))


def forget(folder: Path) -> None:
    """All of them have ended."""
    (folder / NOTE).unlink(missing_ok=True)


def end(folder: Path) -> None:
    """End the remembered groups that are still ours."""
    path = folder / NOTE
    if not path.exists():
        return
    groups = [pid for pid in json.loads(path.read_text()).values() if _is_ours(pid)]
    for number in (signal.SIGTERM, signal.SIGKILL):
        for group in groups:
            _signal(group, number)
        deadline = time.monotonic() + 10
        while groups and time.monotonic() < deadline:
            groups = [group for group in groups if _is_ours(group)]
            time.sleep(0.1)
    forget(folder)


def _is_ours(pid: int) -> bool:
    """True if the process runs this checkout's Python: the number may belong to another by now."""
    return command_of(pid).startswith(f"{sys.executable} ")


def _signal(group: int, number: int) -> None:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return
