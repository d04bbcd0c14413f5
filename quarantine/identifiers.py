"""Identifiers that sort by time of arrival (UUID version 7, RFC 9562 section 5.7)."""

from __future__ import annotations

import os
import time
from datetime import datetime
from uuid import UUID

_MASK_VERSION = ~(0xF << 76)
_MASK_VARIANT = ~(0x3 << 62)


def new_id() -> UUID:
    """A new identifier: 48 bits of milliseconds, then random bits; newer ones sort later."""
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10))
    value = value & _MASK_VERSION | 7 << 76
    return UUID(int=value & _MASK_VARIANT | 2 << 62)


def first_id_at(moment: datetime) -> UUID:
    """No identifier made at this time or later sorts before it: a bound for ranges of time."""
    milliseconds = max(0, int(moment.timestamp() * 1000))
    return UUID(int=milliseconds << 80 | 7 << 76 | 2 << 62)
