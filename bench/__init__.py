"""Measurements of the running service and of its parts."""
