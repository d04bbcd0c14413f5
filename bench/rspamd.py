"""A private Rspamd as a milter, with its network checks off, since nothing answers them here."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.stack import free_ports
from demo.processes import answers

_START_SECONDS = 180.0  # it compiles its patterns first
_USER = "_rspamd"
_LOCAL = {
    "worker-proxy.inc": 'bind_socket = "127.0.0.1:{port}";\nmilter = yes;\ncount = 2;\n'
    'upstream "local" {{ default = yes; self_scan = yes; }}\n',
    "worker-normal.inc": "enabled = false;\n",
    "worker-controller.inc": 'bind_socket = "{folder}/controller.sock";\n',
    "options.inc": 'dns {{ nameserver = ["127.0.0.1:9"]; timeout = 0.05s; retransmits = 1; }}\n'
    'disable_monitoring = true;\nlocal_addrs = [];\npidfile = "{folder}/rspamd.pid";\n',
    "logging.inc": 'type = "file";\nfilename = "{folder}/rspamd.log";\nlevel = "error";\n',
    "actions.conf": "reject = null;\ngreylist = null;\nadd_header = 6;\n",
    "rbl.conf": "enabled = false;\n",
    "surbl.conf": "enabled = false;\n",
    "asn.conf": "enabled = false;\n",
    "mx_check.conf": "enabled = false;\n",
    "fuzzy_check.conf": "enabled = false;\n",
    "neural.conf": "enabled = false;\n",
}


class RspamdMissing(Exception):
    """There is nothing to compare with; the text says why."""


@contextmanager
def rspamd(parent: Path) -> Iterator[int]:
    """Run Rspamd in a fresh folder; yields the milter's port."""
    if shutil.which("rspamd") is None:
        raise RspamdMissing("Rspamd is not installed")
    if os.geteuid() != 0:
        raise RspamdMissing("Rspamd is started as root here")
    with tempfile.TemporaryDirectory(prefix="rspamd-", dir=parent.resolve()) as name:
        folder = Path(name)
        (port,) = free_ports(1)
        _configure(folder, port)
        process = _start(folder)
        try:
            _wait(process, port, folder)
            yield port
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _configure(folder: Path, port: int) -> None:
    local = folder / "local.d"
    local.mkdir()
    (folder / "override.d").mkdir()
    for name, text in _LOCAL.items():
        (local / name).write_text(text.format(port=port, folder=folder))
    for path in (folder, *folder.rglob("*")):
        shutil.chown(path, _USER, _USER)
    folder.chmod(0o755)


def _start(folder: Path) -> subprocess.Popen[bytes]:
    variables = {"DBDIR": folder, "RUNDIR": folder, "LOGDIR": folder, "LOCAL_CONFDIR": folder}
    options = [f"--var={name}={value}" for name, value in variables.items()]
    with (folder / "out.log").open("wb") as log:
        return subprocess.Popen(
            ["rspamd", "-f", "-u", _USER, "-g", _USER, *options],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )


def _wait(process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    end = time.monotonic() + _START_SECONDS
    while not answers(port)():
        if process.poll() is not None or time.monotonic() > end:
            words = (folder / "out.log").read_text(errors="replace").strip()
            raise RspamdMissing(f"Rspamd does not start: {words[-300:] or 'it gives no reason'}")
        time.sleep(0.2)
