"""SpamAssassin's daemon with one child and local rules alone: what one core of it can do."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.stack import free_ports
from demo.processes import answers

_START_SECONDS = 120.0
_PATIENCE = 120.0


class SpamdMissing(Exception):
    """There is nothing to compare with; the text says why."""


@contextmanager
def spamd() -> Iterator[int]:
    """Run it in a fresh folder; yields its port."""
    program = shutil.which("spamd") or shutil.which("spamd", path="/usr/sbin")
    if program is None:
        raise SpamdMissing("SpamAssassin's spamd is not installed")
    (port,) = free_ports(1)
    with (
        tempfile.TemporaryDirectory(prefix="spamd-") as name,
        (Path(name) / "log").open("w") as log,
    ):
        options = ("--local", "--nouser-config", "--max-children=1", "--min-children=1")
        address = ("--listen=127.0.0.1", f"--port={port}", "--syslog=null")
        process = subprocess.Popen(
            [program, *options, *address, f"--helper-home-dir={name}"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            _wait(process, port)
            yield port
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + _START_SECONDS
    while not answers(port)():
        if process.poll() is not None or time.monotonic() > end:
            raise SpamdMissing("spamd does not start")
        time.sleep(0.2)


def check(port: int, raw: bytes) -> None:
    """Have one message judged (spamd's protocol 1.5, command CHECK)."""
    with socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE) as connection:
        head = b"CHECK SPAMC/1.5\r\nContent-length: %d\r\n\r\n" % len(raw)
        connection.sendall(head + raw)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while block := connection.recv(4096):
            answer += block
    if not answer.startswith(b"SPAMD/1.1 0 "):
        raise SpamdMissing(f"spamd answered {answer[:80]!r}")
