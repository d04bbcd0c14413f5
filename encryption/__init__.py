"""Keys: how the tenants' keys follow a new master key."""
