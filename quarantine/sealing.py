"""Encryption at rest: AES-256-GCM under a key of each content's own, derived from the tenant's.

Layout: version (1 byte), salt (16 bytes), ciphertext with tag. A fresh key for each salt makes a
constant nonce safe and lifts the limit on messages for one key (NIST SP 800-38D section 8.3). The
place (tenant, content) is authenticated, so that a row copied elsewhere does not open.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from quarantine.errors import ContentUnreadable

_VERSION = b"\x01"
_SALT_BYTES = 16
_NONCE = bytes(12)


def seal(key: bytes, schema: str, content_id: UUID, data: bytes) -> bytes:
    """The data encrypted for this place."""
    salt = os.urandom(_SALT_BYTES)
    place = schema.encode() + content_id.bytes
    return _VERSION + salt + AESGCM(_derive(key, salt)).encrypt(_NONCE, data, place)


def unseal(key: bytes, schema: str, content_id: UUID, sealed: bytes) -> bytes:
    """The data again; ContentUnreadable where a bit, the place or the key is another one."""
    if sealed[:1] != _VERSION:
        raise ContentUnreadable(str(content_id))
    salt, place = sealed[1 : 1 + _SALT_BYTES], schema.encode() + content_id.bytes
    try:
        return AESGCM(_derive(key, salt)).decrypt(_NONCE, sealed[1 + _SALT_BYTES :], place)
    except InvalidTag:
        raise ContentUnreadable(str(content_id)) from None


def _derive(key: bytes, salt: bytes) -> bytes:
    return hmac.digest(key, b"mailsec content " + salt, hashlib.sha256)
