"""A model that remembers its lessons, for tests of what is done with one."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Self

from mailsec.gateway.message import Message


@dataclass(frozen=True, slots=True)
class FakeModel:
    """Each lesson is the digest of a message and what it was called."""

    lessons: tuple[str, ...] = ()

    @classmethod
    def empty(cls) -> Self:
        return cls()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        return cls(tuple(json.loads(data)))

    def to_bytes(self) -> bytes:
        return json.dumps(self.lessons).encode()

    def learned(self, message: Message, is_spam: bool) -> tuple[Self, bytes]:
        lesson = f"{hashlib.sha256(message.raw).hexdigest()[:8]} {is_spam}"
        return type(self)((*self.lessons, lesson)), lesson.encode()

    def unlearned(self, step: bytes) -> Self:
        left = list(self.lessons)
        left.remove(step.decode())
        return type(self)(tuple(left))
