"""What changes the operator's list of harmful files."""

from __future__ import annotations

import re

from django_tenants.utils import get_public_schema_name, schema_context

from accounts.services import SHELL, record
from threats.errors import InvalidHash
from threats.models import BadFile


def block_file(sha256: str, name: str, note: str = "") -> BadFile:
    """Treat every file with this SHA-256 as a virus of this name, for all tenants."""
    digest = sha256.strip().lower()
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise InvalidHash(f"{sha256!r} is no SHA-256 in hexadecimal.")
    if not name.strip() or len(name) > 100:
        raise InvalidHash("A blocked file needs a name of at most 100 characters.")
    with schema_context(get_public_schema_name()):
        row, created = BadFile.objects.get_or_create(
            sha256=digest, defaults={"name": name.strip(), "note": note[:500]}
        )
        if not created:
            raise InvalidHash(f"This file is blocked already, as {row.name}.")
        record(actor=SHELL, action="file.block", subject=digest, after={"name": row.name})
    return row


def unblock_file(sha256: str) -> None:
    """Take a file off the list."""
    with schema_context(get_public_schema_name()):
        count, _ = BadFile.objects.filter(sha256=sha256.strip().lower()).delete()
        if not count:
            raise InvalidHash(f"{sha256!r} is not on the list.")
        record(actor=SHELL, action="file.unblock", subject=sha256)
