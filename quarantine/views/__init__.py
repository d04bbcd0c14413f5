"""The tenant's pages about messages and quarantine, one module a page or form."""
