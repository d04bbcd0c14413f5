"""A real clamd with a database of its own: EICAR's file by hash, and a marker that we made up."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mailsec.gateway.clients.clamd import ClamdAddress

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EIC" + b"AR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
MARKER = b"mailsec-test-marker-7f3a"
_START_SECONDS = 60.0


def missing() -> str:
    """Why no clamd can be started here; empty where one can."""
    return "" if shutil.which("clamd") or Path("/usr/sbin/clamd").exists() else "clamd is missing"


@dataclass(frozen=True, slots=True)
class Clamd:
    """A running clamd; ``kill`` ends it at once, as a crash would."""

    path: Path
    process: subprocess.Popen[bytes]

    @property
    def address(self) -> ClamdAddress:
        return ClamdAddress(path=self.path)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)


@contextmanager
def running() -> Iterator[Clamd]:
    """clamd on a UNIX socket in a folder of its own, ended afterwards."""
    with tempfile.TemporaryDirectory(prefix="clamd-") as name, running_in(Path(name)) as started:
        yield started


@contextmanager
def running_in(folder: Path) -> Iterator[Clamd]:
    """The same in a folder that stays, so that another one takes its place at the same socket."""
    (folder / "db").mkdir(exist_ok=True)
    digest = hashlib.md5(EICAR, usedforsecurity=False).hexdigest()
    (folder / "db" / "test.hdb").write_text(f"{digest}:{len(EICAR)}:Test.Eicar\n")
    (folder / "db" / "test.ndb").write_text(f"Test.Marker:0:*:{MARKER.hex()}\n")
    configuration = folder / "clamd.conf"
    configuration.write_text(
        f"LocalSocket {folder / 'clamd.sock'}\nDatabaseDirectory {folder / 'db'}\n"
        f"LogFile {folder / 'clamd.log'}\nForeground yes\nStreamMaxLength 1M\n"
        f"TemporaryDirectory {folder}\nUser {_user()}\nMaxThreads 4\n"
    )
    process = subprocess.Popen(
        [shutil.which("clamd") or "/usr/sbin/clamd", "-c", str(configuration)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(folder / "clamd.sock", process)
        yield Clamd(folder / "clamd.sock", process)
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)


def _user() -> str:
    return "root" if os.getuid() == 0 else str(os.getuid())


def _wait(path: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"clamd ended with {process.returncode}")
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(path))
            except OSError:
                time.sleep(0.1)
            else:
                return
    raise RuntimeError("clamd did not start in time")
