"""The supervisor: readiness, crashes, taken ports, and an end that leaves nothing behind."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo import leftovers
from demo.plan import Ports
from demo.processes import DemoError, Program, Supervisor, require_free


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    made = Supervisor(tmp_path, os.environ)
    yield made
    made.stop()


def program(name: str, code: str) -> Program:
    return Program(name, (sys.executable, "-c", code), lambda: True)


def test_a_crashed_program_is_told_with_the_last_lines_of_its_log(supervisor: Supervisor) -> None:
    """The person at the terminal learns which program ended, how, and what it said."""
    supervisor.start([program("web", "print('no such table'); raise SystemExit(3)")], lambda: None)
    deadline = time.monotonic() + 20
    with pytest.raises(DemoError, match=r"(?s)web ended with status 3.*no such table"):
        while time.monotonic() < deadline:
            supervisor.check()
            time.sleep(0.05)


def test_stopping_ends_the_children_of_programs_too(supervisor: Supervisor, tmp_path: Path) -> None:
    """Workers fork: the whole group ends, not only the process that was started."""
    pid_file = tmp_path / "child"
    code = (
        "import subprocess, sys, time, pathlib\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"pathlib.Path({str(pid_file)!r}).write_text(str(child.pid))\n"
        "time.sleep(600)\n"
    )
    one = Program("parent", (sys.executable, "-c", code), lambda: pid_file.exists() and
                  bool(pid_file.read_text()))  # fmt: skip
    supervisor.start([one], lambda: None)
    child = int(pid_file.read_text())
    supervisor.stop()
    deadline = time.monotonic() + 20
    while is_alive(child):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_alive(pid: int) -> bool:
    """False for a zombie, too: nobody may be there to collect it."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_a_taken_port_is_named_with_what_to_do() -> None:
    """The message names the port, what it is for, and the variable that moves it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(DemoError, match=rf"{port} \(web\)\.\nMove it"):
            require_free({"web": port}, "Move it")


def test_ports_move_together() -> None:
    """Six ports in a row from the given one; nonsense is refused with its name."""
    assert sorted(Ports.from_environment({"MAILSEC_DEMO_PORT_BASE": "19000"}).named().values()) == [
        *range(19000, 19006)
    ]
    for wrong in ("x", "80", "70000", "-1"):
        with pytest.raises(DemoError, match="MAILSEC_DEMO_PORT_BASE"):
            Ports.from_environment({"MAILSEC_DEMO_PORT_BASE": wrong})


def test_what_a_killed_demo_left_running_is_ended(supervisor: Supervisor, tmp_path: Path) -> None:
    """A process number that belongs to another program by now is left alone."""
    supervisor.start([program("worker", "import time; time.sleep(600)")], lambda: None)
    worker = supervisor.pids()["worker"]
    leftovers.note(tmp_path, {"worker": worker, "reused": 1})
    leftovers.end(tmp_path)
    assert not is_alive(worker)
    assert is_alive(1)
