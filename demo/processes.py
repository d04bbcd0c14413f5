"""Starts the service's processes, watches them, and stops all of them together."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from demo.place import CHECKOUT, tail

STOP_SECONDS = 15.0


class DemoError(Exception):
    """The demo cannot go on; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Program:
    """One process to run. ``ready`` says whether it does its work already."""

    name: str
    arguments: tuple[str, ...]
    ready: Callable[[], bool]
    environment: Mapping[str, str] = field(default_factory=dict)


class Supervisor:
    """Runs programs, each in a process group and with a log of its own."""

    def __init__(self, logs: Path, environment: Mapping[str, str]) -> None:
        self._logs = logs
        self._environment = dict(environment)
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        logs.mkdir(parents=True, exist_ok=True)

    def start(self, programs: Iterable[Program], started: Callable[[], None]) -> None:
        """Start all programs, call ``started``, and return when each is ready."""
        waiting = list(programs)
        for program in waiting:
            self._running[program.name] = self._spawn(program)
        started()
        deadline = time.monotonic() + 60
        while waiting:
            self.check()
            waiting = [program for program in waiting if not program.ready()]
            if waiting and time.monotonic() > deadline:
                first = waiting[0].name
                raise DemoError(f"{first} is not ready after 60 s:\n{self._log_tail(first)}")
            time.sleep(0.1)

    def check(self) -> None:
        """Raise if a program has ended by itself, with the last lines of its log."""
        for name, process in self._running.items():
            status = process.poll()
            if status is not None:
                how = f"signal {-status}" if status < 0 else f"status {status}"
                raise DemoError(f"{name} ended with {how}. Its last words:\n{self._log_tail(name)}")

    def stop(self) -> None:
        """Ask every program to end, in the reverse order; after a while, kill what is left."""
        for process in reversed(self._running.values()):
            _signal_group(process, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for process in self._running.values():
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                _signal_group(process, signal.SIGKILL)
                process.wait()
        for process in self._running.values():
            # A program that is gone may have left children behind.
            _signal_group(process, signal.SIGKILL)
        self._running.clear()

    def kill(self) -> None:
        """End every program and its children at once, as a power cut does."""
        for process in self._running.values():
            _signal_group(process, signal.SIGKILL)
            process.wait()
        self._running.clear()

    def pids(self) -> dict[str, int]:
        """The process number of every program, for tests that kill them."""
        return {name: process.pid for name, process in self._running.items()}

    def _spawn(self, program: Program) -> subprocess.Popen[bytes]:
        with (self._logs / f"{program.name}.log").open("wb") as log:
            return subprocess.Popen(
                program.arguments,
                cwd=CHECKOUT,
                env=self._environment | dict(program.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # A group of its own: Ctrl-C reaches only us, and we stop the others in order.
                start_new_session=True,
            )

    def _log_tail(self, name: str) -> str:
        return tail(self._logs / f"{name}.log", 20)


def _signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):
        # macOS answers EPERM for a group of which only a zombie is left.
        return


def answers(port: int) -> Callable[[], bool]:
    """A readiness test: something on the loopback port takes connections."""

    def look() -> bool:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            return False
        return True

    return look


def require_free(ports: Mapping[str, int], advice: str) -> None:
    """Raise with the names of all ports that are taken."""
    taken = [f"{port} ({name})" for name, port in ports.items() if not _is_free(port)]
    if taken:
        raise DemoError(f"In use by another program: port {', '.join(taken)}.\n{advice}")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
