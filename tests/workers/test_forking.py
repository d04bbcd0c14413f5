"""Several processes of one kind, in a process of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

PROGRAM = """
import os, sys, time
from workers.forking import Crew
def work():
    with open(sys.argv[1], "a") as out:
        out.write(f"{os.getpid()}\\n")
    while True:
        time.sleep(0.05)
Crew(2, work).run()
print("ended")
"""


def started(path: Path, count: int) -> list[int]:
    """The first ``count`` children, once they work."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        pids = [int(line) for line in path.read_text().split()] if path.exists() else []
        if len(pids) >= count:
            return pids
        time.sleep(0.02)
    raise AssertionError("the children did not start")


def gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


def test_a_dead_child_is_replaced_and_all_end_together(tmp_path: Path) -> None:
    """SIGKILL to one, then SIGTERM to the parent: nobody is left behind."""
    path = tmp_path / "pids"
    parent = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(path)],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
    )
    try:
        first, _ = started(path, 2)
        os.kill(first, signal.SIGKILL)
        pids = started(path, 3)
        assert len(set(pids)) == 3
        parent.send_signal(signal.SIGTERM)
        out, _ = parent.communicate(timeout=20)
    finally:
        if parent.poll() is None:
            parent.kill()
            parent.wait()
    assert parent.returncode == 0
    assert out.endswith(b"ended\n")
    assert all(gone(pid) for pid in pids)
