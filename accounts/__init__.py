"""Who signs in: accounts and roles, lockout, audit log (both schemas)."""
