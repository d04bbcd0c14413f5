"""What people read of one setting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Words:
    """What people read of a setting; ``unit`` stands behind its number."""

    label: Any
    help: Any
    unit: Any = ""
