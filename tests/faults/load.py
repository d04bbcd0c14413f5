"""Mail under way while things break: senders that keep to SMTP, and the counting afterwards."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import count

from tests.servers.smtp_client import SmtpClient
from tests.service import TENANTS, Service

_SENDERS = 4
_PAUSE_SECONDS = 0.03  # about 100 mails a second: enough to be in the middle of everything


@dataclass(slots=True)
class Load:
    """Sends to both tenants from a few connections until it is stopped.

    ``accepted`` holds the marker of each mail that got its 250, ``unanswered`` of each that got no
    answer and may be stored or not. None is sent again under its marker, so that each accepted one
    must arrive exactly once.
    """

    service: Service
    name: str
    accepted: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _numbers: count[int] = field(default_factory=count)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Load:
        for _ in range(_SENDERS):
            thread = threading.Thread(target=self._send_until_stopped)
            thread.start()
            self._threads.append(thread)
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    def reach(self, number: int, seconds: float = 60) -> None:
        """Wait until so many mails are accepted."""
        end = time.monotonic() + seconds
        while len(self.accepted) < number:
            assert time.monotonic() < end, f"{len(self.accepted)} accepted\n{self.service.logs()}"
            time.sleep(0.02)

    def copies(self) -> Counter[str]:
        """How often each marker arrived at its tenant's server."""
        found: Counter[str] = Counter()
        for slug in TENANTS:
            for mail in tuple(self.service.mail_servers[slug].mails):
                marker = mail.content.rpartition(b"marker ")[2].split(b"\r\n")[0].decode()
                if marker.startswith(f"{self.name}-{slug}-"):
                    found[marker] += 1
        return found

    def missing(self) -> list[str]:
        """Accepted markers that have not arrived."""
        copies = self.copies()
        return [marker for marker in tuple(self.accepted) if not copies[marker]]

    def _send_until_stopped(self) -> None:
        while not self._stop.is_set():
            try:
                self._send_some()
            except (OSError, AssertionError):
                time.sleep(0.1)

    def _send_some(self) -> None:
        with SmtpClient(self.service.inbound, timeout=20) as client:
            client.hello()
            for _ in range(10):
                if self._stop.is_set():
                    return
                self._send_one(client)

    def _send_one(self, client: SmtpClient) -> None:
        number = next(self._numbers)
        slug = TENANTS[number % 2]
        marker = f"{self.name}-{slug}-{number:05d}"
        message = f"From: a@example.net\r\nSubject: load\r\n\r\nmarker {marker}\r\n".encode()
        with self._lock:
            self.unanswered.append(marker)
        answer = client.send("a@example.net", f"user@{slug}.example.jp", message)
        with self._lock:
            if answer.code:
                self.unanswered.remove(marker)
            if answer.code == 250:
                self.accepted.append(marker)
        time.sleep(_PAUSE_SECONDS)
