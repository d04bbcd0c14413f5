"""Whom we serve: tenants, menus, contracts, domains, next hops, connectors (public schema)."""
