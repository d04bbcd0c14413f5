"""Runs the load generator in a process of its own, so that its cost is the same for each side."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass

from bench.stack import RECIPIENT


class LoadFailed(Exception):
    """A mail of the load was refused, or the generator ended; the text says what happened."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How a load looks: so many mails over so many connections, of one size or of a folder."""

    size: int
    connections: int
    mails: int
    folder: str = ""

    @property
    def name(self) -> str:
        kind = "real mail" if self.folder else f"{self.size // 1000} kB"
        return f"{kind}, {self.connections} conn."


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of one load; ``began`` is the monotonic time of the first MAIL."""

    per_second: float
    began: float


def send(
    port: int, shape: Shape, sender: str = "sender@example.net", recipient: str = RECIPIENT
) -> Sent:
    """Send a load; LoadFailed where a single mail was not taken."""
    command = [
        *(sys.executable, "-m", "bench.smtp_load", str(port)),
        *("--connections", str(shape.connections), "--mails", str(shape.mails)),
        *("--size", str(shape.size), "--folder", shape.folder),
        *("--sender", sender, "--recipient", recipient),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LoadFailed(done.stderr[-500:])
    result = json.loads(done.stdout)
    if result["accepted"] != shape.mails:
        raise LoadFailed(f"{result['refused']} of {shape.mails} mails were refused")
    return Sent(result["per_second"], result["began"])
