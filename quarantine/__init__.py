"""Custody of every message, passing or kept (tenant schema): services write, selectors read."""
