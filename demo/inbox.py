"""What the demo's mail servers have received: one file per message and a note of its envelope."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mailsec.gateway.message import Message

_KEY = re.compile(r"\d{20}-\d+")


@dataclass(frozen=True, slots=True)
class Received:
    """One message as a server took it. ``server`` is ``customer`` or ``outside``."""

    key: str
    server: str
    received: datetime
    sender: str
    recipients: tuple[str, ...]
    raw: bytes

    @property
    def message(self) -> Message:
        """The message, read by the service's own reader."""
        return Message(self.raw)


class Inbox:
    """A folder of received messages."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def store(self, server: str, sender: str, recipients: Iterable[str], raw: bytes) -> str:
        """Keep a message; it is listed once its envelope note is complete."""
        key = f"{time.time_ns():020}-{os.getpid()}"
        (self._folder / f"{key}.eml").write_bytes(raw)
        note = {"server": server, "sender": sender, "recipients": list(recipients)}
        unfinished = self._folder / f"{key}.unfinished"
        unfinished.write_text(json.dumps(note), encoding="utf-8")
        unfinished.rename(self._folder / f"{key}.json")
        return key

    def keys(self) -> list[str]:
        """All messages, newest first."""
        return sorted((path.stem for path in self._folder.glob("*.json")), reverse=True)

    def get(self, key: str) -> Received | None:
        """One message; None for an unknown key, and for anything that is not a key."""
        if not _KEY.fullmatch(key):
            return None
        try:
            note = json.loads((self._folder / f"{key}.json").read_text(encoding="utf-8"))
            raw = (self._folder / f"{key}.eml").read_bytes()
        except FileNotFoundError:
            return None
        seconds = int(key.split("-")[0]) / 1e9
        return Received(
            key,
            note["server"],
            datetime.fromtimestamp(seconds, UTC),
            note["sender"],
            tuple(note["recipients"]),
            raw,
        )

    def messages(self, limit: int | None = None) -> list[Received]:
        """The newest messages, newest first."""
        found = (self.get(key) for key in self.keys()[:limit])
        return [item for item in found if item is not None]

    def since(self, moment: datetime) -> list[Received]:
        """What came at that moment or later, newest first; the 500 newest at most."""
        return [item for item in self.messages(500) if item.received >= moment]
