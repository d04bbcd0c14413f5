"""Keys: those that sign the tenants' mail, and how the tenants' own follow a new master key."""
