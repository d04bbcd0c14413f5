"""Rows of this app."""

from accounts.models.audit_entry import AuditEntry
from accounts.models.user import OperatorRole, TenantRole, User

__all__ = ["AuditEntry", "OperatorRole", "TenantRole", "User"]
