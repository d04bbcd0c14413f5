"""Errors of this app.

TenantError
├── InvalidTenant     a value that a tenant, domain, hop or connector cannot have
├── TenantNotReady    the schema is not provisioned, or the tenant is closed
└── KeyMissing        the master key that wraps a tenant's key is not configured
"""

from __future__ import annotations


class TenantError(Exception):
    """Base of the errors that this app raises on purpose."""


class InvalidTenant(TenantError):
    """``field`` names the value, the text says what it takes."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class TenantNotReady(TenantError):
    """There is no tenant of this name whose schema may be opened."""


class KeyMissing(TenantError):
    """MAILSEC_MASTER_KEYS lacks a key that is still in use."""
