"""Typed readers for environment variables: a wrong value stops the start and names itself."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from mailsec.gateway.errors import InvalidPolicy
from mailsec.gateway.reputation.blocklists import Zone, zones_of

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


def text(name: str, default: str | None = None) -> str:
    """A string; without a default the variable must be set and not empty."""
    value = os.environ.get(name, "")
    if value:
        return value
    if default is None:
        raise ImproperlyConfigured(f"{name} must be set.")
    return default


def boolean(name: str, default: bool) -> bool:
    """``1 true yes on`` or ``0 false no off``, in any case."""
    value = os.environ.get(name, "").strip().lower()
    if not value:
        return default
    if value in _TRUE:
        return True
    if value in _FALSE:
        return False
    raise ImproperlyConfigured(f"{name} must be true or false, not {value!r}.")


def integer(name: str, default: int, *, least: int = 0, most: int | None = None) -> int:
    """A whole number between ``least`` and ``most``."""
    value = os.environ.get(name, "").strip()
    if not value:
        return default
    try:
        number = int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.") from None
    if number < least or (most is not None and number > most):
        raise ImproperlyConfigured(f"{name} must be between {least} and {most}, not {number}.")
    return number


def seconds(name: str, default: float) -> float:
    """A positive number of seconds."""
    value = os.environ.get(name, "").strip()
    if not value:
        return default
    try:
        number = float(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be seconds, not {value!r}.") from None
    if not 0 < number < 10**9:
        raise ImproperlyConfigured(f"{name} must be positive, not {value!r}.")
    return number


def listing(name: str, default: tuple[str, ...] = ()) -> list[str]:
    """Comma-separated strings; blanks around them do not count."""
    value = os.environ.get(name, "")
    return [item.strip() for item in value.split(",") if item.strip()] or list(default)


def networks(name: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """Comma-separated addresses or CIDR networks."""
    try:
        return [ipaddress.ip_network(item) for item in listing(name)]
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}: {error}.") from None


def blocklists(name: str) -> tuple[Zone, ...]:
    """DNS block lists: ``zone:weight[=first[-last]]``, separated by commas."""
    try:
        return zones_of(os.environ.get(name, ""))
    except InvalidPolicy as error:
        raise ImproperlyConfigured(f"{name}: {error.problem}.") from None


def path(name: str, default: Path | None = None) -> Path | None:
    """A file's path; the file itself is looked at by the system checks."""
    value = os.environ.get(name, "")
    return Path(value) if value else default


def keys(name: str, default: str | None = None) -> dict[str, bytes]:
    """Named 256-bit keys: ``id:base64[,id:base64 …]``, the first one is the current one."""
    found: dict[str, bytes] = {}
    for item in text(name, default).split(","):
        key_id, separator, encoded = item.strip().partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            key = b""
        if not separator or not key_id or len(key) != 32 or key_id in found:
            raise ImproperlyConfigured(
                f"{name} must be id:key pairs with distinct ids and keys of 32 bytes in base64."
            )
        found[key_id] = key
    return found
