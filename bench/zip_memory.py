"""How much memory the largest mail takes while its files are locked up, in a process of its own.

``python -m bench.zip_memory`` prints the mail's size and the peak above what the process had with
the mail in its hands, both in bytes.
"""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from bench.report import Figure
from mailsec.gateway.edits.order import Trace
from mailsec.gateway.envelope import Client, Direction, Envelope
from mailsec.gateway.message import Message
from mailsec.gateway.outgoing import Examined, outgoing
from mailsec.gateway.policy import Policy
from mailsec.gateway.verdict import Decision, Disposition, Verdict

# Base64 makes a mail of it that the listener just takes (50 MiB).
_FILE_BYTES = 36 * 2**20
_SENDER, _INSIDE, _OUTSIDE = "sender@example.jp", "colleague@example.jp", "reader@example.com"


def measure() -> list[Figure]:
    """The peak in MB, and as a multiple of the mail."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.zip_memory"], check=True, capture_output=True, text=True
    )
    size, peak = map(int, done.stdout.split())
    return [
        Figure(f"zip of a mail of {size / 2**20:.0f} MiB, memory", round(peak / 2**20, 1), "MB"),
        Figure("zip of a mail, memory by its size", round(peak / size, 1), "times"),
    ]


def _mail() -> bytes:
    """Twelve outside recipients in To, so that they are hidden from each other as well."""
    shown = ", ".join(f"reader{number}@example.com" for number in range(12))
    coded = base64.encodebytes(os.urandom(_FILE_BYTES)).replace(b"\n", b"\r\n")
    head = (
        f"From: {_SENDER}\r\nTo: {shown}\r\nSubject: plans\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        "--b\r\nContent-Type: text/plain\r\n\r\nthe plans\r\n"
        "--b\r\nContent-Type: application/pdf; name=plans.pdf\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\n"
    )
    return head.encode() + coded + b"--b--\r\n"


def main() -> None:
    """Treat one such mail."""
    raw, now = _mail(), datetime.now(UTC)
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
    before = _kilobytes("VmRSS")
    envelope = Envelope(Direction.OUTBOUND, Client("192.0.2.1"), _SENDER, (_INSIDE, _OUTSIDE))
    trace = Trace("gateway.example.net", "0" * 32, now, envelope)
    policy = Policy(own_domains=("example.jp",))
    mail = Examined(
        Message(raw), envelope, Verdict(()), Decision(Disposition.DELIVER), policy, trace
    )
    made = outgoing(mail, lambda recipient: None, now)
    if set(made.forms) != {"", "bcc+aes-256"}:
        sys.exit(f"unexpected forms: {sorted(made.forms)}")
    print(len(raw), (_kilobytes("VmHWM") - before) * 1024)


def _kilobytes(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


if __name__ == "__main__":
    main()
