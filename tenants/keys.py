"""Tenant keys: made at random, wrapped by the master key with AES-256-GCM, opened when needed.

The wrapping is bound to the tenant's slug, so that a key moved to another row does not open.
"""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from tenants.errors import KeyMissing
from tenants.models import Tenant, TenantKey
from tenants.scope import public_scope

_NONCE_BYTES = 12
# A tenant's key never changes while a process lives: rotation only wraps it anew.
_opened: dict[str, bytes] = {}


def current_master_key_id() -> str:
    """The name of the master key that new wrappings use: the first configured one."""
    return next(iter(settings.MASTER_KEYS))


def wrap(slug: str, key: bytes) -> tuple[bytes, str]:
    """The key wrapped for this tenant, and the name of the master key that did it."""
    master_id = current_master_key_id()
    nonce = os.urandom(_NONCE_BYTES)
    sealed = AESGCM(settings.MASTER_KEYS[master_id]).encrypt(nonce, key, slug.encode())
    return nonce + sealed, master_id


def unwrap(slug: str, wrapped: bytes, master_id: str) -> bytes:
    """The tenant's key; KeyMissing where the master key is absent or is not the one."""
    master = settings.MASTER_KEYS.get(master_id)
    if master is None:
        raise KeyMissing(f"MAILSEC_MASTER_KEYS has no key named {master_id!r}.")
    try:
        return AESGCM(master).decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], slug.encode())
    except InvalidTag:
        raise KeyMissing(f"The master key {master_id!r} does not open {slug}'s key.") from None


def make_key(tenant: Tenant) -> TenantKey:
    """Give a new tenant its key."""
    wrapped, master_id = wrap(tenant.slug, AESGCM.generate_key(256))
    return TenantKey.objects.create(tenant=tenant, wrapped=wrapped, master_key_id=master_id)


def key_of(tenant: Tenant) -> bytes:
    """The tenant's 256-bit key."""
    key = _opened.get(tenant.schema_name)
    if key is None:
        with public_scope():
            row = TenantKey.objects.get(tenant_id=tenant.pk)
        key = unwrap(tenant.slug, bytes(row.wrapped), row.master_key_id)
        _opened[tenant.schema_name] = key
    return key
