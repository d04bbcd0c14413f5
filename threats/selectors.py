"""Reading what is known of files."""

from __future__ import annotations

import time
from collections.abc import Mapping

from django_tenants.utils import get_public_schema_name, schema_context

from threats.models import BadFile

_KEEP_SECONDS = 5.0
_kept: tuple[float, Mapping[str, str]] = (0.0, {})


def blocked_files() -> Mapping[str, str]:
    """The operator's list, name by SHA-256; at most five seconds old in each process."""
    global _kept
    now = time.monotonic()
    if not _kept[0] or now - _kept[0] > _KEEP_SECONDS:
        with schema_context(get_public_schema_name()):
            _kept = (now, dict(BadFile.objects.values_list("sha256", "name")))
    return _kept[1]


def forget() -> None:
    """Read the list anew next time; other processes follow within seconds."""
    global _kept
    _kept = (0.0, {})
